use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::Api;

fn daily() -> Value {
    json!({"schedule": "0 0 * * *", "target": {"type": "empty"}, "tags": {"team": "data"}})
}

#[tokio::test]
async fn the_textbook_job_is_taken_unchanged() {
    let api = Api::open();
    api.put("/v1/jobs/data_ingestion", daily()).await.ok(201);
    let textbook = json!({"job_id": "daily_report", "schedule": "0 0 * * *", "command": "python generate_report.py",
        "dependencies": ["data_ingestion"], "max_retries": 3, "timeout": 3600});
    let created = api.put("/v1/jobs/daily_report", textbook.clone()).await;
    assert_eq!((created.header("location"), created.header("etag")), ("/v1/jobs/daily_report", "\"1\""));
    insta::assert_snapshot!(serde_json::to_string_pretty(&created.ok(201)).unwrap());
    let unchanged = api.put("/v1/jobs/daily_report", textbook).await;
    assert_eq!(unchanged.ok(200)["version"], 1);
    assert_eq!(api.get("/v1/jobs/daily_report").await.ok(200)["definition"]["timeout"], "1h");
}

#[tokio::test]
async fn put_is_guarded_by_its_conditions() {
    let api = Api::open();
    let put = async |condition: (&str, &str), body: Value| {
        api.call(Method::PUT, "/v1/jobs/a", &[condition], body.to_string()).await
    };
    let absent = put(("if-match", "*"), daily()).await;
    assert!(absent.problem(412).contains("absent") && absent.header("etag").is_empty());
    put(("if-none-match", "*"), daily()).await.ok(201);
    let exists = put(("if-none-match", "*"), daily()).await;
    assert!(exists.problem(412).contains("\"1\"") && exists.header("etag") == "\"1\"");
    put(("if-none-match", "\"1\""), daily()).await.problem(400);
    put(("if-match", "\"7\""), daily()).await.problem(412);
    let both = [("if-match", "*"), ("if-none-match", "*")];
    api.call(Method::PUT, "/v1/jobs/a", &both, daily().to_string()).await.problem(412);
    let updated = put(("if-match", "\"1\""), json!({"schedule": "@hourly"})).await;
    assert_eq!((updated.header("etag"), updated.status.as_u16()), ("\"2\"", 200));
    assert_eq!(
        api.call(Method::DELETE, "/v1/jobs/a", &[("if-match", "\"1\"")], "").await.problem(412),
        "the job was changed since the client read it; the current state is \"2\""
    );
    api.delete("/v1/jobs/a").await.ok(204);
    api.delete("/v1/jobs/a").await.problem(404);
    assert_eq!(api.get("/v1/jobs/a").await.problem(404), "job \"a\" does not exist");
    assert_eq!(api.put("/v1/jobs/a", daily()).await.ok(201)["version"], 4, "versions go on over deletion");
}

#[tokio::test]
async fn a_job_that_the_client_knows_is_not_sent_again() {
    let api = Api::open();
    api.put("/v1/jobs/a", daily()).await.ok(201);
    let get = async |tags: &str| api.call(Method::GET, "/v1/jobs/a", &[("if-none-match", tags)], "").await;
    for known in ["\"1\"", "*", "\"7\", \"1\"", "W/\"1\""] {
        let answer = get(known).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag"), answer.text.as_str()), (304, "\"1\"", ""));
    }
    assert_eq!(get("\"7\"").await.ok(200)["version"], 1);
    api.post("/v1/jobs/a:pause", Value::Null).await.ok(200);
    let paused = get("\"1\"").await;
    assert_eq!((paused.status.as_u16(), paused.header("etag")), (200, "\"1-paused\""));
    let nobody = api.call(Method::GET, "/v1/jobs/b", &[("if-none-match", "*")], "").await;
    nobody.problem(404);
}

#[tokio::test]
async fn a_new_job_may_begin_paused() {
    let api = Api::open();
    let paused = json!({"schedule": "* * * * *", "target": {"type": "empty"}, "paused": true});
    let created = api.put("/v1/jobs/a", paused.clone()).await;
    assert_eq!(created.header("etag"), "\"1-paused\"");
    let created = created.ok(201);
    assert_eq!((&created["status"], &created["definition"]["paused"]), (&json!("paused"), &Value::Null));
    api.clock.advance(Duration::from_secs(120));
    api.work().await;
    assert_eq!(api.get("/v1/executions").await.ok(200)["items"], json!([]), "nothing has started");
    api.post("/v1/jobs/a:resume", Value::Null).await.ok(200);
    let again = api.put("/v1/jobs/a", paused).await.ok(200);
    assert_eq!(
        (&again["status"], &again["version"]),
        (&json!("active"), &json!(2)),
        "it changes nothing now"
    );
}

#[tokio::test]
async fn a_bad_definition_says_where() {
    let api = Api::open();
    let bad = [
        json!({"schedule": "61 * * * *"}),
        json!({"schedule": "0 0 31 2 *"}),
        json!({"schedule": "@daily", "timezone": "Mars/Base"}),
        json!({"schedule": "@daily", "run_at": "2030-01-01T00:00:00Z"}),
        json!({"run_at": "2020-01-01T00:00:00Z"}),
        json!({"dependencies": ["nobody"]}),
        json!({"dependencies": ["a"]}),
        json!({"job_id": "b"}),
        json!({"command": []}),
        json!({"target": {"type": "http", "url": "ftp://x"}}),
        json!({"timeout": "soon"}),
        json!({"retry": []}),
        json!({"retry": 5}),
        json!({"dependencies": "x"}),
        json!([]),
        json!("job"),
    ];
    let mut shown = Vec::new();
    for body in bad {
        let answer = api.put("/v1/jobs/a", body.clone()).await;
        answer.problem(422);
        let problems = answer.json()["problems"].clone();
        assert!(!problems.as_array().unwrap().is_empty());
        shown.push(format!("{body}\n  {problems}"));
    }
    insta::assert_snapshot!(shown.join("\n"));
}

