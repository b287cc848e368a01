//! The items, restored and worked on by the present functions.
//!
//! They are as old as they are: keys are hashes of names that hold instants, so nothing of them can be moved. What
//! depends on their age is not judged here but on the database: slots that were missed, and waits that are too long.

use std::{fs, time::Duration};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use belfry_e2e::{Api, functions, until, workspace};
use belfry_emulator::{Emulator, create_tables};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    expected::{Died, ENDED, ENDS, JOBS, OPEN_LETTERS},
    node::{Node, create_queues, names},
    target::Target,
};

const SOON: Duration = Duration::from_secs(600);
const OPEN: [&str; 3] = ["waiting", "queued", "running"];
/// Where the items' targets are: nothing listens there.
const NOWHERE: &str = "127.0.0.1:9";

async fn restore(emulator: &Emulator, target: &Target) -> Value {
    let read = |name| fs::read_to_string(workspace().join("tests/e2e/tests/stored").join(name)).unwrap();
    create_tables(&Client::new(&emulator.sdk_config()), &names()).await;
    create_queues(emulator).await;
    let api = Api::new(emulator.url());
    for line in read("dynamodb.jsonl").replace(NOWHERE, &target.address).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let put =
            json!({ "TableName": names().table(line["table"].as_str().unwrap()), "Item": line["item"] });
        // As DynamoDB has them, which the SDK has no reader for.
        let request = api.request(Method::POST, "/").header("x-amz-target", "DynamoDB_20120810.PutItem");
        let scope =
            "Credential=test/20261130/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
        let request = request.header("authorization", format!("AWS4-HMAC-SHA256 {scope}"));
        let request = request.header("content-type", "application/x-amz-json-1.0").body(put.to_string());
        api.send(request).await.unwrap().ok();
    }
    serde_json::from_str(&read("dynamodb.json")).unwrap()
}

async fn work_elsewhere(node: &mut Node, pool: &str, id: &str) {
    let lease = json!({ "worker_id": "outsider-2", "lease_seconds": 60 });
    let leased = node.ok("POST", &format!("/v1/pools/{pool}:lease?wait=0"), &lease).await;
    if let Some(attempt) = leased["attempts"].get(0) {
        assert_eq!(attempt["execution_id"], id);
        let end = json!({ "token": attempt["token"], "status": "success" });
        node.ok("POST", &format!("/v1/executions/{id}:finish"), &end).await;
    }
}

pub async fn what_an_older_version_left_on_dynamodb_is_read_and_ends() {
    let (emulator, target) = (Emulator::start(&[]).unwrap(), Target::start().await);
    let facts = restore(&emulator, &target).await;
    let mut node = Node::start(functions(), &emulator).await;
    everything_ends(&mut node).await;
    let slot_like = format!("pushed@{}", facts["slot_like"].as_str().unwrap());
    assert_eq!(node.status(&slot_like).await, "success");
    let late = json!({ "token": facts["token_of_outside"], "status": "success" });
    let (status, answer) = node.call("POST", "/v1/executions/outside@leased:finish", &late, None).await;
    assert_eq!(status, 409, "{answer}");
    what_had_ended_stays(&mut node, &facts).await;
    everything_is_shown(&mut node).await;
    assert_eq!(quarantined(&emulator).await, 0);
    // Whatever ran here ran once for each attempt.
    assert!(target.calls().values().all(|calls| *calls == 1), "{:?}", target.calls());
}

async fn everything_ends(node: &mut Node) {
    until("everything has ended", SOON, async || {
        node.turn().await;
        work_elsewhere(node, "outside", "outside@leased").await;
        work_elsewhere(node, "unserved", "unserved@queued").await;
        let rows = node.get("/v1/executions?limit=1000").await;
        let is_open = |row: &&Value| OPEN.contains(&row["status"].as_str().unwrap());
        let open: Vec<&Value> = rows["items"].as_array().unwrap().iter().filter(is_open).collect();
        // It has no row before what it depends on has ended.
        (open.is_empty() && node.status("joined@flow").await != "not there").then_some(())
    })
    .await;
    for (id, status, died) in ENDS {
        let row = node.get(&format!("/v1/executions/{id}")).await;
        assert_eq!(row["status"], status, "{row}");
        let attempts = row["attempts"].as_array().unwrap();
        let lost = attempts.iter().filter(|attempt| attempt["outcome"] == "lost").count();
        assert_eq!(lost, usize::from(died == Died::Running), "{row}");
    }
}

async fn what_had_ended_stays(node: &mut Node, facts: &Value) {
    for (id, status) in ENDED {
        assert_eq!(node.status(id).await, status, "{id}");
    }
    assert_eq!(node.get("/v1/executions/root@flow").await["result"], json!([1, 2, 3]));
    let letters = node.get("/v1/dead-letters").await;
    for letter in OPEN_LETTERS {
        let is_it = |row: &Value| row["execution_id"] == letter;
        assert!(letters["items"].as_array().unwrap().iter().any(is_it), "{letter}: {letters}");
    }
    let alerts = node.get("/v1/alerts").await;
    for key in facts["alerts"].as_array().unwrap() {
        let alerts = alerts["items"].as_array().unwrap();
        assert!(alerts.iter().any(|alert| alert["key"] == *key), "{key}: {alerts:?}");
    }
    let backfill = format!("/v1/backfills/{}", facts["backfill"].as_str().unwrap());
    let backfill = until("the backfill is over", SOON, async || {
        node.turn().await;
        let backfill = node.get(&backfill).await;
        (backfill["status"] == "finished").then_some(backfill)
    })
    .await;
    assert_eq!((&backfill["progress"]["slots"], &backfill["progress"]["succeeded"]), (&json!(5), &json!(5)));
    assert_eq!(node.get("/v1/jobs/paused").await["status"], "paused");
    assert_eq!(node.get("/v1/jobs/once_far").await["next_slot"], "2099-12-24T18:00:00.000Z");
}

async fn everything_is_shown(node: &mut Node) {
    let jobs = node.get("/v1/jobs?limit=1000").await;
    let jobs = jobs["items"].as_array().unwrap();
    assert_eq!(jobs.len(), JOBS);
    for job in jobs {
        let job = job["job_id"].as_str().unwrap();
        node.get(&format!("/v1/jobs/{job}")).await;
        node.get(&format!("/v1/jobs/{job}/executions")).await;
    }
    for path in ["/v1/graph", "/v1/stats", "/v1/workers", "/v1/backfills"] {
        node.get(path).await;
    }
}

/// Rows that could not be read: timers that an older version has put aside, and the alert of a newer one, which leaves
/// rows where they are.
pub async fn quarantined(emulator: &Emulator) -> usize {
    let client = Client::new(&emulator.sdk_config());
    let aside = rows(&client, "timers", "q").await.len();
    let alerts = rows(&client, "state", "alerts").await;
    let is_of_a_row = |alert: &&String| alert.contains("quarantined") && !alert.contains("messages for");
    aside + alerts.iter().filter(is_of_a_row).count()
}

/// Rows of a partition, each as text.
async fn rows(client: &Client, table: &str, pk: &str) -> Vec<String> {
    let query = client.query().table_name(names().table(table)).key_condition_expression("pk = :pk");
    let rows = query.expression_attribute_values(":pk", AttributeValue::S(pk.to_owned())).send().await;
    rows.unwrap().items().iter().map(|row| format!("{row:?}")).collect()
}
