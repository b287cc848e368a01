//! An old and a new version work on the same tables and queues, as they do while an installation is updated. It
//! stands for every change of the protocol, and is never weakened. What must hold:
//!
//! 1. A clock may call either one, a message may reach either one, a caller may ask either one, in any order.
//! 2. Everything that either has accepted ends once, as expected; each attempt calls its target once. The same
//!    idempotency key finds the same execution at both.
//! 3. Each reads what the other wrote, and both say the same of it. No row goes to quarantine.
//!
//! A change that an old version can't live with makes it refuse: then its calls fail with a reason, and what is asserted
//! here for the old one is replaced by that refusal, and by everything ending with the new one alone.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::Client;
use belfry_e2e::{functions, until};
use belfry_emulator::{Emulator, create_tables};
use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    dynamodb::quarantined,
    node::{Node, create_queues, names},
    target::Target,
    versions::functions_of,
};

const OLD: &str = "8c9e479";
const SOON: Duration = Duration::from_secs(600);
const PUSHES: usize = 3;
/// Between two slots, and how long there are any.
const STEP_SECONDS: i64 = 5;
const SLOTS: i64 = 5;

struct Both {
    old: Node,
    new: Node,
    turns: usize,
}

impl Both {
    /// The one or the other.
    fn node(&mut self, number: usize) -> &mut Node {
        if number.is_multiple_of(2) { &mut self.old } else { &mut self.new }
    }

