//! Tests of lists: a list fans out into one execution for each of its elements, and they join again.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::Api;

/// Defines three jobs: `source` returns its input, `each` runs for each element of it, and `after`
/// returns the results of `each`.
async fn define(api: &Api, each: Value) {
    let mut each = each;
    each["job_id"] = json!("each");
    each["dependencies"] = json!(["source"]);
    let after = json!({"job_id": "after", "dependencies": ["each"], "input": {"$result": "each"}});
    api.post("/v1/jobs:apply", json!({"jobs": [{"job_id": "source"}, each, after]})).await.ok(200);
}

async fn run(api: &Api, list: Value) {
    let body = json!({"input": list}).to_string();
    let headers = [("idempotency-key", "k"), ("content-type", "application/json")];
    api.call(Method::POST, "/v1/jobs/source/executions", &headers, body).await.ok(201);
    api.work().await;
}

async fn get(api: &Api, id: &str) -> Value {
    api.get(&format!("/v1/executions/{id}")).await.ok(200)
}

async fn elements(api: &Api, query: &str) -> Vec<(String, String)> {
    let page = api.get(&format!("/v1/executions?element_of={query}")).await.ok(200);
    let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| (text(item, "execution_id"), text(item, "status"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(id, status)| ((*id).to_owned(), (*status).to_owned())).collect()
}

#[tokio::test]
async fn results_join_in_the_order_of_the_list() {
    let api = Api::open();
    let input = json!({"name": {"$element": true, "at": "/name"}, "place": {"$index": true}});
    define(&api, json!({"for_each": {"$result": "source", "at": "/files"}, "input": input})).await;
    run(&api, json!({"files": [{"name": "a"}, {"name": "b"}, {"name": "c"}]})).await;
    let joined = json!([{"name": "a", "place": 0}, {"name": "b", "place": 1}, {"name": "c", "place": 2}]);
    let each = get(&api, "each@k").await;
    assert_eq!(
        (&each["status"], &each["elements"], &each["result"]),
        (&json!("success"), &json!(3), &joined)
    );
    assert_eq!(get(&api, "after@k").await["result"], joined);
    let element = get(&api, "each@k,1").await;
    assert_eq!((&element["trigger"], &element["input"]), (&json!("element"), &joined[1]));
    assert_eq!(element["run_id"], each["run_id"]);
    let all = [("each@k,0", "success"), ("each@k,1", "success"), ("each@k,2", "success")];
    assert_eq!(elements(&api, "each@k").await, pairs(&all));
    let first = api.get("/v1/executions?element_of=each@k&limit=2").await.ok(200);
    let rest = format!("each@k&limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(elements(&api, &rest).await, pairs(&all[2..]));
    assert_eq!(elements(&api, "each@k&status=failed").await, []);
    assert_eq!(elements(&api, "after@k").await, []);
}

#[tokio::test]
async fn without_an_input_an_element_is_its_own() {
    let api = Api::open();
    define(&api, json!({"for_each": {"$result": "source"}})).await;
    run(&api, json!([1, "b", null])).await;
    assert_eq!(get(&api, "after@k").await["result"], json!([1, "b", null]));
}

#[tokio::test]
async fn an_empty_list_succeeds_at_once() {
    let api = Api::open();
    define(&api, json!({"for_each": {"$result": "source"}})).await;
    run(&api, json!([])).await;
    let each = get(&api, "each@k").await;
    assert_eq!(
        (&each["status"], &each["result"], &each["elements"]),
        (&json!("success"), &json!([]), &Value::Null)
    );
    assert_eq!(get(&api, "after@k").await["result"], json!([]));
}

#[tokio::test]
async fn what_is_no_list_or_too_long_fails_with_the_reason() {
    for (source, each, reason) in [
        (json!({"a": 1}), json!({}), "for_each: expected a list, found an object"),
        (json!({"a": 1}), json!({"at": "/b"}), "for_each: expected a list, found nothing"),
        (
            json!([1, 2, 3]),
            json!({"max_elements": 2}),
            "for_each: the list has 3 elements; `max_elements` allows 2",
        ),
        (
            json!(["x".repeat(40_000)]),
            json!({"input": [{"$element": true}, {"$element": true}]}),
            "for_each: the input of element 0 has 80007 bytes as JSON; at most 65536 are allowed",
        ),
    ] {
        let api = Api::open();
        let mut job = json!({"for_each": {"$result": "source"}});
        for (field, value) in each.as_object().unwrap() {
            let place = if field == "at" { &mut job["for_each"][field] } else { &mut job[field] };
            *place = value.clone();
        }
        define(&api, job).await;
        run(&api, source).await;
        let each = get(&api, "each@k").await;
        assert_eq!((&each["status"], &each["reason"]), (&json!("failed"), &json!(reason)));
        assert_eq!(get(&api, "after@k").await["status"], "upstream_failed");
        api.get("/v1/executions/each@k,0").await.problem(404);
    }
}

#[tokio::test]
async fn results_that_do_not_fit_fail_the_join() {
    let api = Api::open();
    define(&api, json!({"for_each": {"$result": "source"}, "input": {"$result": "source"}})).await;
    run(&api, json!(["x".repeat(30_000), 1, 2])).await;
    let each = get(&api, "each@k").await;
    assert_eq!(each["status"], "failed");
    let reason = each["reason"].as_str().unwrap();
    assert!(reason.starts_with("all 3 elements succeeded, but the list of their results has 90"), "{reason}");
}

#[tokio::test]
async fn a_failed_element_fails_the_whole_and_is_a_dead_letter() {
    let api = Api::open();
    define(&api, json!({"for_each": {"$result": "source"}, "command": "fails"})).await;
    run(&api, json!([1, 2])).await;
    let each = get(&api, "each@k").await;
    let reason = "2 of 2 elements failed; first failure: each@k,0: exit status 3";
    assert_eq!((&each["status"], &each["reason"]), (&json!("failed"), &json!(reason)));
    assert_eq!(get(&api, "after@k").await["status"], "upstream_failed");
    let letters = api.get("/v1/dead-letters?job_id=each").await.ok(200);
    let mut ids: Vec<&str> = letters["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["execution_id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["each@k", "each@k,0", "each@k,1"]);
}

#[tokio::test]
async fn the_whole_is_retried_with_its_list_and_an_element_by_itself() {
    let api = Api::open();
    define(&api, json!({"for_each": {"$result": "source"}, "command": "fails"})).await;
    run(&api, json!([1, 2])).await;
    api.put("/v1/jobs/each", json!({"for_each": {"$result": "source"}, "dependencies": ["source"]}))
        .await
        .ok(200);
    let alone = api.post("/v1/executions/each@k,1:retry", Value::Null).await.ok(201);
    assert_eq!((&alone["execution_id"], &alone["rerun_of"]), (&json!("each@k,1~2"), &json!("each@k,1")));
    api.work().await;
    assert_eq!(get(&api, "each@k,1~2").await["result"], 2);
    assert_eq!(get(&api, "each@k").await["status"], "failed", "terminal is final");
    let whole = api.post("/v1/executions/each@k:retry", Value::Null).await.ok(201);
    assert_eq!(whole["execution_id"], "each@k~2");
    api.work().await;
    assert_eq!(get(&api, "each@k~2").await["result"], json!([1, 2]));
    assert_eq!(
        elements(&api, "each@k~2").await,
        pairs(&[("each@k~2,0", "success"), ("each@k~2,1", "success")])
    );
    assert_eq!(get(&api, "after@k~2").await["result"], json!([1, 2]));
}

#[tokio::test]
async fn cancelling_the_whole_cancels_its_elements() {
    let api = Api::open();
    define(&api, json!({"for_each": {"$result": "source"}, "pool": "nobodys"})).await;
    run(&api, json!([1, 2])).await;
    // The whole, and then its elements, wait for a worker of a pool that has none.
    api.take_from("nobodys", 1).await;
    assert_eq!(get(&api, "each@k").await["status"], "waiting");
    assert_eq!(elements(&api, "each@k").await, pairs(&[("each@k,0", "queued"), ("each@k,1", "queued")]));
    let cancelled = api.post("/v1/executions/each@k:cancel", Value::Null).await.ok(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(
        elements(&api, "each@k").await,
        pairs(&[("each@k,0", "cancelled"), ("each@k,1", "cancelled")])
    );
    assert_eq!(
        get(&api, "each@k,0").await["reason"],
        "execution each@k, which this element belongs to, ended as cancelled"
    );
    api.take_from("nobodys", 10).await;
    assert_eq!(get(&api, "each@k,1").await["status"], "cancelled");
}

#[tokio::test]
async fn a_list_in_the_job_needs_no_dependency() {
    let api = Api::open();
    let job = json!({"for_each": ["eu", "us"], "input": {"region": {"$element": true}}});
    api.put("/v1/jobs/regions", job).await.ok(201);
    api.call(Method::POST, "/v1/jobs/regions/executions", &[("idempotency-key", "k")], "").await.ok(201);
    api.work().await;
    assert_eq!(get(&api, "regions@k").await["result"], json!([{"region": "eu"}, {"region": "us"}]));
}

#[tokio::test]
async fn a_run_without_the_dependency_says_so() {
    let api = Api::open();
    define(&api, json!({"for_each": {"$result": "source"}})).await;
    api.call(Method::POST, "/v1/jobs/each/executions", &[("idempotency-key", "k")], "").await.ok(201);
    api.work().await;
    let reason = get(&api, "each@k").await["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("this run began without the dependencies"), "{reason}");
}

#[tokio::test]
async fn bad_questions_are_told_so() {
    let api = Api::open();
    for bad in ["a@k&job_id=a", "a", "a@k,x", "a@k&limit=0"] {
        api.get(&format!("/v1/executions?element_of={bad}")).await.problem(400);
    }
    api.get("/v1/executions?element_of=a@k").await.problem(404);
    api.put("/v1/jobs/a", json!({"for_each": {"$result": "b"}})).await.problem(422);
    api.put("/v1/jobs/a", json!({"for_each": 7})).await.problem(422);
    api.put("/v1/jobs/a", json!({"for_each": [], "max_elements": 10_001})).await.problem(422);
}
