//! The installations that are simulated: their settings, processes and jobs.

use std::{sync::Arc, time::Duration};

use belfry_conformance::fixtures::zone_data;
use belfry_domain::{BacklogLimits, JobSpec, Timestamp, TriggerRule, ZoneData};
use belfry_engine::Settings;
use serde_json::{Value, json};

use crate::{
    machine::{Role, rng::Rng},
    plan::{Plan, Scenario},
    processes::{KEYED, LOCAL, LOCAL_REPORT, VICTIM, ZONE},
};

/// Last instant at which clients make requests.
pub fn requests_until_ms(scenario: Scenario) -> u64 {
    match scenario {
        Scenario::Mixed => 540_000,
        Scenario::LostTicks => 600_000,
        Scenario::Standalone => 170_000,
    }
}

pub fn roles(scenario: Scenario) -> Vec<Role> {
    match scenario {
        Scenario::Mixed => vec![
            Role::Ticker(1),
            Role::Ticker(2),
            Role::Dispatcher,
            Role::Worker(1),
            Role::Worker(2),
            Role::Client,
        ],
        Scenario::LostTicks => vec![Role::Ticker(1), Role::Dispatcher, Role::Worker(1), Role::Client],
        Scenario::Standalone => vec![Role::Standalone],
    }
}

/// Settings with small pages, so that a few timers fill several, and sometimes with queues that are
/// soon full.
pub fn settings(plan: &Plan, rng: &mut Rng) -> Settings {
    let small = |rng: &mut Rng, settings: Settings| Settings {
        page: *rng.pick(&[4, 25, 500]).unwrap_or(&500),
        parallel: *rng.pick(&[1, 3, 64]).unwrap_or(&64),
        queue_limit: if rng.percent(25) { 1 } else { 100_000 },
        backlog_limits: if rng.percent(25) { BacklogLimits::all(1) } else { BacklogLimits::default() },
        jobs_in_commit: if plan.changes_zones() { *rng.pick(&[1, 2, 200]).unwrap_or(&200) } else { 200 },
        ..settings
    };
    let settings = match plan.scenario {
        // The moments of changes come while there are slots.
        Scenario::Mixed if plan.changes_zones() => Settings {
            look_ahead: Duration::from_secs(60),
            near: Duration::from_secs(150),
            ..small(rng, Settings::default())
        },
        Scenario::Mixed => small(rng, Settings::default()),
        Scenario::LostTicks => Settings::default(),
        Scenario::Standalone => small(rng, Settings::standalone()),
    };
    // Longer than hosts stand still here and clocks jump, together, mostly.
    Settings { shards: plan.shards(), clear_after: Duration::from_secs(600), ..settings }
}

/// Change of the zone data during a run.
pub struct ZoneChanges {
    pub first: Arc<ZoneData>,
    /// One or two, each with the instant from which on a process has them.
    pub later: Vec<(u64, Arc<ZoneData>)>,
}

impl ZoneChanges {
    pub fn newest_at(&self, now_ms: u64) -> &Arc<ZoneData> {
        let out = self.later.iter().rfind(|(at_ms, _)| *at_ms <= now_ms);
        out.map_or(&self.first, |(_, data)| data)
    }
}

/// Vancouver's clock goes an hour ahead, or back, and sometimes once more soon after that.
pub fn zone_changes(plan: &Plan, rng: &mut Rng) -> Option<ZoneChanges> {
    if !plan.changes_zones() {
        return None;
    }
    let data = if rng.percent(50) {
        [("2090a", -8), ("2090b", -7), if rng.percent(60) { ("2090c", -8) } else { ("2090d", -6) }]
    } else {
        [("2095a", -7), ("2095b", -8), if rng.percent(60) { ("2095c", -7) } else { ("2095d", -9) }]
    };
    let [first, second, third] = data.map(|(version, hours)| zone_data(version, hours).register());
    let (at_ms, gap_ms) = match plan.scenario {
        Scenario::Standalone => (rng.between(20_000, 120_000), rng.between(1_000, 30_000)),
        Scenario::Mixed | Scenario::LostTicks => (rng.between(60_000, 200_000), rng.between(1_000, 60_000)),
    };
    let mut later = vec![(at_ms, second)];
    later.extend(rng.percent(50).then_some((at_ms + gap_ms, third)));
    Some(ZoneChanges { first, later })
}

