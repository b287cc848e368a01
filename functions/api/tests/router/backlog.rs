//! Tests of backpressure: callers are asked to come back later while a queue is full; Belfry's own work
//! is not refused.

use std::time::Duration;

use belfry_api::Auth;
use belfry_domain::BacklogLimits;
use belfry_engine::Settings;
use serde_json::{Value, json};

use crate::support::Api;

fn api(limits: &str) -> Api {
    let limits: BacklogLimits = limits.parse().unwrap();
    Api::with_settings(Auth::Open, Settings { backlog_limits: limits, ..Settings::standalone() })
}

fn push(priority: &str) -> Value {
    json!({"target": {"type": "empty"}, "priority": priority})
}

#[tokio::test]
async fn a_full_queue_refuses_and_says_which_and_until_when() {
    let api = api("*/low=2");
    for _ in 0..2 {
        api.post("/v1/executions", push("low")).await.ok(201);
    }
    let refused = api.post("/v1/executions", push("low")).await;
    let detail = refused.problem(429);
    let stated =
        "the queue default/low is full: its depth is 2, its limit is 2 (--backlog-limit); try again in ";
    assert!(detail.starts_with(stated), "{detail}");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((10..=20).contains(&seconds) && detail.ends_with(&format!("{seconds} s")), "{detail}");
    assert_eq!(refused.json()["type"], "urn:belfry:problem:backlogged");
    api.post("/v1/executions", push("high")).await.ok(201);
    api.work().await;
    api.post("/v1/executions", push("low")).await.ok(201);
}

#[tokio::test]
async fn triggers_are_refused_and_slots_are_not() {
    let api = api("1");
    let job = json!({"schedule": "*/10 * * * * *", "target": {"type": "empty"}});
    api.put("/v1/jobs/a", job).await.ok(201);
    api.clock.advance(Duration::from_secs(60));
    api.post("/v1/jobs/a/executions", Value::Null).await.ok(201);
    assert_eq!(api.post("/v1/jobs/a/executions", Value::Null).await.status.as_u16(), 429);
    let job = json!({"schedule": "*/10 * * * * *", "target": {"type": "empty"}, "tags": {"a": "b"}});
    api.put("/v1/jobs/a", job).await.ok(200);
    let failing = json!({"command": "false", "idempotency_key": "f"});
    let refused = api.post("/v1/executions:batch", json!({"executions": [failing]})).await.ok(200);
    assert_eq!(refused["results"][0]["status"], 201, "another pool");
    api.work().await;
    api.post("/v1/executions", push("normal")).await.ok(201);
    api.post("/v1/executions/push@f:retry", Value::Null).await.ok(201);
}

#[tokio::test]
async fn each_of_a_batch_is_judged_with_those_before_it() {
    let api = api("100,*/low=3");
    let entries = |keys: std::ops::Range<u32>| {
        keys.map(
            |key| json!({"target": {"type": "empty"}, "priority": "low", "idempotency_key": key.to_string()}),
        )
        .collect::<Vec<_>>()
    };
    let answer = api.post("/v1/executions:batch", json!({"executions": entries(0..5)})).await;
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    let statuses = |answer: &Value| -> Vec<u64> {
        answer["results"].as_array().unwrap().iter().map(|item| item["status"].as_u64().unwrap()).collect()
    };
    let answer = answer.ok(200);
    assert_eq!(statuses(&answer), [201, 201, 201, 429, 429]);
    assert!(
        answer["results"][4]["problem"]["detail"]
            .as_str()
            .unwrap()
            .contains("default/low is full: its depth is 3")
    );
    assert!(seconds >= 10);
    let again = api.post("/v1/executions:batch", json!({"executions": entries(2..4)})).await.ok(200);
    assert_eq!(statuses(&again), [200, 429], "what was accepted is found again, also while it is full");
    let later = json!({"target": {"type": "empty"}, "priority": "low", "delay": "1h"});
    api.post("/v1/executions", later).await.ok(201);
}

#[tokio::test]
async fn queues_and_their_limits_are_shown() {
    let api = api("100,*/low=3");
    api.post("/v1/executions", push("low")).await.ok(201);
    let stats = api.get("/v1/stats").await.ok(200);
    assert_eq!(stats["queue_depth"], 1);
    let low = json!({"pool": "default", "priority": "low", "depth": 1, "limit": 3});
    assert!(stats["queues"].as_array().unwrap().contains(&low), "{stats}");
    let metrics = api.get("/metrics").await.text;
    let line = "belfry_queue_backlog{pool=\"default\",priority=\"low\"} 1";
    assert!(metrics.lines().any(|found| found == line), "{metrics}");
}
