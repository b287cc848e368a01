use std::time::Duration;

use belfry_engine::ports::ZonesInForce;
use serde_json::{Value, json};

use crate::support::Api;

#[tokio::test]
async fn the_graph_is_in_topological_order() {
    let api = Api::open();
    let jobs = json!({"jobs": [
        {"job_id": "a_report", "dependencies": ["b_clean"]},
        {"job_id": "b_clean", "dependencies": ["c_ingest"]},
        {"job_id": "c_ingest", "schedule": "@daily"}]});
    api.post("/v1/jobs:apply", jobs).await.ok(200);
    api.post("/v1/jobs/b_clean:pause", Value::Null).await.ok(200);
    insta::assert_snapshot!(api.get("/v1/graph").await.text);
}

#[tokio::test]
async fn stats_and_metrics_count_what_happened() {
    let api = Api::open();
    let empty = api.get("/v1/stats").await.ok(200);
    assert_eq!((&empty["success_rate"], &empty["start_latency_ms"]["p99"]), (&Value::Null, &Value::Null));
    for body in [json!({"target": {"type": "empty"}}), json!({"command": "false"})] {
        api.post("/v1/executions", body).await.ok(201);
    }
    api.clock.advance(Duration::from_millis(40));
    api.work().await;
    api.post("/v1/executions", json!({"target": {"type": "empty"}})).await.ok(201);
    let stats = api.get("/v1/stats").await.ok(200);
    assert_eq!(
        (&stats["success_rate"], &stats["retry_rate"], &stats["dead_letters"]),
        (&json!(0.5), &json!(0.0), &json!(1))
    );
    assert_eq!(stats["worker_utilisation"], json!({"running": 0, "capacity": 4, "ratio": 0.0}));
    assert_eq!(
        (&stats["start_latency_ms"]["count"], &stats["start_latency_ms"]["max"]),
        (&json!(2), &json!(40.0))
    );
    let metrics = api.get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        "belfry_executions_ended_total{status=\"failed\"} 1",
        "belfry_dead_letters 1",
        "belfry_executions_accepted_total 3",
    ] {
        assert!(metrics.text.lines().any(|found| found == line), "{line}\n{}", metrics.text);
    }
}

#[tokio::test]
async fn health_and_the_document() {
    let api = Api::open();
    assert_eq!(api.get("/v1/health").await.ok(200)["role"], "leader");
    let document = api.get("/v1/openapi.json").await;
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.ok(200)["openapi"], "3.1.0");
}

/// Whatever keeps the ticks from succeeding: nothing that is due starts.
#[tokio::test]
async fn without_ticks_there_is_no_health() {
    let api = Api::open();
    api.tick(1).await;
    api.clock.advance(Duration::from_secs(10));
    api.get("/v1/health").await.ok(200);
    api.clock.advance(Duration::from_secs(1));
    let why = api.get("/v1/health").await.problem(503);
    assert!(why.contains("no tick has succeeded for 11 s (limit 10 s), so due jobs do not start"), "{why}");
    let metrics = api.get("/metrics").await.text;
    assert!(metrics.lines().any(|line| line == "belfry_tick_age_seconds 11"), "{metrics}");
    api.tick(1).await;
    api.get("/v1/health").await.ok(200);
}

/// Without them no job of a zone can be read.
#[tokio::test]
async fn missing_zone_data_are_no_health() {
    let api = Api::open();
    let zones = &api.engine.ports.zones;
    let (revision, _) = zones.in_force().await.unwrap();
    let lost = ZonesInForce { version: "2094z".to_owned(), is_settled: true, before: vec![] };
    zones.put_in_force(revision, &lost).await.unwrap();
    let why = api.get("/v1/health").await.problem(503);
    assert!(why.contains("zone data 2094z can't be read"), "{why}");
}

#[tokio::test]
async fn what_is_documented_is_routed() {
    let api = Api::open();
    let document = serde_json::to_value(belfry_api::openapi()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{job_id}", "a").replace("{execution_id}", "a@b");
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            let answer = api.call(method, &path, &[], "").await;
            assert_ne!(answer.status.as_u16(), 405, "{path}");
            assert!(!answer.text.contains("there is nothing at"), "{path}");
        }
    }
}
