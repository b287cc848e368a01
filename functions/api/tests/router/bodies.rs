use axum::http::Method;

use crate::support::{Answer, Api};

async fn post(api: &Api, path: &str, kind: &str, body: String) -> Answer {
    api.call(Method::POST, path, &[("content-type", kind)], body).await
}

#[tokio::test]
async fn what_is_no_json_says_where() {
    let api = Api::open();
    let bad = ["{", "{\"target\":}", "\u{feff}{}", "{} {}", "'a'", "{\"input\": 1e999}"];
    for body in bad {
        let detail = post(&api, "/v1/executions", "application/json", body.to_owned()).await.problem(400);
        assert!(detail.contains("line 1 column"), "{body}: {detail}");
    }
    let deep = "[".repeat(10_000);
    post(&api, "/v1/executions", "application/json", deep.clone()).await.problem(422);
    post(&api, "/v1/executions", "application/json", format!("{{\"input\":{deep}")).await.problem(400);
    api.call(Method::POST, "/v1/executions", &[], "").await.problem(400);
    api.call(Method::POST, "/v1/executions", &[], vec![b'"', 0xff, b'"']).await.problem(400);
}

#[tokio::test]
async fn bodies_have_their_limits() {
    let api = Api::open();
    let spaces = |bytes: usize| format!("{{\"input\":null{}", " ".repeat(bytes));
    let exactly = |bytes: usize| {
        let body = r#"{"target":{"type":"empty"}}"#;
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    post(&api, "/v1/executions", "application/json", exactly(1024 * 1024)).await.ok(201);
    post(&api, "/v1/executions", "application/json", exactly(1024 * 1024 + 1)).await.problem(413);
    post(&api, "/v1/executions", "application/json", spaces(1024 * 1024)).await.problem(413);
    post(&api, "/v1/executions:batch", "application/json", spaces(1024 * 1024)).await.problem(422);
    post(&api, "/v1/executions:batch", "application/json", spaces(16 * 1024 * 1024)).await.problem(413);
    post(&api, "/v1/jobs:apply", "application/json", spaces(16 * 1024 * 1024)).await.problem(413);
}
