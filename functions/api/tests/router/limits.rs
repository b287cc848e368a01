use serde_json::{Value, json};

use crate::support::Api;

async fn trigger(api: &Api, job_id: &str) -> Value {
    let accepted = api.post(&format!("/v1/jobs/{job_id}/executions"), json!({})).await.ok(201);
    api.work().await;
    let id = accepted["execution_id"].as_str().unwrap();
    api.get(&format!("/v1/executions/{id}")).await.ok(200)
}

async fn circuit(api: &Api) -> Value {
    api.get("/v1/jobs/breaking").await.ok(200)["limits"]["circuit"].clone()
}

#[tokio::test]
async fn a_circuit_opens_holds_back_and_is_closed_by_hand() {
    let api = Api::open();
    let definition = json!({"command": "false", "circuit": {"threshold": 2, "open_for": "10m"}});
    api.put("/v1/jobs/breaking", definition).await.ok(201);
    assert_eq!(
        circuit(&api).await,
        json!({"state": "closed", "failures": 0, "until": null, "by_hand": false})
    );
    for failures in [1, 2] {
        assert_eq!(trigger(&api, "breaking").await["status"], "failed");
        assert_eq!(circuit(&api).await["failures"], failures);
    }
    let until = "2026-11-23T12:10:30.000Z";
    assert_eq!(
        circuit(&api).await,
        json!({"state": "open", "failures": 2, "until": until, "by_hand": false})
    );
    let held = trigger(&api, "breaking").await;
    assert_eq!(
        (&held["status"], &held["reason"]),
        (&json!("waiting"), &json!("waiting: the circuit breaker is open until 2026-11-23T12:10:30Z"))
    );
    let shown = api.get("/v1/jobs/breaking").await.ok(200);
    assert_eq!(shown["limits"]["waiting"], json!([held["execution_id"]]));
    let closed = api.post("/v1/jobs/breaking:close-circuit", json!({})).await.ok(200);
    assert_eq!(closed, json!({"state": "closed", "failures": 0, "until": null, "by_hand": false}));
    api.work().await;
    let ended = api.get(&format!("/v1/executions/{}", held["execution_id"].as_str().unwrap())).await.ok(200);
    assert_eq!(ended["status"], "failed", "it was called up");
    assert_eq!(circuit(&api).await["failures"], 1);
}

#[tokio::test]
async fn a_circuit_is_opened_by_hand() {
    let api = Api::open();
    api.put("/v1/jobs/breaking", json!({"circuit": {}})).await.ok(201);
    let open = api.post("/v1/jobs/breaking:open-circuit", json!({"open_for": "1h"})).await.ok(200);
    assert_eq!(
        open,
        json!({"state": "open", "failures": 0, "until": "2026-11-23T13:00:30.000Z", "by_hand": true})
    );
    assert_eq!(trigger(&api, "breaking").await["status"], "waiting");
    let zero = api.post("/v1/jobs/breaking:open-circuit", json!({"open_for": 0})).await;
    assert_eq!(zero.problem(422), "open_for: must be more than 0");
    api.put("/v1/jobs/plain", json!({})).await.ok(201);
    assert_eq!(
        api.post("/v1/jobs/plain:open-circuit", json!({})).await.problem(409),
        "job plain has no circuit breaker; add `circuit: {}` to its definition"
    );
    api.post("/v1/jobs/nobody:close-circuit", json!({})).await.problem(404);
    assert_eq!(api.get("/v1/jobs/plain").await.ok(200)["limits"], Value::Null);
}

#[tokio::test]
async fn a_permit_is_given_back_and_the_next_is_called_up() {
    let api = Api::open();
    let definition = json!({
        "max_concurrency": 1, "concurrency_key": "input.customer", "max_concurrency_per_key": 1
    });
    api.put("/v1/jobs/one_by_one", definition).await.ok(201);
    for customer in ["a", "a", "b"] {
        let body = json!({"input": {"customer": customer}});
        api.post("/v1/jobs/one_by_one/executions", body).await.ok(201);
    }
    api.work().await;
    let page = api.get("/v1/jobs/one_by_one/executions").await.ok(200);
    let statuses: Vec<&Value> =
        page["items"].as_array().unwrap().iter().map(|item| &item["status"]).collect();
    assert_eq!(statuses, ["success", "success", "success"]);
    let limits = &api.get("/v1/jobs/one_by_one").await.ok(200)["limits"];
    assert_eq!(*limits, json!({"running": [], "waiting": [], "next_start_at": null, "circuit": null}));
}

#[tokio::test]
async fn a_change_of_priority_reaches_what_has_not_started() {
    let api = Api::open();
    api.put("/v1/jobs/slow", json!({"priority": "low"})).await.ok(201);
    let accepted = api.post("/v1/jobs/slow/executions", json!({})).await.ok(201);
    let path = format!("/v1/executions/{}", accepted["execution_id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.ok(200)["priority"], "low");
    api.put("/v1/jobs/slow", json!({"priority": "critical"})).await.ok(200);
    assert_eq!(api.get(&path).await.ok(200)["priority"], "critical");
    api.work().await;
    let ended = api.get(&path).await.ok(200);
    assert_eq!(
        (&ended["status"], &ended["attempt"]),
        (&json!("success"), &json!(1)),
        "of two messages one starts"
    );
}
