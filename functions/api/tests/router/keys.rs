use std::sync::Arc;

use axum::http::Method;
use belfry_domain::{IdempotencyKey, Status};
use belfry_engine::ports::ExecutionFilter;
use serde_json::{Value, json};

use crate::support::{Answer, Api};

async fn keyed(api: &Api, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("idempotency-key", key), ("content-type", "application/json")];
    api.call(Method::POST, path, &headers, body.to_string()).await
}

async fn push(api: &Api, key: &str) -> Answer {
    keyed(api, "/v1/executions", key, &json!({"name": "mail", "target": {"type": "empty"}})).await
}

fn id_of(answer: Answer, status: u16) -> String {
    answer.ok(status)["execution_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_up_to_255_visible_characters() {
    let api = Api::open();
    assert_eq!(id_of(push(&api, "order-42").await, 201), "mail@order-42");
    let longest = "x".repeat(255);
    let visible: String = (0x21..=0x7e).map(char::from).filter(|character| *character != '"').collect();
    let keys = [
        "orders/42",
        "../..",
        "..",
        "a,3",
        "a~2",
        "a@b",
        "a#b",
        "a%2F",
        "?a=b&c",
        "'x'",
        "mid\"dle",
        "\\",
        ":",
        "2026-11-30T07:13:00Z",
        "2026-11-30T07:13:00+00:00",
        "2026-11-30T07:13Z",
        "2026-11-30t07:13:00z",
        "2026-11-30T07:13:00.000Z",
        "2026-11-30T08:13:00+01:00",
        "20261130T071300Z",
        &visible,
        &longest,
    ];
    let mut ids = std::collections::BTreeSet::new();
    for key in keys {
        let id = id_of(push(&api, key).await, 201);
        let again = push(&api, key).await;
        let location = again.header("location").to_owned();
        assert_eq!(id_of(again, 200), id, "{key}");
        assert_eq!(id_of(api.get(&location).await, 200), id, "{key}: it is read where it is said to be");
        assert!(ids.insert(id), "{key} has an id of its own");
    }
    let too_long = "x".repeat(256);
    for bad in ["", "   ", "a b", "a\tb", &too_long] {
        assert!(push(&api, bad).await.problem(400).starts_with("Idempotency-Key: "), "{bad:?}");
    }
    for bad in ["grüße", "\u{2013}"] {
        let batch = json!({"executions": [{"target": {"type": "empty"}, "idempotency_key": bad}]});
        api.post("/v1/executions:batch", batch).await.problem(422);
    }
}

#[tokio::test]
async fn a_key_may_stand_in_quotes() {
    let api = Api::open();
    let id = id_of(push(&api, r#""order-42""#).await, 201);
    assert_eq!(id, "mail@order-42");
    assert_eq!(id_of(push(&api, "order-42").await, 200), id, "the quotes are no part of the key");
    let escaped = id_of(push(&api, r#""a\"b\\c""#).await, 201);
    assert_eq!(id_of(push(&api, r#"a"b\c"#).await, 200), escaped);
    let longest = format!("\"{}\"", "x".repeat(255));
    push(&api, &longest).await.ok(201);
    for bad in [r#"""#, r#""""#, r#""open"#, r#""a"b""#, r#""a\b""#, r#""a\""#, r#""a b""#, r#""a";p=1"#] {
        assert!(push(&api, bad).await.problem(400).starts_with("Idempotency-Key: "), "{bad}");
    }
}

#[tokio::test]
async fn a_key_of_another_request_says_so() {
    let api = Api::open();
    api.put("/v1/jobs/a", json!({"target": {"type": "empty"}})).await.ok(201);
    let pushed = json!({"name": "a", "target": {"type": "empty"}, "priority": "low"});
    keyed(&api, "/v1/executions", "k", &pushed).await.ok(201);
    let mut other = pushed.clone();
    other["priority"] = json!("high");
    for (path, body) in [("/v1/executions", &other), ("/v1/jobs/a/executions", &json!({}))] {
        let refused = keyed(&api, path, "k", body).await;
        assert_eq!(refused.json()["type"], "urn:belfry:problem:idempotency-key-reused");
        assert!(refused.problem(422).contains("a@k"));
    }
    keyed(&api, "/v1/executions", "k", &pushed).await.ok(200);
}

/// API in which `a@k` and `b@k` have failed.
async fn failed() -> Api {
    let api = Api::open();
    for name in ["a", "b"] {
        let work = json!({"name": name, "command": "exit 3"});
        keyed(&api, "/v1/executions", "k", &work).await.ok(201);
    }
    api.work().await;
    api
}

#[tokio::test]
async fn a_repeated_retry_arrives_at_the_same_generation() {
    let api = failed().await;
    let retry = async |id: &str, key: &str| {
        keyed(&api, &format!("/v1/executions/{id}:retry"), key, &Value::Null).await
    };
    assert_eq!(id_of(retry("a@k", "once").await, 201), "a@k~2");
    let again = retry("a@k", "once").await;
    assert_eq!(again.header("location"), "/v1/executions/a@k~2");
    assert_eq!(id_of(again, 200), "a@k~2", "while it waits");
    api.work().await;
    assert_eq!(id_of(retry("a@k", "\"once\"").await, 200), "a@k~2", "after its end");
    assert_eq!(id_of(retry("a@k", "twice").await, 201), "a@k~3", "another key is another request");
    assert_eq!(id_of(retry("a@k", "once").await, 200), "a@k~2", "whatever came after it");
    assert_eq!(id_of(retry("b@k", "once").await, 201), "b@k~2", "of another execution");
    assert_eq!(id_of(retry("a@k~2", "once").await, 201), "a@k~4", "of its generation too");
    assert!(retry("a@k", "a b").await.problem(400).starts_with("Idempotency-Key: "));
}

#[tokio::test]
async fn a_repeated_rerun_arrives_at_the_same_generations() {
    for body in [
        json!({"execution_ids": ["a@k", "b@k"]}),
        json!({"filter": {}}),
        json!({"filter": {"status": ["failed"], "job_id": "a"}}),
    ] {
        let api = failed().await;
        let rerun = async || keyed(&api, "/v1/executions:rerun", "once", &body).await.ok(200);
        let first = rerun().await;
        let begun = |answer: &Value| -> Vec<Value> {
            let results = answer["results"].as_array().unwrap().iter();
            let mut begun: Vec<Value> = results.map(|result| result["rerun_as"].clone()).collect();
            begun.sort_by_key(Value::to_string);
            begun
        };
        assert_eq!(begun(&first)[0], json!(["a@k~2"]), "{first}");
        assert_eq!(begun(&rerun().await), begun(&first), "while they wait");
        // They fail again: the filter would find them, and the request has had them.
        api.work().await;
        let last = rerun().await;
        assert_eq!(begun(&last), begun(&first), "after their end");
        assert_eq!(last["results"][0]["status"], 200);
        api.get("/v1/executions/a@k~3").await.problem(404);
    }
}

#[tokio::test]
async fn a_graph_is_run_again_once_for_a_key() {
    let api = Api::open();
    let after =
        |name: &str, before: &[&str]| json!({"job_id": name, "dependencies": before, "command": "exit 3"});
    let root = json!({"job_id": "root", "target": {"type": "empty"}});
    let jobs = [root, after("left", &["root"]), after("right", &["root"]), after("join", &["left", "right"])];
    api.post("/v1/jobs:apply", json!({"jobs": jobs})).await.ok(200);
    keyed(&api, "/v1/jobs/root/executions", "k", &Value::Null).await.ok(201);
    api.work().await;
    let rerun = async |key: &str| {
        keyed(&api, "/v1/executions:rerun", key, &json!({"run_id": "root@k"})).await.ok(200)
    };
    let first = rerun("once").await;
    assert_eq!(first["results"][0]["rerun_as"], json!(["left@k~2", "right@k~2"]));
    for when in ["while they wait", "after their end"] {
        assert_eq!(rerun("once").await["results"][0]["rerun_as"], first["results"][0]["rerun_as"], "{when}");
        api.work().await;
    }
    assert_eq!(rerun("twice").await["results"][0]["rerun_as"], json!(["left@k~3", "right@k~3"]));
    assert_eq!(rerun("once").await["results"][0]["rerun_as"], first["results"][0]["rerun_as"]);
}

/// Which execution, and what it became; in the order of their names.
fn outcomes(answer: &Value, fields: [&str; 2]) -> Vec<String> {
    let results = answer["results"].as_array().unwrap().iter();
    let mut outcomes: Vec<String> =
        results.map(|result| format!("{} {}", result[fields[0]], result[fields[1]])).collect();
    outcomes.sort_unstable();
    outcomes
}

fn redriven(answer: &Value) -> Vec<String> {
    outcomes(answer, ["execution_id", "redriven_as"])
}

#[tokio::test]
async fn a_letter_is_redriven_once_for_a_key() {
    for body in [json!({"execution_ids": ["a@k"]}), json!({"job_id": "a"}), json!({"all": true})] {
        let api = failed().await;
        let redrive = async || keyed(&api, "/v1/dead-letters:redrive", "once", &body).await.ok(200);
        let first = redrive().await;
        assert_eq!(redriven(&first)[0], r#""a@k" "a@k~2""#);
        for when in ["while they wait", "after their end", "later"] {
            let again = redrive().await;
            assert_eq!(redriven(&again), redriven(&first), "{when}");
            assert_eq!(again["results"][0]["status"], 200, "{when}");
            api.work().await;
        }
        api.get("/v1/executions/a@k~3").await.problem(404);
        let other = keyed(&api, "/v1/dead-letters:redrive", "twice", &body).await.ok(200);
        assert_ne!(redriven(&other), redriven(&first), "another key is another request");
    }
}

#[tokio::test]
async fn requests_for_one_key_that_meet_answer_the_same() {
    let api = Api::open();
    for number in 0..12 {
        let work = json!({"name": "a", "command": "exit 3"});
        keyed(&api, "/v1/executions", &format!("k{number}"), &work).await.ok(201);
    }
    api.work().await;
    for (path, body, fields) in [
        ("/v1/executions:rerun", json!({"filter": {}}), ["execution_ids", "rerun_as"]),
        ("/v1/dead-letters:redrive", json!({"all": true}), ["execution_id", "redriven_as"]),
    ] {
        for round in 0..4 {
            let key = format!("{path}-{round}").replace([':', '/'], "");
            let ask = async || keyed(&api, path, &key, &body).await.ok(200);
            let answers = futures::future::join_all((0..4).map(|_| ask())).await;
            for answer in &answers {
                assert_eq!(outcomes(answer, fields), outcomes(&answers[0], fields), "{path}, round {round}");
                assert_eq!(answer["results"].as_array().unwrap().len(), 12);
            }
            api.work().await;
        }
    }
}

/// Whatever another request does for the same key between two looks of this one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_filter_finds_all_that_its_key_begins_meanwhile() {
    const FAILED: usize = 40;
    let api = Arc::new(Api::open());
    for number in 0..FAILED {
        let work = json!({"name": "a", "command": "exit 3"});
        keyed(&api, "/v1/executions", &format!("k{number}"), &work).await.ok(201);
    }
    api.work().await;
    for round in 0..4 {
        let key = format!("round-{round}");
        let begun = tokio::spawn({
            let (api, key) = (api.clone(), key.clone());
            async move { keyed(&api, "/v1/executions:rerun", &key, &json!({"filter": {}})).await.ok(200) }
        });
        let looks = (0..3).map(|_| {
            let (engine, key) = (api.engine.clone(), key.parse::<IdempotencyKey>().unwrap());
            tokio::spawn(async move {
                let filter = ExecutionFilter::default();
                let mut found = vec![FAILED];
                while found.last() == Some(&FAILED) && found.len() < 20 {
                    let page =
                        engine.select_for_rerun(&filter, &[Status::Failed], Some(&key), None, 1000).await;
                    found.push(page.unwrap().executions.len());
                }
                *found.last().unwrap()
            })
        });
        for look in futures::future::join_all(looks).await {
            assert_eq!(look.unwrap(), FAILED, "{key}");
        }
        assert_eq!(begun.await.unwrap()["results"].as_array().unwrap().len(), FAILED);
        api.work().await;
    }
}

#[tokio::test]
async fn a_repeated_request_finds_its_execution_also_when_the_job_is_gone() {
    let api = Api::open();
    let failing = json!({"job_id": "a", "command": "exit 3"});
    api.put("/v1/jobs/a", failing).await.ok(201);
    let requests = [
        ("/v1/jobs/a/executions", json!({"input": 1})),
        ("/v1/executions/a@once:retry", Value::Null),
        ("/v1/executions:rerun", json!({"execution_ids": ["a@once~2"]})),
        ("/v1/dead-letters:redrive", json!({"execution_ids": ["a@once~3"]})),
    ];
    let mut first = Vec::new();
    for (path, body) in &requests {
        let answer = keyed(&api, path, "once", body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        first.push(answer.json());
        api.work().await;
    }
    api.delete("/v1/jobs/a").await.ok(204);
    for ((path, body), first) in requests.iter().zip(first) {
        let again = keyed(&api, path, "once", body).await.ok(200);
        assert_eq!(again["execution_id"], first["execution_id"], "{path}");
        for name in ["rerun_as", "redriven_as"] {
            assert_eq!(again["results"][0][name], first["results"][0][name], "{path}: {again}");
        }
    }
    let reused = keyed(&api, "/v1/jobs/a/executions", "once", &json!({"input": 2})).await;
    assert!(reused.problem(422).contains("a@once"));
    for (path, body) in [&requests[0], &requests[1]] {
        keyed(&api, path, "other", body).await.problem(404);
    }
}

#[tokio::test]
async fn a_key_where_none_belongs_is_refused_and_changes_nothing() {
    let api = Api::open();
    let batch = json!({"executions": [{"target": {"type": "empty"}}]});
    let refused = keyed(&api, "/v1/executions:batch", "k", &batch).await.problem(400);
    assert!(refused.starts_with("Idempotency-Key: ") && refused.contains("`idempotency_key`"), "{refused}");
    let job = json!({"schedule": "@hourly", "target": {"type": "empty"}});
    api.put("/v1/jobs/a", job).await.ok(201);
    let range = json!({"from": "2026-11-23T00:00:00Z", "to": "2026-11-23T02:00:00Z"});
    let refused = keyed(&api, "/v1/jobs/a/backfills", "k", &range).await.problem(400);
    assert!(refused.starts_with("Idempotency-Key: ") && refused.contains("runs once"), "{refused}");
    for path in ["/v1/executions", "/v1/backfills"] {
        assert_eq!(api.get(path).await.ok(200)["items"], json!([]), "{path}");
    }
    api.post("/v1/executions:batch", batch).await.ok(200);
    api.post("/v1/jobs/a/backfills", range).await.ok(201);
}

#[tokio::test]
async fn a_request_has_one_key() {
    let api = Api::open();
    let headers = [("idempotency-key", "a"), ("idempotency-key", "b"), ("content-type", "application/json")];
    let body = json!({"target": {"type": "empty"}}).to_string();
    let refused = api.call(Method::POST, "/v1/executions", &headers, body).await;
    assert!(refused.problem(400).starts_with("Idempotency-Key: "));
}
