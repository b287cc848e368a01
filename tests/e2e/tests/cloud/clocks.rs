//! Clocks that start slots: the tick's schedules, and the schedules of jobs.

use belfry_e2e::until;
use chrono::TimeDelta;
use serde_json::json;

use super::{
    installation::{SOON, installation, interruption},
    recovery::RECOVERED,
};

/// Every lane's own schedule is paused, so the ticks come from the rule.
pub async fn the_second_clock_recovers_what_stopped_functions_ran() {
    let (belfry, interrupted) = (installation().await, interruption().await);
    let id = &interrupted.execution_id;
    let row = belfry.until_it_is(id, "success", RECOVERED).await;
    assert_eq!(interrupted.receiver.calls(), [(id.clone(), 1), (id.clone(), 2)], "{row}");
    assert_eq!(row["attempts"][0]["outcome"], "lost", "{row}");
    assert_eq!(belfry.lanes(&[]).await, ["paused", "paused"]);
    assert_eq!(belfry.lanes(&["resume", "1"]).await, ["active"]);
    assert_eq!(belfry.lanes(&["status"]).await, ["paused", "active"]);
    assert_eq!(belfry.lanes(&["resume"]).await, ["active", "active"]);
}

/// The event is as EventBridge Scheduler is documented to send it.
pub async fn a_jobs_own_schedule_starts_its_slot_and_nothing_else() {
    let belfry = installation().await;
    let job = json!({ "job_id": "twice", "clock": "both", "target": { "type": "empty" } });
    let slot = belfry.define_ahead(15, job).await;
    let queue = belfry.queue_url("belfry-dispatch").await;
    for called in [slot, slot, slot + TimeDelta::seconds(60)] {
        let slot = called.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let body = json!({ "format": 1, "slot": { "job_id": "twice", "slot": slot } }).to_string();
        let send = belfry.sqs().send_message().queue_url(&queue).message_body(body);
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