    /// A clock calls one of them, the messages reach both, by turns.
    async fn turn(&mut self) {
        self.turns += 1;
        let turns = self.turns;
        self.node(turns).tick().await;
        self.node(turns / 2).dispatch().await;
        self.node(turns / 3).work().await;
        self.node(turns + 1).work().await;
    }
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn jobs(target: &Target, first_slot: DateTime<Utc>) -> [Vec<Value>; 2] {
    let to = |kind: &str| json!({ "type": "http", "url": format!("http://{}/{kind}", target.address) });
    let end = written(first_slot + TimeDelta::seconds(STEP_SECONDS * (SLOTS - 1) + 1));
    let of = |version: &str| {
        vec![
            json!({ "job_id": format!("{version}_slots"), "target": to("good"), "schedule": format!("*/{STEP_SECONDS} * * * * *"),
                    "start": written(first_slot), "end": end }),
            json!({ "job_id": format!("{version}_root"), "target": to("good") }),
            json!({ "job_id": format!("{version}_leaf"), "target": to("good"), "dependencies": [format!("{version}_root")],
                    "input": { "from": { "$result": format!("{version}_root") } } }),
            json!({ "job_id": format!("{version}_each"), "target": to("good"), "for_each": [1, 2, 3] }),
            json!({ "job_id": format!("{version}_limited"), "target": to("good"), "max_concurrency": 1 }),
            json!({ "job_id": format!("{version}_flaky"), "target": to("fails_first"),
                    "retry": { "backoff": "fixed", "base": "1s", "jitter": "none" } }),
            json!({ "job_id": format!("{version}_bad"), "target": to("bad"), "max_retries": 0 }),
            json!({ "job_id": format!("{version}_outside"), "target": to("good"), "pool": "outside" }),
            json!({ "job_id": format!("{version}_daily"), "target": to("good"), "schedule": "@daily", "misfire": "skip" }),
        ]
    };
    [of("old"), of("new")]
}

const VERSIONS: [&str; 2] = ["old", "new"];

pub async fn an_old_and_a_new_version_work_side_by_side() {
    // Before the older ones: many cases wait for these.
    let present = functions();
    let Some(programs) = functions_of(OLD) else { return };
    let (emulator, target) = (Emulator::start(&[]).unwrap(), Target::start().await);
    create_tables(&Client::new(&emulator.sdk_config()), &names()).await;
    create_queues(&emulator).await;
    let (old, new) = (Node::start(&programs, &emulator).await, Node::start(present, &emulator).await);
    let mut both = Both { old, new, turns: 0 };
    let versions = [
        both.old.get("/v1/health").await["version"].to_string(),
        both.new.get("/v1/health").await["version"].to_string(),
    ];
    assert!(versions[0].contains(OLD) && !versions[1].contains(OLD), "{versions:?}");
    let first_slot = define(&mut both, &target).await;
    let expected = ask(&mut both, first_slot).await;
    work_elsewhere(&mut both).await;
    everything_ends(&mut both, &expected).await;
    redrive(&mut both).await;
    both_say_the_same(&mut both).await;
    assert_eq!(quarantined(&emulator).await, 0);
    let calls = target.calls();
    assert!(calls.values().all(|calls| *calls == 1), "{calls:?}");
}

/// Each defines its own jobs, and changes one of the other's.
async fn define(both: &mut Both, target: &Target) -> DateTime<Utc> {
    let seconds = Utc::now().timestamp();
    let first = DateTime::from_timestamp(seconds - seconds % STEP_SECONDS + 4 * STEP_SECONDS, 0)
        .unwrap()
        .trunc_subsecs(0);
    for (number, mut jobs) in jobs(target, first).into_iter().enumerate() {
        both.node(number).ok("POST", "/v1/jobs:apply", &json!({ "jobs": jobs })).await;
        let mut changed = jobs.swap_remove(1);
        changed["description"] = json!("changed by the other");
        let path = format!("/v1/jobs/{}", changed["job_id"].as_str().unwrap());
        both.node(number + 1).ok("PUT", &path, &changed).await;
        assert_eq!(both.node(number).get(&path).await["definition"]["description"], "changed by the other");
    }
    first
}

/// Requests to both by turns; every execution that is to be there, and its end.
async fn ask(both: &mut Both, first_slot: DateTime<Utc>) -> Vec<(String, &'static str)> {
    let mut expected = Vec::new();
    for version in VERSIONS {
        for job in ["root", "each", "limited", "flaky", "bad", "outside"] {
            for number in 0..PUSHES {
                let (path, key) = (format!("/v1/jobs/{version}_{job}/executions"), format!("k{number}"));
                let first = both.node(number).call("POST", &path, &json!({}), Some(&key)).await;
                let again = both.node(number + 1).call("POST", &path, &json!({}), Some(&key)).await;
                assert_eq!((first.0, again.0), (201, 200), "{} {}", first.1, again.1);
                assert_eq!(first.1["execution_id"], again.1["execution_id"]);
                let id = format!("{version}_{job}@{key}");
                if job == "root" {
                    expected.push((format!("{version}_leaf@{key}"), "success"));
                }
                if job == "each" {
                    expected.extend((0..3).map(|element| (format!("{id},{element}"), "success")));
                }
                expected.push((id, if job == "bad" { "failed" } else { "success" }));
            }
        }
        let slots = (0..SLOTS).map(|slot| first_slot + TimeDelta::seconds(STEP_SECONDS * slot));
        expected.extend(slots.map(|slot| (format!("{version}_slots@{}", written(slot)), "success")));
        expected.extend((1..6).map(|day| (format!("{version}_daily@2026-11-0{day}T00:00:00Z"), "success")));
    }
    let range = json!({ "from": "2026-11-01T00:00:00Z", "to": "2026-11-06T00:00:00Z", "concurrency": 2 });
    both.new.ok("POST", "/v1/jobs/old_daily/backfills", &range).await;
    both.old.ok("POST", "/v1/jobs/new_daily/backfills", &range).await;
    expected
}

/// A worker over HTTP asks the one for work and tells the other of its end.
async fn work_elsewhere(both: &mut Both) {
    let mut ended = 0;
    until("all work of the other pool has ended", SOON, async || {
        both.turn().await;
        let turn = both.turns;
        let lease = json!({ "worker_id": "outsider", "lease_seconds": 60, "limit": 10 });
        let leased = both.node(turn).ok("POST", "/v1/pools/outside:lease?wait=0", &lease).await;
        for attempt in leased["attempts"].as_array().unwrap() {
            let path = format!("/v1/executions/{}", attempt["execution_id"].as_str().unwrap());
            let token = json!({ "token": attempt["token"] });
            both.node(turn).ok("POST", &format!("{path}:heartbeat"), &token).await;
            let end = json!({ "token": attempt["token"], "status": "success" });
            both.node(turn + 1).ok("POST", &format!("{path}:finish"), &end).await;
            ended += 1;
        }
        (ended == VERSIONS.len() * PUSHES).then_some(())
    })
    .await;
}

async fn everything_ends(both: &mut Both, expected: &[(String, &'static str)]) {
    until("everything has ended as expected", SOON, async || {
        both.turn().await;
        let turns = both.turns;
        let rows = both.node(turns).get("/v1/executions?limit=1000").await;
        let status = |row: &Value| {
            Some((row["execution_id"].as_str()?.to_owned(), row["status"].as_str()?.to_owned()))
        };
        let statuses: BTreeMap<String, String> =
            rows["items"].as_array().unwrap().iter().filter_map(status).collect();
        expected.iter().all(|(id, end)| statuses.get(id).is_some_and(|status| status == end)).then_some(())
    })
    .await;
    // What a turn finds done is not done again.
    for _ in 0..4 {
        both.turn().await;
    }
}

/// Each runs the other's dead letters again.
async fn redrive(both: &mut Both) {
    for (number, version) in VERSIONS.into_iter().enumerate() {
        let ids: Vec<String> = (0..PUSHES).map(|key| format!("{version}_bad@k{key}")).collect();
        both.node(number + 1).ok("POST", "/v1/dead-letters:redrive", &json!({ "execution_ids": ids })).await;
        until("what was redriven has failed again", SOON, async || {
            both.turn().await;
            for id in &ids {
                if both.node(number).status(&format!("{id}~2")).await != "failed" {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }
}

async fn both_say_the_same(both: &mut Both) {
    let rows = both.old.get("/v1/executions?limit=1000").await;
    let rows = rows["items"].as_array().unwrap();
    assert!(rows.len() > 60, "{}", rows.len());
    let ids = rows.iter().map(|row| format!("/v1/executions/{}", row["execution_id"].as_str().unwrap()));
    let jobs = both.new.get("/v1/jobs?limit=1000").await;
    let jobs = jobs["items"].as_array().unwrap();
    let jobs = jobs.iter().map(|job| format!("/v1/jobs/{}", job["job_id"].as_str().unwrap()));
    for path in ids.chain(jobs) {
        let (old, new) = (both.old.get(&path).await, both.new.get(&path).await);
        for (field, value) in old.as_object().unwrap() {
            assert_eq!(*value, new[field], "{path}: {field}");
        }
    }
    for path in ["/v1/dead-letters", "/v1/backfills", "/v1/graph"] {
        let count = |body: Value| body["items"].as_array().map_or_else(|| body.to_string().len(), Vec::len);
        assert_eq!(count(both.old.get(path).await), count(both.new.get(path).await), "{path}");
    }
}
