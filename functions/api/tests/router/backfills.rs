use std::time::Duration;

use belfry_engine::ports::Acquired;
use serde_json::{Value, json};

use crate::support::Api;

async fn with_hourly() -> Api {
    let api = Api::open();
    api.put("/v1/jobs/a", json!({"schedule": "@hourly", "target": {"type": "empty"}})).await.ok(201);
    api
}

fn of_hours(from: u32, to: u32, concurrency: u32) -> Value {
    json!({"from": format!("2026-11-23T{from:02}:00:00Z"), "to": format!("2026-11-23T{to:02}:00:00Z"),
        "concurrency": concurrency})
}

async fn start(api: &Api, body: Value) -> String {
    let row = api.post("/v1/jobs/a/backfills", body).await.ok(201);
    format!("/v1/backfills/{}", row["backfill_id"].as_str().unwrap())
}

/// Does what a leader does once a second: one tick and one sweep.
async fn tick_and_sweep(api: &Api) {
    let (ports, shards) = (&api.engine.ports, api.engine.settings.shards);
    let now = ports.clock.now();
    let acquired = ports.leases.acquire(0, "test", now, now.plus(Duration::from_secs(5))).await.unwrap();
    let Acquired::Leader(lease) = acquired else { panic!("it leads") };
    api.engine.tick(&lease, shards.all()).await.unwrap();
    api.engine.sweep(shards.all()).await.unwrap();
}

/// Works and sweeps in turn until the backfill is over. Returns it with the number of sweeps.
async fn finish(api: &Api, path: &str) -> (Value, u32) {
    for looks in 0..100 {
        let row = api.get(path).await.ok(200);
        if !row["ended_at"].is_null() {
            return (row, looks);
        }
        api.work().await;
        tick_and_sweep(api).await;
    }
    panic!("it never ends: {}", api.get(path).await.text);
}

#[tokio::test]
async fn slots_are_run_a_few_at_a_time() {
    let api = with_hourly().await;
    let created = api.post("/v1/jobs/a/backfills", of_hours(0, 6, 2)).await;
    let path = created.header("location").to_owned();
    let row = created.ok(201);
    assert_eq!(
        (&row["status"], &row["progress"]["open"], &row["progress"]["left"]),
        (&json!("running"), &json!(2), &json!(4))
    );
    let (row, looks) = finish(&api, &path).await;
    assert_eq!(looks, 1, "each that ends starts the next");
    assert_eq!((&row["status"], &row["next_slot"]), (&json!("finished"), &Value::Null));
    assert_eq!((&row["progress"]["succeeded"], &row["progress"]["percent"]), (&json!(6), &json!(100)));
    let first = api.get("/v1/executions/a@2026-11-23T00:00:00Z").await.ok(200);
    assert_eq!((&first["trigger"], &first["priority"]), (&json!("backfill"), &json!("low")));
    assert_eq!((&first["due_at"], &first["lateness_ms"]), (&json!("2026-11-23T00:00:00.000Z"), &json!(0)));
    api.get("/v1/executions/a@2026-11-23T06:00:00Z").await.problem(404);
}

#[tokio::test]
async fn what_has_run_is_left_alone_and_what_was_skipped_is_run() {
    let api = with_hourly().await;
    // An outage of three hours and a half: the oldest and the newest slot that are passed over say so, the last
    // one runs.
    api.clock.advance(Duration::from_secs(7 * 1800));
    tick_and_sweep(&api).await;
    api.work().await;
    let skipped = api.get("/v1/executions/a@2026-11-23T13:00:00Z").await.ok(200);
    assert_eq!(skipped["status"], "skipped");
    let mut body = of_hours(12, 15, 9);
    body["to"] = json!("2026-11-23T15:30:00Z");
    body["order"] = json!("newest_first");
    let (row, _) = finish(&api, &start(&api, body.clone()).await).await;
    assert_eq!((&row["progress"]["succeeded"], &row["progress"]["existing"]), (&json!(3), &json!(1)));
    for id in ["a@2026-11-23T12:00:00Z", "a@2026-11-23T13:00:00Z~2", "a@2026-11-23T14:00:00Z~2"] {
        let ran = api.get(&format!("/v1/executions/{id}")).await.ok(200);
        assert_eq!((&ran["status"], &ran["trigger"]), (&json!("success"), &json!("backfill")), "{id}");
    }
    let (row, looks) = finish(&api, &start(&api, body).await).await;
    assert_eq!((&row["progress"]["existing"], looks), (&json!(4), 0), "there is nothing left to do");
}

#[tokio::test]
async fn a_dry_run_starts_nothing() {
    let api = with_hourly().await;
    let mut body = of_hours(0, 6, 2);
    body["dry_run"] = json!(true);
    let plan = api.post("/v1/jobs/a/backfills", body).await.ok(200);
    let expected = json!({"job_id": "a", "slots": 6, "first_slot": "2026-11-23T00:00:00.000Z",
        "last_slot": "2026-11-23T05:00:00.000Z", "order": "oldest_first", "concurrency": 2});
    assert_eq!(plan, expected);
    assert_eq!(api.get("/v1/backfills").await.ok(200)["items"], json!([]));
    api.get("/v1/executions/a@2026-11-23T00:00:00Z").await.problem(404);
}

