//! Slots of the recurring jobs, worked out without Belfry.

use std::collections::BTreeSet;

use belfry_e2e::Api;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::history::History;

/// Pauses all jobs and returns them as they are then. Slots up to the pause still run.
pub async fn pause_all(api: &Api) -> Vec<Value> {
    for job in api.all("/v1/jobs").await {
        api.post(&format!("/v1/jobs/{}:pause", job["job_id"].as_str().unwrap()), &json!({})).await;
    }
    api.all("/v1/jobs").await
}

/// Slots that each job must have had.
pub fn expected(jobs: &[Value]) -> impl Iterator<Item = BTreeSet<String>> {
    jobs.iter().map(slots_of)
}

/// Slots of a job: every multiple of the period from the job's creation to its pause.
fn slots_of(job: &Value) -> BTreeSet<String> {
    let milliseconds = |field: &str| {
        let instant = DateTime::parse_from_rfc3339(job[field].as_str().unwrap()).unwrap();
        instant.timestamp_millis()
    };
    let schedule = job["definition"]["schedule"].as_str().unwrap();
    let seconds: i64 = schedule.strip_prefix("@every ").unwrap().trim_end_matches('s').parse().unwrap();
    let period = seconds * 1000;
    let first = milliseconds("created_at").div_euclid(period) + 1;
    let last = milliseconds("paused_at").div_euclid(period);
    let instant = |number| DateTime::from_timestamp_millis(number * period).unwrap();
    (first..=last).map(|number| instant(number).to_rfc3339_opts(SecondsFormat::Secs, true)).collect()
}

/// Checks that each slot has an execution, and no execution has another slot. Returns the number of
/// slots.
pub fn check(jobs: &[Value], history: &History) -> usize {
    let slots = history.slots();
    let mut count = 0;
    for (job, expected) in jobs.iter().zip(expected(jobs)) {
        let id = job["job_id"].as_str().unwrap();
        let had: BTreeSet<String> = slots[id].iter().map(|slot| (*slot).to_owned()).collect();
        assert!(had == expected, "{id}: missing {:?}, needless {:?}", &expected - &had, &had - &expected);
        count += expected.len();
    }
    assert_eq!(slots.len(), jobs.len(), "every job ran");
    count
}
