use serde_json::{Value, json};

use crate::support::Api;

#[tokio::test]
async fn a_jobs_dead_letters_are_one_alert() {
    let api = Api::open();
    assert_eq!(api.get("/v1/alerts").await.ok(200), json!({"items": []}));
    let fails = json!({"command": "false", "name": "nightly", "retry": {"max_retries": 0}});
    for _ in 0..2 {
        api.post("/v1/executions", fails.clone()).await.ok(201);
    }
    api.work().await;
    let alerts = api.get("/v1/alerts").await.ok(200);
    let [alert] = alerts["items"].as_array().unwrap().as_slice() else { panic!("{alerts}") };
    assert_eq!((&alert["key"], &alert["kind"]), (&json!("dead_letter/nightly"), &json!("dead_letter")));
    assert_eq!((&alert["severity"], &alert["resolved_at"]), (&json!("error"), &Value::Null));
    assert!(alert["summary"].as_str().unwrap().ends_with("failed for good: exit status 3"), "{alert}");
}

#[tokio::test]
async fn a_test_is_an_alert_as_any_other() {
    let api = Api::open();
    let raised = api.post("/v1/alerts:test", Value::Null).await.ok(202);
    assert_eq!((&raised["key"], &raised["tries"]), (&json!("test"), &json!(0)));
    assert_eq!(api.get("/v1/alerts").await.ok(200)["items"], json!([raised]));
}
