use axum::http::Method;
use serde_json::{Value, json};

use crate::support::Api;

fn push(key: &str) -> Value {
    json!({"name": "mail", "target": {"type": "empty"}, "input": {"user": key}})
}

#[tokio::test]
async fn a_key_names_one_piece_of_work() {
    let api = Api::open();
    let send = async |body: Value| {
        api.call(Method::POST, "/v1/executions", &[("idempotency-key", "order-17")], body.to_string()).await
    };
    let first = send(push("a")).await;
    assert_eq!(first.header("location"), "/v1/executions/mail@order-17");
    let first = first.ok(201);
    assert_eq!((&first["execution_id"], &first["status"]), (&json!("mail@order-17"), &json!("queued")));
    let again = send(push("a")).await;
    assert_eq!(again.header("location"), "/v1/executions/mail@order-17");
    assert_eq!(again.ok(200)["created_at"], first["created_at"]);
    assert!(send(push("b")).await.problem(422).contains("mail@order-17"));
    let bad =
        api.call(Method::POST, "/v1/executions", &[("idempotency-key", "a b")], push("a").to_string()).await;
    assert!(bad.problem(400).starts_with("Idempotency-Key: "));
}

#[tokio::test]
async fn pushed_work_waits_for_its_instant_and_shows_its_target() {
    let api = Api::open();
    let delayed = api
        .post("/v1/executions", json!({"delay": "5m", "target": {"type": "http", "url": "http://x/y"}}))
        .await
        .ok(201);
    assert_eq!((&delayed["status"], &delayed["job_id"]), (&json!("waiting"), &json!("push")));
    assert_eq!(delayed["due_at"], "2026-11-23T12:05:30.000Z");
    assert_eq!(delayed["target"], json!({"type": "http", "url": "http://x/y", "method": "POST"}));
    for bad in [
        json!({}),
        json!({"target": {"type": "empty"}, "run_at": "2030-01-01T00:00:00Z", "delay": 1}),
        json!({"target": {"type": "nope"}}),
    ] {
        api.post("/v1/executions", bad).await.problem(422);
    }
}

#[tokio::test]
async fn each_of_a_batch_has_its_own_outcome() {
    let api = Api::open();
    let batch = json!({"executions": [
        {"idempotency_key": "k", "target": {"type": "empty"}},
        {"target": {"type": "empty"}},
        {"command": ""},
        {"idempotency_key": "k", "command": "other"},
        {"idempotency_key": "k", "target": {"type": "empty"}},
    ]});
    let answer = api.post("/v1/executions:batch", batch).await.ok(200);
    let statuses: Vec<&Value> =
        answer["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [201, 201, 422, 422, 200]);
    assert_eq!(answer["results"][0], json!({"status": 201, "execution_id": "push@k", "created": true}));
    assert_eq!(answer["results"][2]["problem"]["type"], "urn:belfry:problem:invalid");
    let shape = api
        .post(
            "/v1/executions:batch",
            json!({"executions": [{"target": {"type": "empty"}, "idempotency_key": "a b"}]}),
        )
        .await;
    assert!(shape.problem(422).starts_with("executions[0].idempotency_key: "));
    api.post("/v1/executions:batch", json!({"executions": []})).await.problem(422);
    let many: Vec<Value> = (0..1001).map(|_| json!({"target": {"type": "empty"}})).collect();
    assert_eq!(
        api.post("/v1/executions:batch", json!({"executions": many})).await.problem(422),
        "executions: must be from 1 to 1000"
    );
}

#[tokio::test]
async fn a_trigger_takes_an_input_or_nothing_at_all() {
    let api = Api::open();
    api.put("/v1/jobs/a", json!({"target": {"type": "empty"}, "input": 1, "priority": "high"})).await.ok(201);
    for body in ["", "null", "{}"] {
        let plain = api.call(Method::POST, "/v1/jobs/a/executions", &[], body).await.ok(201);
        assert_eq!(
            (&plain["trigger"], &plain["priority"], &plain["input"]),
            (&json!("manual"), &json!("high"), &Value::Null)
        );
    }
    let key = [("idempotency-key", "x:cancel")];
    let with = api.call(Method::POST, "/v1/jobs/a/executions", &key, json!({"input": [7]}).to_string()).await;
    assert_eq!(with.header("location"), "/v1/executions/a@x%3Acancel");
    assert_eq!(with.ok(201)["input"], json!([7]));
    assert_eq!(api.get("/v1/executions/a@x%3Acancel").await.ok(200)["execution_id"], "a@x:cancel");
    assert_eq!(
        api.post("/v1/executions/a@x:cancel:cancel", Value::Null).await.ok(200)["status"],
        "cancelled"
    );
    api.post("/v1/jobs/nobody/executions", Value::Null).await.problem(404);
    api.post("/v1/jobs/a/executions", json!({"inptu": 1})).await.problem(422);
    api.post("/v1/jobs/a/executions", json!({"input": "x".repeat(70_000)})).await.problem(422);
}
