//! Full logs: all that an attempt printed.

use axum::http::Method;
use belfry_engine::ports::{Output, StoredOutput};
use serde_json::json;

use crate::support::Api;

async fn keep(api: &Api, attempt: u32, tail: &str, bytes: u64, log: Option<&str>) {
    let output = Output { tail: tail.to_owned(), bytes, log: log.map(str::to_owned) };
    let id = "push@k".parse().unwrap();
    api.engine.ports.executions.keep_output(&id, StoredOutput { attempt, output }).await.unwrap();
}

#[tokio::test]
async fn a_log_is_here_elsewhere_or_the_tail() {
    let api = Api::open();
    let body = json!({"target": {"type": "empty"}}).to_string();
    api.call(Method::POST, "/v1/executions", &[("idempotency-key", "k")], body).await.ok(201);
    keep(&api, 1, "of it", 9, Some("here")).await;
    keep(&api, 2, "of it", 9, Some("elsewhere")).await;
    keep(&api, 3, "all\n", 4, None).await;
    keep(&api, 4, "the end", 70_000, None).await;
    keep(&api, 5, "the end", 70_000, Some("gone")).await;
    let get = async |attempt: &str| api.get(&format!("/v1/executions/push@k/logs/{attempt}")).await;
    let here = get("1").await;
    assert_eq!((here.status.as_u16(), here.text.as_str()), (200, "all of it"));
    assert_eq!(here.header("content-type"), "text/plain; charset=utf-8");
    let elsewhere = get("2").await;
    assert_eq!(
        (elsewhere.status.as_u16(), elsewhere.header("location")),
        (307, "https://bucket.example/key?signed")
    );
    assert_eq!(get("3").await.text, "all\n", "the tail is all of it");
    for gone in ["4", "5"] {
        let told = get(gone).await.problem(404);
        assert!(told.starts_with("only the end of the 70000 bytes was kept"), "{told}");
    }
    assert_eq!(get("6").await.problem(404), "output of \"push@k, attempt 6\" does not exist");
    for wrong in ["0", "x", "-1", "1.5"] {
        get(wrong).await.problem(400);
    }
    api.get("/v1/executions/push/logs/1").await.problem(400);
    assert_eq!(api.get("/v1/executions/push%40k/logs/1").await.text, "all of it");
}
