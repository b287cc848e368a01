//! Schedules of different periods that wait for each other, over changes of clocks.

use std::collections::BTreeMap;

use belfry_domain::{ExecutionId, Status};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::world::{Tried, World, good};
use crate::{Backend, fixtures::job_id};

/// Hours that are lived through about a change of clocks.
const HOURS: i64 = 41;

/// Schedule of each period in Berlin, and its slots about a change of clocks, from a calendar. Each has one on the
/// day of the change.
struct Change {
    /// Noon of the day before.
    begins: &'static str,
    periods: [(&'static str, &'static str, &'static [&'static str]); 4],
}

const SPRING: Change = Change {
    begins: "2027-03-27T12:00:00Z",
    periods: [
        ("hourly", "0 * * * *", &[]),
        ("daily", "30 2 * * *", &["2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"]),
        ("weekly", "0 9 * * SUN", &["2027-03-28T07:00:00Z"]),
        ("monthly", "0 0 28 * *", &["2027-03-27T23:00:00Z"]),
    ],
};
const AUTUMN: Change = Change {
    begins: "2027-10-30T12:00:00Z",
    periods: [
        ("hourly", "0 * * * *", &[]),
        ("daily", "30 2 * * *", &["2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z"]),
        ("weekly", "0 9 * * SUN", &["2027-10-31T08:00:00Z"]),
        ("monthly", "0 0 31 * *", &["2027-10-30T22:00:00Z"]),
    ],
};

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

impl Change {
    fn slots(&self, period: usize) -> Vec<DateTime<Utc>> {
        let slots = self.periods[period].2;
        if slots.is_empty() {
            return (1..=HOURS).map(|hour| instant(self.begins) + TimeDelta::hours(hour)).collect();
        }
        slots.iter().map(|slot| instant(slot)).collect()
    }
}

pub async fn schedules_of_all_periods_wait_for_each_other_in_spring(backend: &Backend) -> Tried {
    all_periods_wait_for_each_other(backend, &SPRING).await
}

pub async fn schedules_of_all_periods_wait_for_each_other_in_autumn(backend: &Backend) -> Tried {
    all_periods_wait_for_each_other(backend, &AUTUMN).await
}

/// Sixteen dependents, of each period on each: each slot waits for the other's latest slot up to its own, and is
/// skipped where that lies before the jobs.
async fn all_periods_wait_for_each_other(backend: &Backend, change: &Change) -> Tried {
    let world = World::over(backend);
    world.advance((instant(change.begins) - world.now().to_utc()).num_seconds() as u64);
    let mut jobs = Vec::new();
    for (period, schedule, _) in change.periods {
        let job = json!({ "job_id": period, "schedule": schedule, "timezone": "Europe/Berlin" });
        jobs.push(job.clone());
        for (other, ..) in change.periods {
            let mut job = job.clone();
            job["job_id"] = json!(format!("{period}.on.{other}"));
            job["dependencies"] = json!([other]);
            jobs.push(job);
        }
    }
    world.define(jobs).await?;
    for _ in 0..2 * HOURS {
        world.advance(30 * 60);
        world.tick().await?;
        world.work(good).await?;
    }
    let mut seen = BTreeMap::new();
    for (period, other) in (0..16).map(|pair| (pair / 4, pair % 4)) {
        let (name, upstream) = (change.periods[period].0, job_id(change.periods[other].0));
        for slot in change.slots(period) {
            let latest = change.slots(other).into_iter().filter(|at| *at <= slot).max();
            let awaited = latest.map(|at| ExecutionId::scheduled(&upstream, at.into()));
            let id = ExecutionId::scheduled(&job_id(&format!("{name}.on.{upstream}")), slot.into());
            let row = world.row(id.as_str()).await?;
            let expected = if awaited.is_some() { Status::Success } else { Status::Skipped };
            let on = &row.dependencies[&upstream].execution_id;
            assert_eq!(row.status, expected, "{id} on {on}");
            assert!(awaited.is_none_or(|awaited| awaited == *on), "{id} on {on}");
            *seen.entry(expected.as_str()).or_insert(0) += 1;
        }
    }
    assert!(seen["success"] > 100 && seen["skipped"] > 10, "{seen:?}");
    Ok(())
}
