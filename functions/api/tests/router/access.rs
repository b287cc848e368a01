use std::sync::atomic::Ordering::SeqCst;

use axum::http::Method;
use serde_json::json;

use crate::support::{Api, TOKEN};

#[tokio::test]
async fn without_the_token_only_health_answers() {
    let api = Api::guarded();
    api.get("/v1/health").await.ok(200);
    for path in ["/v1/jobs", "/v1/executions/a@b", "/v1/openapi.json", "/v1/stats", "/metrics"] {
        let refused = api.get(path).await;
        refused.problem(401);
        assert_eq!(refused.header("www-authenticate"), "Bearer", "{path}");
    }
    let with = async |value: &str| api.call(Method::GET, "/v1/jobs", &[("authorization", value)], "").await;
    with(&format!("Bearer {TOKEN}")).await.ok(200);
    with(&format!("bearer {TOKEN}")).await.ok(200);
    for wrong in ["Bearer wrong", "Bearer ", "Bearer", "Basic dTpw", TOKEN] {
        with(wrong).await.problem(401);
    }
    assert_eq!(with("Bearer wrong").await.header("www-authenticate"), "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn a_standby_reads_and_does_not_write() {
    let api = Api::open();
    api.put("/v1/jobs/a", json!({})).await.ok(201);
    api.role.0.store(false, SeqCst);
    assert_eq!(api.get("/v1/health").await.ok(200)["role"], "standby");
    api.get("/v1/jobs/a").await.ok(200);
    let refused = api.put("/v1/jobs/a", json!({})).await;
    assert_eq!(
        refused.problem(503),
        "this process is a standby and answers only reads; the leader is host-7"
    );
    assert_eq!(
        (refused.header("retry-after"), &refused.json()["type"]),
        ("5", &json!("urn:belfry:problem:standby"))
    );
    api.delete("/v1/jobs/a").await.problem(503);
    api.post("/v1/executions", json!({"target": {"type": "empty"}})).await.problem(503);
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let api = Api::open();
    for path in ["/", "/v1", "/v1/nothing", "/v1/jobs/", "/v2/jobs", "/v1/jobs/a:fly", "/v1/jobs:fly"] {
        let status = if path == "/v1/jobs/a:fly" { 400 } else { 404 };
        api.get(path).await.problem(status);
    }
    for (method, path, allow) in [
        (Method::DELETE, "/v1/jobs", "GET,HEAD"),
        (Method::PATCH, "/v1/jobs/a", "PUT,GET,HEAD,DELETE"),
        (Method::GET, "/v1/jobs:apply", "POST"),
        (Method::PUT, "/v1/executions/a@b:cancel", "POST"),
        (Method::TRACE, "/v1/health", "GET,HEAD"),
    ] {
        let refused = api.call(method, path, &[], "").await;
        refused.problem(405);
        assert_eq!(refused.header("allow"), allow, "{path}");
    }
}

#[tokio::test]
async fn a_panic_is_a_problem_and_every_answer_has_an_id() {
    let api = Api::guarded();
    let failed = api.call(Method::GET, "/v1/jobs", &[("authorization", "Bearer panic")], "").await;
    assert_eq!(failed.problem(500), "defect in belfry; see the log of the server");
    assert_eq!(failed.header("x-request-id").len(), 16);
    let echoed = api.call(Method::GET, "/v1/health", &[("x-request-id", "mine-1")], "").await;
    assert_eq!(echoed.header("x-request-id"), "mine-1");
}