#[tokio::test]
async fn a_cycle_is_printed() {
    let api = Api::open();
    let jobs = json!({"jobs": [
        {"job_id": "a", "dependencies": ["c"]}, {"job_id": "b", "dependencies": ["a"]}, {"job_id": "c", "dependencies": ["b"]}]});
    let detail = api.post("/v1/jobs:apply", jobs).await.problem(422);
    assert!(detail.contains("a → c → b → a"), "{detail}");
    assert_eq!(api.get("/v1/jobs").await.ok(200)["items"], json!([]), "all or nothing");
}

#[tokio::test]
async fn apply_tells_what_changes_and_a_dry_run_changes_nothing() {
    let api = Api::open();
    let jobs = |schedule: &str, dry_run: bool| {
        json!({"dry_run": dry_run, "jobs": [
            {"job_id": "ingest", "schedule": schedule}, {"job_id": "report", "dependencies": ["ingest"]}]})
    };
    let planned = api.post("/v1/jobs:apply", jobs("@daily", true)).await.ok(200);
    assert_eq!(planned["jobs"][0]["change"], "created");
    assert_eq!(api.get("/v1/jobs").await.ok(200)["items"], json!([]));
    api.post("/v1/jobs:apply", jobs("@daily", false)).await.ok(200);
    insta::assert_snapshot!(api.post("/v1/jobs:apply", jobs("@hourly", true)).await.text);
    assert_eq!(api.get("/v1/jobs/ingest").await.ok(200)["version"], 1);
    assert_eq!(
        api.delete("/v1/jobs/ingest").await.problem(409),
        "job ingest cannot be deleted, because these jobs depend on it: report"
    );
    api.post("/v1/jobs:apply", json!({"jobs": []})).await.problem(422);
    api.post("/v1/jobs:apply", json!({"jobs": [["a"]]})).await.problem(422);
}

#[tokio::test]
async fn listing_filters_and_pages() {
    let api = Api::open();
    for name in ["a1", "a2", "a3", "b1"] {
        api.put(&format!("/v1/jobs/{name}"), daily()).await.ok(201);
    }
    api.put(
        "/v1/jobs/b2",
        json!({"schedule": "@daily", "pool": "big", "tags": {"team": "ops:eu", "x": "y"}}),
    )
    .await
    .ok(201);
    api.post("/v1/jobs/a2:pause", Value::Null).await.ok(200);
    let ids = async |query: &str| -> Vec<String> {
        let page = api.get(&format!("/v1/jobs{query}")).await.ok(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["job_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids("?tag=team:data&search=a").await, ["a1", "a2", "a3"]);
    assert_eq!(ids("?tag=team:ops:eu&tag=x:y").await, ["b2"]);
    assert_eq!(ids("?tag=team:ops:eu&tag=x:z").await, Vec::<String>::new());
    assert_eq!(ids("?status=paused").await, ["a2"]);
    assert_eq!(ids("?pool=big").await, ["b2"]);
    let first = api.get("/v1/jobs?limit=3").await.ok(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&format!("?limit=3&cursor={cursor}")).await, ["b1", "b2"]);
    assert_eq!(api.get("/v1/jobs").await.ok(200)["next_cursor"], Value::Null);
    for bad in ["limit=0", "status=gone", "tag=team", "cursor=x", "colour=red", "limit=1&limit=2"] {
        api.get(&format!("/v1/jobs?{bad}")).await.problem(400);
    }
}

#[tokio::test]
async fn pause_and_resume() {
    let api = Api::open();
    api.put("/v1/jobs/a", daily()).await.ok(201);
    let paused = api.post("/v1/jobs/a:pause", Value::Null).await;
    assert_eq!(paused.header("etag"), "\"1-paused\"");
    let paused = paused.ok(200);
    assert_eq!(
        (&paused["status"], &paused["paused_at"]),
        (&json!("paused"), &json!("2026-11-23T12:00:30.000Z"))
    );
    assert_eq!(paused["next_slot"], Value::Null);
    assert_eq!(paused["pause_note"], Value::Null);
    let noted = api.post("/v1/jobs/a:pause", json!({"note": "until Monday"})).await.ok(200);
    assert_eq!((&noted["paused_at"], &noted["pause_note"]), (&paused["paused_at"], &json!("until Monday")));
    assert_eq!(api.post("/v1/jobs/a:pause", Value::Null).await.ok(200)["pause_note"], "until Monday");
    let mut changed = daily();
    changed["description"] = json!("of another kind");
    let changed = api.put("/v1/jobs/a", changed).await.ok(200);
    assert_eq!(
        (&changed["paused_at"], &changed["pause_note"]),
        (&paused["paused_at"], &json!("until Monday"))
    );
    api.post("/v1/jobs/a:pause", json!({"note": "x".repeat(501)})).await.problem(422);
    api.clock.advance(Duration::from_secs(60));
    let resumed = api.call(Method::POST, "/v1/jobs/a%3Aresume", &[], "").await;
    assert_eq!(
        resumed.problem(405),
        "the Allow header lists the methods of this path",
        "an encoded colon is part of an id"
    );
    assert_eq!(
        api.post("/v1/jobs/a:resume", Value::Null).await.ok(200)["next_slot"],
        "2026-11-24T00:00:00.000Z"
    );
    api.post("/v1/jobs/nobody:pause", Value::Null).await.problem(404);
    let get = api.get("/v1/jobs/a:pause").await;
    assert_eq!((get.header("allow"), get.status.as_u16()), ("POST", 405));
}
