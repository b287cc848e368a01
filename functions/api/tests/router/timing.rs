use crate::support::Api;
use serde_json::json;
#[tokio::test]
async fn timing() {
    let api = Api::open();
    let items: Vec<_> = (0..1000).map(|n| json!({"name":"bench","idempotency_key":format!("k{n}"),"target":{"type":"empty"}})).collect();
    let body = json!({"executions": items}).to_string();
    let t = std::time::Instant::now();
    let mut bytes = 0;
    for _ in 0..20 {
        let b = body.replace("\"k", &format!("\"k{:?}", t.elapsed().as_nanos()));
        bytes = b.len();
        let a = api.call(axum::http::Method::POST, "/v1/executions:batch", &[], b).await;
        assert_eq!(a.status, 200);
    }
    println!("per batch {:?} ({bytes} bytes)", t.elapsed() / 20);
    // parse failing at the end: shows the reading alone, twice
    let bad = body.replace("]}", ",{\"x\":1}]}");
    let t = std::time::Instant::now();
    for _ in 0..20 { api.call(axum::http::Method::POST, "/v1/executions:batch", &[], bad.clone()).await.problem(422); }
    println!("per bad batch (parsed twice, once with paths) {:?}", t.elapsed() / 20);
    let t = std::time::Instant::now();
    for n in 0..2000 { let a = api.call(axum::http::Method::GET, &format!("/v1/executions/a@b{n}"), &[], "").await; assert_eq!(a.status, 404); }
    println!("per 404 {:?}", t.elapsed() / 2000);
}
