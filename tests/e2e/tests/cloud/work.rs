//! Work of every kind, from the API to its end.

use std::time::Duration;

use axum::http::StatusCode;
use belfry_e2e::until;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
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
        let request = belfry.api.request(Method::POST, "/v1/executions");
        let request =
            request.header("content-type", "application/json").header("idempotency-key", "order-42");
        request.body(json!({ "target": http(&receiver.url), "input": { "order": 42 } }).to_string())
    };
    let first = belfry.api.answer(request()).await;
    let again = belfry.api.answer(request()).await;
    // 200 to the first as well, where it had to be asked again.
    assert!(matches!(first.status, 200 | 201), "{} {}", first.status, first.body);
    assert_eq!(again.status, 200, "{}", again.body);
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
    // A slot from before the pause may start between two looks: until all that was called has ended.
    let (ran, mut called) = until("what has started ends", SOON, async || {
        let rows = belfry.executions_of("often").await;
        let ran: Vec<Value> = rows.into_iter().filter(|row| row["start_time"].is_string()).collect();
        let called: Vec<String> = receiver.calls().into_iter().map(|(id, _)| id).collect();
        let has_ended = ran.len() >= 4 && ran.iter().all(|row| row["status"] == "success");
        let is_known = |id: &String| ran.iter().any(|row| row["execution_id"] == id.as_str());
        (has_ended && called.iter().all(is_known)).then_some((ran, called))
    })
    .await;
    for row in &ran {
        assert_eq!(row["attempt"], 1, "{row}");
        assert!(row["start_time"].as_str() >= row["due_at"].as_str(), "{row}");
    }
    let mut slots: Vec<&str> = ran.iter().map(|row| row["execution_id"].as_str().unwrap()).collect();
    slots.sort_unstable();
    called.sort_unstable();
    assert_eq!(called, slots, "one call for each slot");
}

pub async fn work_for_later_waits_for_its_second() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    let work = json!({ "target": http(&receiver.url), "delay": "10s" });
    let waiting = belfry.api.post("/v1/executions", &work).await;
    assert_eq!(waiting["status"], "waiting", "{waiting}");
    let row = belfry.until_it_is(waiting["execution_id"].as_str().unwrap(), "success", SOON).await;
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
    // Time enough for all that is asked here; others wait longer.
    let id = belfry.push(json!({ "target": http(&receiver.url), "delay": "30s" })).await;
    let later = belfry.push(json!({ "target": http(&receiver.url), "delay": "31s" })).await;
    let cancel = belfry.api.change(Method::POST, &format!("/v1/executions/{id}:cancel"), &json!({}));
    let cancelled = belfry.api.answer(cancel).await;
    // Asked again, it has ended already.
    assert!(matches!(cancelled.status, 200 | 409), "{}", cancelled.body);
    belfry.until_it_is(&id, "cancelled", SOON).await;
    // By then the other's message has come, too.
    belfry.until_it_is(&later, "success", SOON * 2).await;
    assert_eq!(receiver.calls(), [(later, 1)]);
}

pub async fn a_job_for_one_instant_runs_once() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    let at = belfry.define_ahead(20, json!({ "job_id": "once", "target": http(&receiver.url) })).await;
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
    let rows = until("a slot starts again", SOON, async || {
        let rows = belfry.executions_of("rests").await;
        rows.iter().any(|row| instant(row, "start_time") >= Some(resumed)).then_some(rows)
    })
    .await;
    belfry.api.post("/v1/jobs/rests:pause", &json!({})).await;
    let before = |row: &&Value| instant(row, "start_time").is_some_and(|start| start < resumed);
    assert!(rows.iter().any(|row| before(&row)), "{rows:?}");
    // A slot from before the pause may start late, but none from after it.
    for row in rows.iter().filter(before) {
        assert!(instant(row, "due_at") <= Some(paused), "{row} is not of before {paused}");
    }
}

fn instant(row: &Value, name: &str) -> Option<DateTime<Utc>> {
    row[name].as_str()?.parse().ok()
}

/// The slots run one after the other, each when the one before has ended. With a tick a minute they
/// would take six minutes.
pub async fn a_backfill_goes_on_by_itself() {
    let belfry = installation().await;
    let receiver = Receiver::start(succeeds).await;
    belfry.define(json!({ "job_id": "past", "schedule": "@yearly", "target": http(&receiver.url) })).await;
    let range = json!({ "from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z", "concurrency": 1 });
    let path = "/v1/jobs/past/backfills";
    // Asked again, it would be another one: whether there is one is seen in the list.
    let began = until("it begins", SOON, async || {
        let began = belfry.api.all(path).await.pop();
        if began.is_none() {
            belfry.api.try_post(path, &range).await.ok();
        }
        began
    })
    .await;
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
