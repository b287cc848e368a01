use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::Api;

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["execution_id"].as_str().unwrap()).collect()
}

async fn run_one(api: &Api) {
    let key = [("idempotency-key", "k1")];
    let body = json!({"target": {"type": "empty"}, "input": {"n": 1}});
    api.call(Method::POST, "/v1/executions", &key, body.to_string()).await.ok(201);
    api.clock.advance(Duration::from_millis(250));
    api.work().await;
}

#[tokio::test]
async fn an_execution_is_shown_with_its_attempts_and_their_output() {
    let api = Api::open();
    run_one(&api).await;
    let shown = api.get("/v1/executions/push@k1").await.ok(200);
    insta::assert_snapshot!(serde_json::to_string_pretty(&shown).unwrap());
    assert_eq!(api.get("/v1/executions/push%40k1").await.ok(200), shown);
    assert_eq!(
        api.get("/v1/executions/push@nobody").await.problem(404),
        "execution \"push@nobody\" does not exist"
    );
    for malformed in ["push", "push@", "push@k~1", "push@k%20", "%ff@x"] {
        api.get(&format!("/v1/executions/{malformed}")).await.problem(400);
    }
}

#[tokio::test]
async fn due_slots_without_a_row_are_queued_and_others_do_not_exist() {
    let api = Api::open();
    api.put("/v1/jobs/minutely", json!({"schedule": "* * * * *", "max_retries": 7})).await.ok(201);
    let get = async |slot: &str| api.get(&format!("/v1/executions/minutely@{slot}")).await;
    get("2026-11-23T12:01:00Z").await.problem(404);
    api.clock.advance(Duration::from_secs(40));
    let queued = get("2026-11-23T12:01:00Z").await.ok(200);
    assert_eq!(
        (&queued["status"], &queued["run_id"], &queued["max_retries"]),
        (&json!("queued"), &Value::Null, &json!(7))
    );
    assert_eq!(queued["due_at"], "2026-11-23T12:01:00.000Z");
    assert_eq!(api.get("/v1/executions/minutely@2026-11-23T12%3A01%3A00Z").await.ok(200), queued);
    for other in [
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:01:01Z",
        "2026-11-23T12:02:00Z",
        "2026-11-23T12:01:00.000Z",
        "2026-11-23T12:01:00Z~2",
    ] {
        get(other).await.problem(404);
    }
    let page = api.get("/v1/jobs/minutely/executions").await.ok(200);
    assert_eq!(ids(&page), ["minutely@2026-11-23T12:01:00Z"]);
    assert_eq!(
        api.post("/v1/executions/minutely@2026-11-23T12:01:00Z:cancel", Value::Null).await.ok(200)["status"],
        "cancelled"
    );
    let page = api.get("/v1/jobs/minutely/executions").await.ok(200);
    assert_eq!(page["items"][0]["status"], "cancelled");
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_timeline_is_paged_newest_first() {
    let api = Api::open();
    api.put("/v1/jobs/a", json!({"target": {"type": "empty"}})).await.ok(201);
    for key in ["k1", "k2", "k3"] {
        api.call(Method::POST, "/v1/jobs/a/executions", &[("idempotency-key", key)], "").await.ok(201);
        api.clock.advance(Duration::from_secs(1));
    }
    let first = api.get("/v1/jobs/a/executions?limit=2").await.ok(200);
    assert_eq!(ids(&first), ["a@k3", "a@k2"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(
        ids(&api.get(&format!("/v1/jobs/a/executions?limit=2&cursor={cursor}")).await.ok(200)),
        ["a@k1"]
    );
    assert_eq!(ids(&api.get("/v1/jobs/push/executions").await.ok(200)), Vec::<&str>::new());
    api.get("/v1/jobs/nobody/executions").await.problem(404);
    api.get("/v1/jobs/a%20b/executions").await.problem(400);
}

#[tokio::test]
async fn listing_filters() {
    let api = Api::open();
    run_one(&api).await;
    api.post(
        "/v1/executions",
        json!({"name": "later", "run_at": "2026-11-24T00:00:00Z", "target": {"type": "empty"}}),
    )
    .await
    .ok(201);
    let list = async |query: &str| api.get(&format!("/v1/executions?{query}")).await;
    let count = async |query: &str| list(query).await.ok(200)["items"].as_array().unwrap().len();
    assert_eq!(count("").await, 2);
    assert_eq!(count("status=success").await, 1);
    assert_eq!(count("status=waiting&job_id=later").await, 1);
    assert_eq!(count("run_id=push@k1").await, 1);
    assert_eq!(count("since=2026-11-24T00:00:00Z").await, 1);
    assert_eq!(count("until=2026-11-24T00:00:00Z").await, 1);
    for bad in ["status=done", "tag=team", "job_id=a%20b", "since=today", "until=", "limit=1001", "x=1"] {
        list(bad).await.problem(400);
    }
}

#[tokio::test]
async fn executions_are_found_by_the_tags_that_their_jobs_have_now() {
    let api = Api::open();
    let fails = |tags: Value| json!({"command": "x", "max_retries": 0, "tags": tags});
    api.put("/v1/jobs/a", fails(json!({"team": "data", "tier": "1"}))).await.ok(201);
    let good = json!({"target": {"type": "empty"}, "tags": {"team": "data"}});
    api.put("/v1/jobs/b", good).await.ok(201);
    api.put("/v1/jobs/c", fails(json!({"team": "ops"}))).await.ok(201);
    for name in ["a", "b", "c"] {
        api.call(Method::POST, &format!("/v1/jobs/{name}/executions"), &[("idempotency-key", "k")], "")
            .await
            .ok(201);
    }
    api.clock.advance(Duration::from_secs(60));
    api.work().await;
    let found = async |query: &str| {
        let page = api.get(&format!("/v1/executions?{query}")).await.ok(200);
        let mut ids: Vec<String> = ids(&page).into_iter().map(str::to_owned).collect();
        ids.sort_unstable();
        ids.join(" ")
    };
    assert_eq!(found("tag=team:data").await, "a@k b@k");
    assert_eq!(found("tag=team:data&tag=tier:1").await, "a@k");
    assert_eq!(found("tag=team:nobody").await, "");
    assert_eq!(found("tag=team:data&status=failed&since=2026-11-23T12:00:00Z").await, "a@k");
    assert_eq!(found("tag=team:data&status=failed&until=2026-11-23T12:00:00Z").await, "");
    assert_eq!(found("tag=team:data&job_id=c").await, "");
    let first = api.get("/v1/executions?tag=team:data&limit=1").await.ok(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = api.get(&format!("/v1/executions?tag=team:data&limit=1&cursor={cursor}")).await.ok(200);
    assert_eq!((ids(&first), ids(&second)), (vec!["b@k"], vec!["a@k"]));
    // The tag moves to another job.
    api.put("/v1/jobs/a", fails(json!({}))).await.ok(200);
    api.put("/v1/jobs/c", fails(json!({"team": "data"}))).await.ok(200);
    assert_eq!(found("tag=team:data").await, "b@k c@k");
}

#[tokio::test]
async fn a_timeline_sums_its_page_up() {
    let api = Api::open();
    api.put("/v1/jobs/a", json!({"target": {"type": "empty"}})).await.ok(201);
    let empty = api.get("/v1/jobs/a/executions").await.ok(200);
    assert_eq!((&empty["summary"]["ended"], &empty["summary"]["success_rate"]), (&json!(0), &Value::Null));
    for key in ["k1", "k2", "k3"] {
        api.call(Method::POST, "/v1/jobs/a/executions", &[("idempotency-key", key)], "").await.ok(201);
        api.clock.advance(Duration::from_millis(40));
        api.work().await;
    }
    api.put("/v1/jobs/a", json!({"command": "x", "max_retries": 0})).await.ok(200);
    api.call(Method::POST, "/v1/jobs/a/executions", &[("idempotency-key", "k4")], "").await.ok(201);
    api.work().await;
    let summary = &api.get("/v1/jobs/a/executions").await.ok(200)["summary"];
    assert_eq!(
        *summary,
        json!({
            "ended": 4, "succeeded": 3, "failed": 1, "success_rate": 0.75, "retried": 0, "trend": null,
            "duration_ms": {"p50": 0, "p95": 0, "max": 0}, "lateness_ms": {"p50": 40, "p95": 40, "max": 40}
        })
    );
    let newest = &api.get("/v1/jobs/a/executions?limit=1").await.ok(200)["summary"];
    assert_eq!((&newest["ended"], &newest["failed"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn cancel_and_retry_by_hand() {
    let api = Api::open();
    run_one(&api).await;
    let conflict = api.post("/v1/executions/push@k1:cancel", Value::Null).await;
    assert_eq!(conflict.problem(409), "the execution is success and cannot be cancelled");
    let again = api.post("/v1/executions/push@k1:retry", Value::Null).await;
    assert_eq!(again.header("location"), "/v1/executions/push@k1~2");
    let again = again.ok(201);
    assert_eq!((&again["generation"], &again["rerun_of"]), (&json!(2), &json!("push@k1")));
    assert_eq!(
        api.post("/v1/executions/push@k1~2:retry", Value::Null).await.problem(409),
        "the execution is queued and cannot be retried"
    );
    let cancelled =
        api.post("/v1/executions/push%40k1%7E2:cancel", json!({"reason": "not today"})).await.ok(200);
    assert_eq!((&cancelled["status"], &cancelled["reason"]), (&json!("cancelled"), &json!("not today")));
    api.post("/v1/executions/push@k1~2:cancel", json!({"reason": 7})).await.problem(422);
    api.post("/v1/executions/push@k1~2:cancel", json!({"reason": "x".repeat(501)})).await.problem(422);
    api.post("/v1/executions/push@no:cancel", Value::Null).await.problem(404);
    api.post("/v1/executions/push@no:retry", Value::Null).await.problem(404);
    api.post("/v1/executions/push:retry", Value::Null).await.problem(400);
}
