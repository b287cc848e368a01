//! Requests over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;

const MIB: usize = 1024 * 1024;

impl Bench {
    /// Checks that a request is refused with this status and a problem that names this field, and that
    /// it changes nothing.
    async fn rejects(&self, method: Method, path: &str, body: String, status: u16, field: &str) -> Value {
        let before = self.state().await;
        let request = self.server.api.request(method, path).header("content-type", "application/json");
        let answer = self.server.api.send(request.body(body)).await.unwrap();
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.body["status"], status);
        let named = answer.body["problems"][0]["field"].as_str().unwrap_or_default();
        assert_eq!(named, field, "{path}: {}", answer.body);
        assert_eq!(self.state().await, before, "{path} changed something");
        answer.body
    }
}

pub async fn oversized_bodies_are_413() {
    let bench = Bench::start().await;
    let long = |bytes: usize| json!({ "description": "x".repeat(bytes) }).to_string();
    for path in ["/v1/jobs/kept", "/v1/jobs/new"] {
        bench.rejects(Method::PUT, path, long(MIB), 413, "").await;
    }
    bench.rejects(Method::POST, "/v1/executions", long(MIB), 413, "").await;
    bench.rejects(Method::POST, "/v1/jobs/kept/executions", long(MIB), 413, "").await;
    bench.rejects(Method::POST, "/v1/jobs:apply", long(16 * MIB), 413, "").await;
    bench.rejects(Method::POST, "/v1/executions:batch", long(16 * MIB), 413, "").await;
}

pub async fn what_is_too_much_within_a_body_is_named() {
    let bench = Bench::start().await;
    let target = json!({ "type": "empty" });
    let large = json!({ "target": target, "input": "x".repeat(64 * 1024) }).to_string();
    bench.rejects(Method::POST, "/v1/executions", large, 422, "input").await;
    let input = json!({ "input": "x".repeat(64 * 1024) }).to_string();
    bench.rejects(Method::POST, "/v1/jobs/kept/executions", input, 422, "input").await;
    let many = json!({ "executions": vec![json!({ "target": target }); 1001] }).to_string();
    bench.rejects(Method::POST, "/v1/executions:batch", many, 422, "executions").await;
    let deep = format!(
        "{{\"target\": {{\"type\": \"empty\"}}, \"input\": {}1{}}}",
        "[".repeat(500),
        "]".repeat(500)
    );
    bench.rejects(Method::POST, "/v1/executions", deep, 400, "").await;
}

pub async fn one_wrong_job_keeps_all_from_being_applied() {
    let bench = Bench::start().await;
    let apply = |wrong: Value| {
        let jobs = json!([{ "job_id": "kept", "description": "changed" }, { "job_id": "new" }, wrong]);
        json!({ "jobs": jobs }).to_string()
    };
    for (wrong, status, field) in [
        (json!({ "job_id": "a", "schedule": "0 0 31 2 *" }), 422, "jobs[2] (a): schedule"),
        (json!({ "job_id": "a", "shedule": "@daily" }), 422, "jobs[2].shedule"),
        (json!({ "job_id": "a", "dependencies": ["nobody"] }), 422, "a: dependencies[0]"),
        (json!({ "job_id": "a b" }), 422, "jobs[2].job_id"),
    ] {
        bench.rejects(Method::POST, "/v1/jobs:apply", apply(wrong), status, field).await;
    }
}

pub async fn a_request_that_cannot_be_read_is_400_and_one_that_cannot_be_done_422() {
    let bench = Bench::start().await;
    let text = |value: Value| value.to_string();
    for (method, path, body, status, field) in [
        (Method::PUT, "/v1/jobs/kept", "{\"command\":".to_owned(), 400, ""),
        (Method::PUT, "/v1/jobs/k%20t", text(json!({})), 400, "job_id"),
        (Method::PUT, "/v1/jobs/kept", text(json!({ "job_id": "other" })), 422, "job_id"),
        (Method::PUT, "/v1/jobs/kept", text(json!({ "timeout": "soon" })), 422, "timeout"),
        (Method::PUT, "/v1/jobs/kept", text(json!({ "run_at": "2027-02-30T00:00:00Z" })), 422, "run_at"),
        (Method::PUT, "/v1/jobs/kept", text(json!({ "dependencies": ["kept"] })), 422, "dependencies[0]"),
        (Method::POST, "/v1/executions", text(json!({})), 422, "target"),
        (
            Method::POST,
            "/v1/executions",
            text(json!({ "target": { "type": "carrier-pigeon" } })),
            422,
            "target.type",
        ),
        (Method::POST, "/v1/executions:batch", text(json!({ "executions": 7 })), 422, "executions"),
        (Method::POST, "/v1/dead-letters:redrive", text(json!({})), 422, "execution_ids"),
        (Method::GET, "/v1/executions?limit=0", String::new(), 400, "limit"),
        (Method::GET, "/v1/executions?statsu=failed", String::new(), 400, "statsu"),
        (Method::GET, "/v1/executions?cursor=%3F%3F%3F%3F", String::new(), 400, "cursor"),
        (Method::GET, "/v1/nothing", String::new(), 404, ""),
        (Method::PATCH, "/v1/jobs/kept", text(json!({})), 405, ""),
    ] {
        bench.rejects(method, path, body, status, field).await;
    }
}
