//! After an outage of a day, 10,000 jobs that are due each minute come back without a storm: the number
//! of messages is bounded by the jobs and their policy, not by what they missed.

#![expect(clippy::unwrap_used, reason = "all of this is a test")]

mod holder;
mod kubernetes;
mod laptop;
mod rig;

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use belfry_domain::{JobSpec, Status, Timestamp};
use belfry_engine::ports::{ExecutionFilter, ExecutionStore as _, Position, TimerStore as _};
use serde_json::json;

use crate::rig::{Installation, now, spec};

const JOBS: usize = 10_000;
const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

fn of_every_minute() -> Installation {
    let installation = Installation::new("2026-11-23T10:00:30Z");
    let specs: Vec<JobSpec> = (0..JOBS)
        .map(|number| {
            spec(json!({ "job_id": format!("job{number}"), "schedule": "* * * * *", "misfire": "latest" }))
        })
        .collect();
    for specs in specs.chunks(1000) {
        installation.define(specs.to_vec());
    }
    installation
}

fn timers(installation: &Installation) -> usize {
    now(installation.store.due(0, &Position::After(Timestamp::MIN), Timestamp(i64::MAX), 1_000_000))
        .unwrap()
        .timers
        .len()
}

fn rows(installation: &Installation, status: Status) -> usize {
    let filter = ExecutionFilter { status: Some(status), ..Default::default() };
    now(installation.store.list(&filter, None, 1_000_000)).unwrap().items.len()
}

/// Each job runs its newest missed slot and the one of the last minute, instead of 1,440.
#[test]
fn after_a_day_each_job_runs_its_newest_slot() {
    let installation = of_every_minute();
    installation.advance(MINUTE);
    let (first, _) = installation.tick();
    assert_eq!(first.len(), JOBS, "each minute has its slots");
    installation.advance(DAY);
    let (sent, resent) = installation.tick();
    assert_eq!(sent.len(), 2 * JOBS);
    // Nobody claims anything here: what is older than the grace of the sweep is sent once more.
    assert_eq!(resent.len(), 3 * JOBS);
    // The oldest, whose message may have been on its way, and the newest.
    assert_eq!(rows(&installation, Status::Skipped), 2 * JOBS, "two slots of each say that they were missed");
    assert!(timers(&installation) <= 4 * JOBS, "{} timers", timers(&installation));
    let (again, resent) = installation.tick();
    assert_eq!((again.len(), resent.len()), (0, 0), "and that was all");
    installation.advance(MINUTE);
    assert_eq!(installation.tick().0.len(), JOBS, "it goes on as before");
}

/// `examples/misfire.yaml`, after five hours without a scheduler.
#[test]
fn each_job_of_the_example_makes_up_for_what_it_promises() {
    let file = include_str!("../../../../examples/misfire.yaml");
    let mut jobs: BTreeMap<String, Vec<JobSpec>> = serde_saphyr::from_str(file).unwrap();
    let installation = Installation::new("2026-11-23T10:00:30Z");
    installation.define(jobs.remove("jobs").unwrap());
    installation.advance(MINUTE);
    installation.tick();
    installation.advance(5 * 60 * MINUTE);
    let (sent, _) = installation.tick();
    let slots = |job: &str| {
        let mut slots: Vec<String> = sent
            .iter()
            .filter_map(|message| {
                Some(message.execution_id.as_str().strip_prefix(&format!("{job}@"))?.to_owned())
            })
            .collect();
        slots.sort_unstable();
        slots
    };
    let hours = |hours: RangeInclusive<u32>| -> Vec<String> {
        hours.map(|hour| format!("2026-11-23T{hour}:00:00Z")).collect()
    };
    assert_eq!(
        slots("sync_stock"),
        ["2026-11-23T15:00:00Z", "2026-11-23T15:01:00Z"],
        "the newest, and the last minute's"
    );
    assert_eq!(slots("good_morning"), ["2026-11-23T15:01:00Z"]);
    assert_eq!(slots("bill_hour"), hours(11..=15));
}

#[test]
fn after_a_pause_of_a_day_resuming_sends_the_newest_slot_of_each() {
    let installation = of_every_minute();
    let ids: Vec<_> = (0..1000).map(|number| format!("job{number}").parse().unwrap()).collect();
    for id in &ids {
        now(installation.engine.pause_job(id, None)).unwrap();
    }
    installation.advance(DAY);
    for id in &ids {
        now(installation.engine.resume_job(id)).unwrap();
    }
    assert_eq!(installation.world.take_sent().len(), ids.len());
}
