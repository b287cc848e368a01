//! Work of every kind, from the API to its end.

use std::time::Duration;

use axum::http::StatusCode;
use belfry_e2e::until;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    installation::{Installation, SOON, installation},
    receiver::Receiver,
};

fn succeeds(_: usize) -> (StatusCode, Duration) {
    (StatusCode::OK, Duration::ZERO)
}

fn fails_twice(call: usize) -> (StatusCode, Duration) {
    let status = if call <= 2 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Duration::ZERO)
}

fn gone_once(call: usize) -> (StatusCode, Duration) {
    (if call == 1 { StatusCode::GONE } else { StatusCode::OK }, Duration::ZERO)
}

fn http(url: &str) -> Value {
    json!({ "type": "http", "url": url })
}

pub async fn what_is_pushed_runs_once_for_its_key() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    let request = || {
        let request = belfry.api.request(reqwest::Method::POST, "/v1/executions");
        let request =
            request.header("content-type", "application/json").header("idempotency-key", "order-42");
        request.body(json!({ "target": http(&receiver.url), "input": { "order": 42 } }).to_string())
    };
    let first = belfry.api.send(request()).await.unwrap();
    let again = belfry.api.send(request()).await.unwrap();
    assert_eq!((first.status, again.status), (201, 200), "{}", again.body);
    let id = first.body["execution_id"].as_str().unwrap();
    assert_eq!(again.body["execution_id"], id);
    let row = belfry.until_it_is(id, "success", SOON).await;
    assert_eq!(receiver.calls(), [(id.to_owned(), 1)]);
    assert!(row["worker_id"].is_string() && row["end_time"].is_string(), "{row}");
}

pub async fn every_slot_runs_once_and_not_before_its_time() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    belfry
        .define(json!({ "job_id": "often", "schedule": "*/5 * * * * *", "target": http(&receiver.url), "misfire": "all" }))
        .await;
    receiver.until_called(4, SOON).await;
    belfry.api.post("/v1/jobs/often:pause", &json!({})).await;
    let ran: Vec<Value> = until("what has started ends", SOON, async || {
        let rows = belfry.executions_of("often").await;
        let ran: Vec<Value> = rows.into_iter().filter(|row| row["start_time"].is_string()).collect();
        (ran.len() >= 4 && ran.iter().all(|row| row["status"] == "success")).then_some(ran)
    })
    .await;
    for row in &ran {
        assert_eq!(row["attempt"], 1, "{row}");
        assert!(row["start_time"].as_str() >= row["due_at"].as_str(), "{row}");
    }
    let mut slots: Vec<&str> = ran.iter().map(|row| row["execution_id"].as_str().unwrap()).collect();
    slots.sort_unstable();
    let mut called: Vec<String> = receiver.calls().into_iter().map(|(id, _)| id).collect();
    called.sort_unstable();
    assert_eq!(called, slots, "one call for each slot");
}

pub async fn work_for_later_waits_for_its_second() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    let id = belfry.push(json!({ "target": http(&receiver.url), "delay": "4s" })).await;
    let waiting = belfry.api.execution(&id).await;
    assert_eq!(waiting["status"], "waiting", "{waiting}");
    let row = belfry.until_it_is(&id, "success", SOON).await;
    assert!(row["start_time"].as_str() >= waiting["due_at"].as_str(), "{row}");
}

pub async fn a_chain_runs_in_order() {
    let belfry = installation().await;
    let run_id = belfry.trigger("load").await["run_id"].as_str().unwrap().to_owned();
    let rows = until("the chain succeeds", SOON, async || {
        let rows = belfry.api.all(&format!("/v1/executions?run_id={run_id}")).await;
        (rows.len() == 4 && rows.iter().all(|row| row["status"] == "success")).then_some(rows)
    })
    .await;
    let row = |job: &str| rows.iter().find(|row| row["job_id"] == job).unwrap();
    for (job, after) in
        [("customers", "load"), ("orders", "load"), ("report", "orders"), ("report", "customers")]
    {
        assert!(row(job)["start_time"].as_str() >= row(after)["end_time"].as_str(), "{job} after {after}");
    }
}

pub async fn what_fails_is_tried_again() {
    let belfry = installation().await;
    let receiver = Receiver::start(fails_twice).await;
    let retry = json!({ "base": "1s", "jitter": "none" });
    let id = belfry.push(json!({ "target": http(&receiver.url), "retry": retry })).await;
    belfry.until_it_is(&id, "success", SOON).await;
    assert_eq!(receiver.calls(), [(id.clone(), 1), (id.clone(), 2), (id, 3)]);
}