#[tokio::test]
async fn one_is_paused_resumed_and_cancelled() {
    let api = with_hourly().await;
    let path = start(&api, of_hours(0, 6, 1)).await;
    let paused = api.post(&format!("{path}:pause"), json!({})).await.ok(200);
    assert_eq!((&paused["status"], &paused["progress"]["open"]), (&json!("paused"), &json!(1)));
    for _ in 0..3 {
        api.work().await;
        tick_and_sweep(&api).await;
    }
    let row = api.get(&path).await.ok(200);
    assert_eq!((&row["progress"]["succeeded"], &row["progress"]["left"]), (&json!(1), &json!(5)));
    let resumed = api.post(&format!("{path}:resume"), json!({})).await.ok(200);
    assert_eq!((&resumed["status"], &resumed["progress"]["open"]), (&json!("running"), &json!(1)));
    let cancelled = api.post(&format!("{path}:cancel"), json!({"reason": "enough"})).await.ok(200);
    assert_eq!((&cancelled["status"], &cancelled["reason"]), (&json!("cancelled"), &json!("enough")));
    let (row, _) = finish(&api, &path).await;
    assert_eq!((&row["progress"]["not_run"], &row["progress"]["left"]), (&json!(1), &json!(4)));
    let second = api.get("/v1/executions/a@2026-11-23T01:00:00Z").await.ok(200);
    assert_eq!(
        (&second["status"], &second["reason"]),
        (&json!("cancelled"), &json!("the backfill of this slot was cancelled"))
    );
    assert!(api.post(&format!("{path}:resume"), json!({})).await.problem(409).contains("is cancelled"));
}

#[tokio::test]
async fn dependents_follow_and_dependencies_come_first() {
    let api = with_hourly().await;
    api.put("/v1/jobs/flows", json!({"dependencies": ["a"], "target": {"type": "empty"}})).await.ok(201);
    let report = json!({"schedule": "0 */2 * * *", "dependencies": ["a"], "target": {"type": "empty"}});
    api.put("/v1/jobs/report", report).await.ok(201);
    finish(&api, &start(&api, of_hours(0, 3, 3)).await).await;
    let flowed = api.get("/v1/executions/flows@2026-11-23T02:00:00Z").await.ok(200);
    assert_eq!((&flowed["status"], &flowed["trigger"]), (&json!("success"), &json!("dependency")));
    let row = api.post("/v1/jobs/report/backfills", of_hours(0, 5, 9)).await.ok(201);
    let path = format!("/v1/backfills/{}", row["backfill_id"].as_str().unwrap());
    let (row, _) = finish(&api, &path).await;
    // Of 4 o'clock there is no `a`, and there was no such job then.
    assert_eq!((&row["progress"]["succeeded"], &row["progress"]["not_run"]), (&json!(2), &json!(1)));
    api.get("/v1/executions/flows@2026-11-23T04:00:00Z").await.ok(200);
}

#[tokio::test]
async fn a_deleted_job_ends_its_backfill() {
    let api = with_hourly().await;
    let path = start(&api, of_hours(0, 6, 1)).await;
    api.delete("/v1/jobs/a").await.ok(204);
    let (row, _) = finish(&api, &path).await;
    assert_eq!((&row["status"], &row["reason"]), (&json!("cancelled"), &json!("the job was deleted")));
}

#[tokio::test]
async fn they_are_listed_newest_first() {
    let api = with_hourly().await;
    api.put("/v1/jobs/b", json!({"schedule": "@daily"})).await.ok(201);
    let first = start(&api, of_hours(0, 1, 1)).await;
    api.clock.advance(Duration::from_millis(5));
    api.post("/v1/jobs/b/backfills", of_hours(0, 1, 1)).await.ok(201);
    let page = api.get("/v1/backfills?limit=1").await.ok(200);
    assert_eq!(page["items"][0]["job_id"], "b");
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = api.get(&format!("/v1/backfills?cursor={cursor}")).await.ok(200);
    assert_eq!((&rest["items"][0]["job_id"], &rest["next_cursor"]), (&json!("a"), &Value::Null));
    let of_a = api.get("/v1/jobs/a/backfills").await.ok(200);
    assert_eq!(of_a["items"].as_array().unwrap().len(), 1);
    assert!(first.ends_with(of_a["items"][0]["backfill_id"].as_str().unwrap()));
}

#[tokio::test]
async fn a_wrong_range_says_what_is_wrong() {
    let api = with_hourly().await;
    api.put("/v1/jobs/unscheduled", json!({})).await.ok(201);
    let refused = async |body: Value| api.post("/v1/jobs/a/backfills", body).await.problem(422);
    assert_eq!(refused(of_hours(6, 6, 1)).await, "to: must be after `from`");
    assert!(refused(of_hours(6, 13, 1)).await.starts_with("to: must not be in the future"));
    assert_eq!(refused(of_hours(0, 6, 0)).await, "concurrency: must be from 1 to 100");
    assert_eq!(refused(of_hours(0, 6, 101)).await, "concurrency: must be from 1 to 100");
    let short = json!({"from": "2026-11-23T00:00:01Z", "to": "2026-11-23T00:59:59Z"});
    assert_eq!(refused(short).await, "from: the schedule of the job has no slot in this range");
    let long = json!({"from": "1990-01-01T00:00:00Z", "to": "2026-11-23T00:00:00Z"});
    assert!(refused(long).await.contains("more than 100000 slots"));
    refused(json!({"from": "yesterday", "to": "2026-11-23T00:00:00Z"})).await;
    refused(json!({"from": "2026-11-23T00:00:00Z"})).await;
    let unscheduled = api.post("/v1/jobs/unscheduled/backfills", of_hours(0, 6, 1)).await;
    assert!(unscheduled.problem(409).contains("has no schedule"));
    api.post("/v1/jobs/nobody/backfills", of_hours(0, 6, 1)).await.problem(404);
    api.get("/v1/backfills/x").await.problem(400);
    api.get("/v1/backfills/01KB0000000000000000000000").await.problem(404);
    assert_eq!(api.get("/v1/backfills").await.ok(200)["items"], json!([]), "nothing came of any of these");
}
