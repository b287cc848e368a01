use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::Api;

/// Graph in which `left` and `right` follow `ingest`, `join` follows both, and `report` follows `join`.
/// Commands fail.
fn graph(left: &Value, right: &Value) -> Value {
    let given = json!({"left": {"$result": "left"}, "right": {"$result": "right"}});
    json!({"jobs": [
        {"job_id": "ingest", "target": {"type": "empty"}, "input": "rows", "tags": {"team": "data"}},
        {"job_id": "left", "dependencies": ["ingest"], "target": left, "input": "of the left", "max_retries": 0},
        {"job_id": "right", "dependencies": ["ingest"], "target": right, "input": "of the right", "max_retries": 0,
            "tags": {"team": "data"}},
        {"job_id": "join", "dependencies": ["left", "right"], "target": {"type": "empty"}, "input": given},
        {"job_id": "report", "dependencies": ["join"], "target": {"type": "empty"}},
    ]})
}

fn fails() -> Value {
    json!({"type": "command", "command": "exit 3"})
}

fn works() -> Value {
    json!({"type": "empty"})
}

/// API with a run `k` in which commands have failed, and with jobs that have been repaired since.
async fn broken(left: &Value, right: &Value) -> Api {
    let api = Api::open();
    api.post("/v1/jobs:apply", graph(left, right)).await.ok(200);
    run(&api, "ingest", "k").await;
    api.post("/v1/jobs:apply", graph(&works(), &works())).await.ok(200);
    api
}

async fn run(api: &Api, job: &str, key: &str) {
    let path = format!("/v1/jobs/{job}/executions");
    api.call(Method::POST, &path, &[("idempotency-key", key)], "").await.ok(201);
    api.work().await;
}

async fn rerun(api: &Api, body: Value) -> Value {
    let answer = api.post("/v1/executions:rerun", body).await.ok(200);
    api.work().await;
    answer
}

async fn read(api: &Api, id: &str) -> Value {
    api.get(&format!("/v1/executions/{id}")).await.ok(200)
}

#[tokio::test]
async fn a_graph_is_run_again_from_what_failed_and_keeps_the_rest() {
    let api = broken(&works(), &fails()).await;
    assert_eq!(read(&api, "join@k").await["status"], "upstream_failed");
    let planned = rerun(&api, json!({"run_id": "ingest@k", "dry_run": true})).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&planned).unwrap());
    api.get("/v1/executions/right@k~2").await.problem(404);

    let done = rerun(&api, json!({"run_id": "ingest@k"})).await;
    assert_eq!(
        (&done["results"][0]["status"], &done["results"][0]["rerun_as"]),
        (&json!(201), &json!(["right@k~2"]))
    );
    let join = read(&api, "join@k~2").await;
    assert_eq!(join["status"], "success");
    assert_eq!(join["dependencies"]["left"]["execution_id"], "left@k", "what succeeded is kept");
    assert_eq!(join["result"], json!({"left": "of the left", "right": "of the right"}), "with its result");
    assert_eq!(read(&api, "report@k~2").await["status"], "success");
    for kept in ["ingest@k~2", "left@k~2"] {
        api.get(&format!("/v1/executions/{kept}")).await.problem(404);
    }
    let nothing = api.post("/v1/executions:rerun", json!({"run_id": "ingest@k"})).await;
    assert_eq!(nothing.problem(409), "no execution failed in run ingest@k");
}

#[tokio::test]
async fn failures_whose_dependents_meet_are_run_again_together() {
    let api = broken(&fails(), &fails()).await;
    let done = rerun(&api, json!({"run_id": "ingest@k"})).await;
    assert_eq!(done["results"].as_array().unwrap().len(), 1);
    assert_eq!(done["results"][0]["rerun_as"], json!(["left@k~2", "right@k~2"]));
    assert_eq!(read(&api, "join@k~2").await["result"]["left"], "of the left");
    api.get("/v1/executions/join@k~3").await.problem(404);
}

#[tokio::test]
async fn one_after_the_other_they_count_each_other() {
    let api = broken(&fails(), &fails()).await;
    rerun(&api, json!({"execution_ids": ["left@k"]})).await;
    assert_eq!(read(&api, "join@k~2").await["status"], "upstream_failed", "right has failed as before");
    rerun(&api, json!({"execution_ids": ["right@k"]})).await;
    let join = read(&api, "join@k~3").await;
    assert_eq!(join["dependencies"]["left"]["execution_id"], "left@k~2");
    assert_eq!(join["result"], json!({"left": "of the left", "right": "of the right"}));
}

#[tokio::test]
async fn a_join_runs_again_for_a_branch_that_came_too_late_for_its_number() {
    let api = broken(&fails(), &works()).await;
    let asked = api.post("/v1/executions:rerun", json!({"execution_ids": ["left@k"]})).await.ok(200);
    assert_eq!(asked["results"][0]["rerun_as"], json!(["left@k~2"]));
    // Its dependent is run again by hand, while it still waits for a worker: of the same number.
    let by_hand = api.post("/v1/executions/join@k:retry", Value::Null).await.ok(201);
    assert_eq!(by_hand["execution_id"], "join@k~2");
    api.work().await;
    let counted = read(&api, "join@k~3").await;
    assert_eq!(counted["dependencies"]["left"]["execution_id"], "left@k~2");
    assert_eq!(
        (&counted["status"], &read(&api, "report@k~3").await["status"]),
        (&json!("success"), &json!("success"))
    );
}