/// Jobs that go by Vancouver's clock. It is two or three in the morning there.
pub fn local_specs() -> Vec<JobSpec> {
    let jobs = [
        json!({ "job_id": LOCAL, "schedule": "0-59 0-6 * * *", "timezone": ZONE, "max_retries": 1 }),
        json!({ "job_id": "local_real", "schedule": "*/2 * * * *", "timezone": ZONE }),
        json!({ "job_id": "local_second_root", "schedule": "0-59 0-6 * * *", "timezone": ZONE }),
        json!({ "job_id": "local_after", "dependencies": [LOCAL, "local_second_root"] }),
        json!({
            "job_id": LOCAL_REPORT, "schedule": "1-59/2 0-6 * * *", "timezone": ZONE, "dependencies": [LOCAL],
            "trigger_rule": "all_done",
        }),
    ];
    jobs.map(spec).into()
}

/// Jobs of all kinds.
pub fn specs(scenario: Scenario, began: Timestamp, rng: &mut Rng) -> Vec<JobSpec> {
    let end_ms = rng.between(60, 240) as i64 * 1000;
    let mut jobs = vec![
        json!({ "job_id": "minutely", "schedule": "* * * * *", "max_retries": 2, "must_finish_by": "20s" }),
        json!({ "job_id": "tens", "schedule": "*/10 * * * * *", "end": rfc3339(began, end_ms), "max_retries": 1 }),
        json!({ "job_id": "every", "schedule": "@every 90s", "retry": { "base": "1s", "max_lost": 0 } }),
        json!({ "job_id": "jittered", "schedule": "* * * * *", "jitter": "50s", "end": rfc3339(began, 400_000), "must_finish_by": "2s" }),
        json!({ "job_id": "latest_flaky", "schedule": "*/2 * * * *", "misfire": "latest", "max_retries": 2 }),
        json!({ "job_id": "skipping", "schedule": "@every 100s", "misfire": "skip", "starting_deadline": "20s" }),
        json!({ "job_id": "once", "run_at": rfc3339(began, rng.between(5, 500) as i64 * 1000) }),
        json!({ "job_id": VICTIM, "schedule": "* * * * *" }),
    ];
    jobs.retain(|_| rng.percent(50));
    jobs.extend(limited(began, end_ms, rng));
    if rng.percent(60) {
        jobs.extend(graph(rng));
    }
    if rng.percent(30) {
        jobs.extend(fan(rng));
    }
    if jobs.is_empty() || scenario == Scenario::LostTicks {
        jobs = vec![
            json!({ "job_id": "minutely", "schedule": "* * * * *" }),
            json!({ "job_id": "seconds", "schedule": "*/7 * * * * *", "end": rfc3339(began, 400_000) }),
            json!({ "job_id": "jittered", "schedule": "* * * * *", "jitter": "50s" }),
        ];
    }
    jobs.into_iter().map(spec).collect()
}

