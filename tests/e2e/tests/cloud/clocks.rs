//! What calls the slots: the tick's schedules, and those of jobs.

use std::time::Duration;

use belfry_e2e::until;
use chrono::{SubsecRound as _, TimeDelta, Utc};
use serde_json::json;

use crate::installation::{SOON, installation};

/// What is due further ahead than any message is sent comes by the schedules of the lanes alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_tick_that_eventbridge_calls_starts_what_is_due() {
    let belfry = installation().await;
    // Beyond the 8 minutes in which whoever writes a timer also sends its message, a test would
    // wait too long; so the message is taken away instead.
    let queue = belfry.sqs().get_queue_url().queue_name("belfry-dispatch").send().await.unwrap();
    let id = belfry.push(json!({ "target": { "type": "empty" }, "delay": "20s", "name": "ticked" })).await;
    belfry.sqs().purge_queue().queue_url(queue.queue_url().unwrap()).send().await.unwrap();
    // The tick reads its timer, or the sweep finds it a minute later.
    belfry.until_it_is(&id, "success", Duration::from_secs(240)).await;
}

/// As EventBridge Scheduler is documented to send it.
#[tokio::test(flavor = "multi_thread")]
async fn a_jobs_own_schedule_starts_its_slot_and_nothing_else() {
    let belfry = installation().await;
    let slot = Utc::now().trunc_subsecs(0) + TimeDelta::seconds(4);
    let job = json!({ "job_id": "twice", "run_at": slot, "clock": "both", "target": { "type": "empty" } });
    belfry.define(job).await;
    let queue = belfry.sqs().get_queue_url().queue_name("belfry-dispatch").send().await.unwrap();
    for called in [slot, slot, slot + TimeDelta::seconds(60)] {
        let slot = called.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let body = json!({ "format": 1, "slot": { "job_id": "twice", "slot": slot } }).to_string();
        let send = belfry.sqs().send_message().queue_url(queue.queue_url().unwrap()).message_body(body);
        send.send().await.unwrap();
    }
    let rows = until("its slot has run", SOON, async || {
        let rows = belfry.executions_of("twice").await;
        rows.iter().any(|row| row["status"] == "success").then_some(rows)
    })
    .await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["attempt"], 1);
}