#[tokio::test]
async fn a_retry_by_hand_finds_the_results_of_its_dependencies() {
    let api = broken(&works(), &works()).await;
    api.post("/v1/executions/join@k:retry", Value::Null).await.ok(201);
    api.work().await;
    assert_eq!(
        read(&api, "join@k~2").await["result"],
        json!({"left": "of the left", "right": "of the right"})
    );
}

#[tokio::test]
async fn a_branch_that_still_runs_is_waited_for() {
    let api = Api::open();
    api.post("/v1/jobs:apply", graph(&works(), &fails())).await.ok(200);
    let hold = json!({"jobs": [{"job_id": "left", "dependencies": ["ingest"], "target": works(), "input": "of the left",
        "pool": "elsewhere"}]});
    api.post("/v1/jobs:apply", hold).await.ok(200);
    run(&api, "ingest", "k").await;
    api.post("/v1/jobs:apply", graph(&works(), &works())).await.ok(200);
    rerun(&api, json!({"run_id": "ingest@k"})).await;
    let join = read(&api, "join@k~2").await;
    assert_eq!(
        (&join["status"], &join["dependencies"]["left"]["outcome"]),
        (&json!("waiting"), &Value::Null)
    );
    api.work_in(&["elsewhere"]).await;
    api.work().await;
    assert_eq!(
        read(&api, "join@k~2").await["result"]["left"],
        "of the left",
        "told by the one that it took over"
    );
}

#[tokio::test]
async fn a_filter_finds_what_failed_and_was_not_run_again() {
    let api = broken(&works(), &fails()).await;
    api.post("/v1/executions", json!({"name": "pushed", "command": "exit 3"})).await.ok(201);
    api.work().await;
    let begun = |answer: &Value| -> Vec<String> {
        let results = answer["results"].as_array().unwrap().iter();
        results.map(|result| result["rerun_as"][0].as_str().unwrap().to_owned()).collect()
    };
    let tagged = rerun(&api, json!({"filter": {"tags": {"team": "data"}}, "dry_run": true})).await;
    assert_eq!(begun(&tagged), ["right@k~2"]);
    let of_job = rerun(&api, json!({"filter": {"job_id": "right", "status": ["failed"]}})).await;
    assert_eq!((begun(&of_job), &of_job["next_cursor"]), (vec!["right@k~2".to_owned()], &Value::Null));
    let again = rerun(&api, json!({"filter": {"job_id": "right"}, "limit": 1})).await;
    assert_eq!(again["results"], json!([]), "its newest generation has succeeded");

    api.clock.advance(Duration::from_secs(1));
    let first = rerun(&api, json!({"filter": {}, "limit": 1})).await;
    let pushed = begun(&first);
    assert!(pushed.len() == 1 && pushed[0].starts_with("pushed@"), "{first}");
    assert_eq!(read(&api, &pushed[0]).await["status"], "failed", "but not again by the same paging");
    let mut cursor = first["next_cursor"].clone();
    while cursor != Value::Null {
        let page = rerun(&api, json!({"filter": {}, "limit": 1, "cursor": cursor})).await;
        assert_eq!(page["results"], json!([]));
        cursor = page["next_cursor"].clone();
    }
    let before = json!({"filter": {"until": "2026-11-23T00:00:00Z"}});
    assert_eq!(rerun(&api, before).await["results"], json!([]));
}

#[tokio::test]
async fn each_has_its_own_outcome() {
    let api = broken(&works(), &fails()).await;
    let ids = ["right@k", "join@k", "right@nobody", "ingest@k", "right@k"];
    let done = rerun(&api, json!({"execution_ids": ids, "dry_run": true})).await;
    let results = done["results"].as_array().unwrap();
    assert_eq!((results.len(), &results[0]["status"]), (2, &json!(404)));
    assert_eq!(results[1]["execution_ids"], json!(["ingest@k"]), "the others follow from it");
    api.post("/v1/executions", json!({"target": works(), "delay": "1h", "name": "later"})).await.ok(201);
    let later = api.get("/v1/executions?job_id=later").await.ok(200)["items"][0]["execution_id"].clone();
    let waiting = rerun(&api, json!({"execution_ids": [later]})).await;
    assert_eq!(waiting["results"][0]["problem"]["detail"], "the execution is waiting and cannot be retried");
}

#[tokio::test]
async fn a_rerun_names_its_executions_in_exactly_one_way() {
    let api = Api::open();
    for bad in [
        json!({}),
        json!({"run_id": "a@b", "filter": {}}),
        json!({"execution_ids": []}),
        json!({"execution_ids": ["a"]}),
        json!({"run_id": "a@b", "limit": 1}),
        json!({"filter": {"status": ["running"]}}),
        json!({"filter": {"status": ["failed", "failed"]}}),
        json!({"filter": {"state": "failed"}}),
        json!({"filter": {}, "limit": 0}),
        json!({"filter": {}, "cursor": "?"}),
        json!({"filter": {}, "cursor": "bm90aGVy"}),
    ] {
        api.post("/v1/executions:rerun", bad).await.problem(422);
    }
    api.post("/v1/executions:rerun", json!({"run_id": "a@b"})).await.problem(404);
}