pub async fn what_failed_for_good_is_found_and_redriven() {
    let belfry = installation().await;
    let receiver = Receiver::start(gone_once).await;
    let id = belfry.push(json!({ "target": http(&receiver.url), "name": "letters" })).await;
    let failed = belfry.until_it_is(&id, "failed", SOON).await;
    assert!(failed["reason"].as_str().unwrap().contains("410"), "{failed}");
    let letters = until("its dead letter", SOON, async || {
        let letters = belfry.api.all("/v1/dead-letters?job_id=letters").await;
        (!letters.is_empty()).then_some(letters)
    })
    .await;
    assert_eq!(letters[0]["execution_id"], id.as_str());
    until_consumers_hear_of(belfry, &id).await;
    belfry.api.post("/v1/dead-letters:redrive", &json!({ "execution_ids": [id] })).await;
    belfry.until_it_is(&format!("{id}~2"), "success", SOON).await;
    assert!(belfry.api.all("/v1/dead-letters?job_id=letters").await.is_empty());
}

async fn until_consumers_hear_of(belfry: &Installation, id: &str) {
    let url = belfry.queue_url("belfry-dead-letters").await;
    until("a message about it", SOON, async || {
        let receive = belfry.sqs().receive_message().queue_url(&url).max_number_of_messages(10);
        let messages = receive.visibility_timeout(1).send().await.ok()?.messages?;
        let mut bodies = messages.iter().filter_map(|message| message.body());
        bodies.any(|body| body.contains(id)).then_some(())
    })
    .await;
}

pub async fn what_is_cancelled_in_time_never_runs() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    let id = belfry.push(json!({ "target": http(&receiver.url), "delay": "5s" })).await;
    let later = belfry.push(json!({ "target": http(&receiver.url), "delay": "6s" })).await;
    belfry.api.post(&format!("/v1/executions/{id}:cancel"), &json!({})).await;
    belfry.until_it_is(&id, "cancelled", SOON).await;
    // By then the other's message has come, too.
    belfry.until_it_is(&later, "success", SOON).await;
    assert_eq!(receiver.calls(), [(later, 1)]);
}

pub async fn a_job_for_one_instant_runs_once() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    // The API's first call may take a while, where all begin together.
    let at = Utc::now().trunc_subsecs(0) + TimeDelta::seconds(20);
    belfry.define(json!({ "job_id": "once", "run_at": at, "target": http(&receiver.url) })).await;
    receiver.until_called(1, SOON).await;
    let (id, _) = receiver.calls().remove(0);
    let row = belfry.until_it_is(&id, "success", SOON).await;
    let started: DateTime<Utc> = row["start_time"].as_str().unwrap().parse().unwrap();
    assert!(started >= at, "{row}");
    assert_eq!(belfry.executions_of("once").await.len(), 1);
    assert_eq!(receiver.calls().len(), 1);
}

pub async fn a_paused_job_starts_nothing_until_it_is_resumed() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    let job = json!({ "job_id": "rests", "schedule": "*/2 * * * * *", "target": http(&receiver.url) });
    belfry.define(job).await;
    receiver.until_called(1, SOON).await;
    belfry.api.post("/v1/jobs/rests:pause", &json!({})).await;
    // A function trusts for a second in what it has read of a job.
    let paused = Utc::now() + TimeDelta::seconds(2);
    // Comes after messages of four slots or so.
    let later = belfry.push(json!({ "target": { "type": "empty" }, "delay": "10s" })).await;
    belfry.until_it_is(&later, "success", SOON).await;
    let resumed = Utc::now();
    belfry.api.post("/v1/jobs/rests:resume", &json!({})).await;
    let called = receiver.calls().len();
    receiver.until_called(called + 1, SOON).await;
    belfry.api.post("/v1/jobs/rests:pause", &json!({})).await;
    let rows = belfry.executions_of("rests").await;
    let starts = rows.iter().filter_map(|row| row["start_time"].as_str()?.parse::<DateTime<Utc>>().ok());
    let (before, after): (Vec<_>, Vec<_>) = starts.partition(|start| *start < resumed);
    assert!(!before.is_empty() && !after.is_empty(), "{rows:?}");
    assert!(before.iter().all(|start| *start < paused), "{before:?} are not all before {paused}");
}

/// One after the other, each when the one before has ended: a tick a minute would take six minutes.
pub async fn a_backfill_goes_on_by_itself() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    belfry.define(json!({ "job_id": "past", "schedule": "@yearly", "target": http(&receiver.url) })).await;
    let range = json!({ "from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z", "concurrency": 1 });
    let began = belfry.api.post("/v1/jobs/past/backfills", &range).await;
    let path = format!("/v1/backfills/{}", began["backfill_id"].as_str().unwrap());
    let over = until("the backfill is over", SOON, async || {
        Some(belfry.api.get(&path).await).filter(|row| row["status"] == "finished")
    })
    .await;
    assert_eq!(
        (&over["progress"]["slots"], &over["progress"]["succeeded"]),
        (&json!(6), &json!(6)),
        "{over}"
    );
    let expected: Vec<_> = (2020..2026).map(|year| (format!("past@{year}-01-01T00:00:00Z"), 1)).collect();
    assert_eq!(receiver.calls(), expected, "oldest first");
}