/// One or two jobs with limits.
fn limited(began: Timestamp, end_ms: i64, rng: &mut Rng) -> Vec<Value> {
    let end = rfc3339(began, end_ms);
    let jobs = [
        json!({ "job_id": "limited", "schedule": "*/15 * * * * *", "end": end, "max_concurrency": 2, "max_retries": 1 }),
        json!({ "job_id": "forbidding", "schedule": "*/15 * * * * *", "end": end, "concurrency": "forbid", "max_retries": 1 }),
        json!({ "job_id": "replacing", "schedule": "*/15 * * * * *", "end": end, "concurrency": "replace", "max_retries": 1 }),
        json!({ "job_id": "paced", "schedule": "*/10 * * * * *", "end": rfc3339(began, end_ms / 2), "rate_limit": { "starts": 1, "per": "12s" }, "max_retries": 1 }),
        json!({ "job_id": "breaking_flaky", "schedule": "*/15 * * * * *", "end": end, "max_retries": 0, "circuit": { "threshold": 2, "open_for": "40s" } }),
        json!({
            "job_id": KEYED, "max_concurrency": 2, "concurrency_key": "input.key", "max_concurrency_per_key": 1,
            "rate_limit_per_key": { "starts": 3, "per": "10s", "burst": 2 },
            "circuit": { "threshold": 2, "open_for": "40s" }, "max_retries": 1,
        }),
    ];
    let first = rng.below(jobs.len() as u64) as usize;
    let second = rng.below(jobs.len() as u64) as usize;
    jobs.into_iter().enumerate().filter(|(n, _)| *n == first || *n == second).map(|(_, job)| job).collect()
}

/// A chain with a join, and a job with a schedule of its own that waits for its slots.
fn graph(rng: &mut Rng) -> Vec<Value> {
    let rule = |rng: &mut Rng| rng.pick(&TriggerRule::ALL).copied().unwrap_or_default();
    let schedule = *rng.pick(&["* * * * *", "*/2 * * * *", "@every 90s"]).unwrap_or(&"* * * * *");
    let mut jobs = vec![
        json!({ "job_id": "graph_ingest", "schedule": schedule, "max_retries": 1 }),
        json!({ "job_id": "graph_left", "dependencies": ["graph_ingest"], "max_retries": 0 }),
        json!({ "job_id": "graph_right_flaky", "dependencies": ["graph_ingest"], "max_retries": 0 }),
        json!({ "job_id": "graph_join", "dependencies": ["graph_left", "graph_right_flaky"], "trigger_rule": rule(rng) }),
        json!({
            "job_id": "graph_report", "schedule": "*/2 * * * *", "dependencies": ["graph_ingest"],
            "trigger_rule": rule(rng), "dependency_timeout": "5m", "must_finish_by": "90s",
        }),
    ];
    if rng.percent(40) {
        jobs.push(json!({ "job_id": "graph_second_root", "schedule": schedule }));
        jobs[3]["dependencies"] = json!(["graph_left", "graph_right_flaky", "graph_second_root"]);
    }
    jobs
}

/// Jobs that fan out a list and join again: one list is another job's result, the other stands in its
/// job.
fn fan(rng: &mut Rng) -> Vec<Value> {
    let list: Vec<u64> = (0..rng.below(5)).collect();
    let mut jobs = vec![
        json!({ "job_id": "fan_list", "schedule": "@every 100s" }),
        json!({
            "job_id": "fan_each", "dependencies": ["fan_list"], "for_each": { "$result": "fan_list", "at": "/list" },
            "input": { "place": { "$index": true }, "of": { "$element": true } }, "max_retries": 1,
        }),
        json!({ "job_id": "fan_join", "dependencies": ["fan_each"] }),
        json!({ "job_id": "fan_flaky", "schedule": "@every 150s", "for_each": list, "max_retries": 0 }),
    ];
    if rng.percent(40) {
        jobs[1]["max_concurrency"] = json!(1);
    }
    jobs
}

fn spec(mut job: Value) -> JobSpec {
    for (field, value) in [("misfire", json!("all")), ("misfire_cap", json!(1000)), ("timeout", json!("25s"))]
    {
        if job.get(field).is_none() && !(field == "misfire_cap" && job.get("misfire") != Some(&json!("all")))
        {
            job[field] = value;
        }
    }
    serde_json::from_value(job)
        .unwrap_or_else(|error| unreachable!("a definition of the simulation: {error}"))
}

fn rfc3339(began: Timestamp, after_ms: i64) -> String {
    Timestamp(began.0 + after_ms).to_string()
}
