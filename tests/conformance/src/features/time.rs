//! Time as documented: deadlines count from the slot, a wait for a turn is no lateness, lists and schedules of
//! other jobs are waited for.

use std::{collections::BTreeMap, time::Duration};

use belfry_domain::{Execution, ExecutionId, Status};
use belfry_engine::{CircuitChange, ports::Completion};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    NOTHING, new_years,
    world::{Tried, World, attempts, bad, good},
    years,
};
use crate::{
    Backend,
    fixtures::{EPOCH_MS, job_id},
};

const TOO_LATE: &str = "skipped: starting_deadline passed before the execution could start";

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names
}

/// A dependency takes a minute. Its dependent may start up to 30 s, or up to two minutes after its slot.
pub async fn a_starting_deadline_counts_from_the_slot(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let slot = "2026-11-23T00:01:00Z";
    let dependent = |name: &str, deadline: &str| json!({ "job_id": name, "run_at": slot, "dependencies": ["first"], "starting_deadline": deadline });
    world
        .define([
            json!({ "job_id": "first", "run_at": slot }),
            dependent("strict", "30s"),
            dependent("patient", "2m"),
            // Without a slot of its own, it can be late from the end of its dependencies on.
            json!({ "job_id": "after", "dependencies": ["first"], "starting_deadline": "30s" }),
        ])
        .await?;
    world.advance(60);
    world.tick().await?;
    let first = world.start().await?;
    assert_eq!(attempts(&first), [format!("first@{slot}")]);
    world.advance(60);
    world.end(&first[0], Completion::succeeded(None)).await?;
    assert_eq!(sorted(world.work(good).await?), [format!("after@{slot}"), format!("patient@{slot}")]);
    let (status, reason) = world.stands(&format!("strict@{slot}")).await?;
    assert_eq!((&*status, &*reason), ("skipped", TOO_LATE));
    Ok(())
}

/// It is said as soon as it is sure, not when the dependency ends after hours.
pub async fn what_waits_beyond_its_deadline_is_skipped(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let slot = "2026-11-23T00:01:00Z";
    world
        .define([
            json!({ "job_id": "long", "run_at": slot }),
            json!({ "job_id": "strict", "run_at": slot, "dependencies": ["long"], "starting_deadline": "5m", "dependency_timeout": "5m" }),
        ])
        .await?;
    world.advance(60);
    world.tick().await?;
    assert_eq!(attempts(&world.start().await?), [format!("long@{slot}")]);
    for _ in 0..29 {
        world.advance(10);
        world.tick().await?;
    }
    assert_eq!(world.row(&format!("strict@{slot}")).await?.status, Status::Waiting);
    for _ in 0..4 {
        world.advance(10);
        world.tick().await?;
    }
    let (status, reason) = world.stands(&format!("strict@{slot}")).await?;
    assert_eq!((&*status, &*reason), ("skipped", TOO_LATE));
    Ok(())
}

/// Its slots lie in the past, and it was asked for now.
pub async fn a_backfill_is_not_too_late(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([json!({ "job_id": "past", "schedule": "@yearly", "starting_deadline": "1m" })]).await?;
    world.backfill("past", years(2023, 2026), 3).await?;
    assert_eq!(world.work(good).await?, new_years("past", 2023..2026));
    Ok(())
}

/// Two seconds of work each, or ten seconds between starts: what waits for its turn is late from its turn on.
pub async fn waiting_for_a_turn_is_no_lateness(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let started = |job: &str, name: &str, late_ms| vec![(format!("{job}@{name}"), late_ms)];
    for (job, limits) in [
        ("one", json!({ "max_concurrency": 1 })),
        ("strict", json!({ "concurrency": "queue" })),
        (
            "keyed",
            json!({ "max_concurrency": 5, "concurrency_key": "input.key", "max_concurrency_per_key": 1 }),
        ),
    ] {
        world.define([limited(job, limits)]).await?;
        for name in ["a", "b", "c"] {
            world.trigger(job, name, NOTHING).await?;
        }
        let first = world.start().await?;
        assert_eq!(world.take_starts(), started(job, "a", 0));
        world.advance(2);
        world.end(&first[0], Completion::succeeded(None)).await?;
        let second = world.start().await?;
        assert_eq!(world.take_starts(), started(job, "b", 0));
        world.advance(2);
        world.end(&second[0], Completion::succeeded(None)).await?;
        // No worker is free for three seconds.
        world.advance(3);
        let third = world.start().await?;
        assert_eq!(third[0].execution.lateness(), Some(Duration::from_secs(3)));
        assert_eq!(world.take_starts(), started(job, "c", 3_000));
        world.end(&third[0], Completion::succeeded(None)).await?;
    }
    // A dependent waited a minute for its dependency, and a worker is free two seconds later.
    let slot = "2026-11-23T01:00:00Z";
    let jobs = [
        json!({ "job_id": "up", "run_at": slot }),
        json!({ "job_id": "down", "run_at": slot, "dependencies": ["up"] }),
    ];
    world.define(jobs).await?;
    world.advance((3_600_000 - (world.now().0 - EPOCH_MS)) as u64 / 1000);
    world.tick().await?;
    let up = world.start().await?;
    world.advance(60);
    world.end(&up[0], Completion::succeeded(None)).await?;
    world.advance(2);
    world.work(good).await?;
    assert_eq!(world.take_starts(), [started("up", slot, 0), started("down", slot, 2_000)].concat());
    let lateness = world.row(&format!("down@{slot}")).await?.lateness();
    assert_eq!(lateness, Some(Duration::from_secs(2)));

    world.define([limited("paced", json!({ "rate_limit": { "starts": 1, "per": "10s" } }))]).await?;
    world.trigger("paced", "a", NOTHING).await?;
    world.trigger("paced", "b", NOTHING).await?;
    world.work(good).await?;
    assert_eq!(world.take_starts(), started("paced", "a", 0));
    world.pass(10).await?;
    world.work(good).await?;
    assert_eq!(world.take_starts(), started("paced", "b", 0));

    world.define([limited("broken", json!({ "circuit": {} }))]).await?;
    world.engine.set_circuit(&job_id("broken"), CircuitChange::Open(None)).await?;
    world.trigger("broken", "a", NOTHING).await?;
    world.start().await?;
    world.advance(30);
    world.engine.set_circuit(&job_id("broken"), CircuitChange::Close).await?;
    world.work(good).await?;
    assert_eq!(world.take_starts(), started("broken", "a", 0));
    Ok(())
}

fn limited(name: &str, mut limits: Value) -> Value {
    limits["job_id"] = json!(name);
    limits
}

/// A key that had many executions in the line has its turn like any other when it comes again.
pub async fn a_line_goes_by_turns_whatever_was_before(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = json!({ "job_id": "keyed", "max_concurrency": 1, "concurrency_key": "input.customer" });
    world.define([job]).await?;
    let trigger = async |name: &str| world.trigger("keyed", name, json!({ "customer": &name[..1] })).await;
    for name in ["a1", "a2", "a3", "a4"] {
        trigger(name).await?;
    }
    world.work(good).await?;
    for name in ["x1", "b1", "b2", "b3"] {
        trigger(name).await?;
    }
    world.advance(1);
    trigger("a5").await?;
    let order = world.work(good).await?;
    assert_eq!(order, ["keyed@x1", "keyed@b1", "keyed@a5", "keyed@b2", "keyed@b3"]);
    Ok(())
}

/// As Airflow has it: without a list there is nothing to run, whatever else the rule would allow.
pub async fn a_list_of_a_skipped_job_skips(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let mapped = |name: &str, list: &str, rule: &str| json!({ "job_id": name, "dependencies": ["root", list], "trigger_rule": rule, "for_each": { "$result": list } });
    world
        .define([
            json!({ "job_id": "root" }),
            json!({ "job_id": "skipped", "dependencies": ["root"], "trigger_rule": "all_failed" }),
            json!({ "job_id": "failed", "dependencies": ["root"], "on_failure": "record" }),
            mapped("none_failed", "skipped", "none_failed"),
            mapped("all_done", "skipped", "all_done"),
            mapped("one_success", "skipped", "one_success"),
            mapped("always", "skipped", "always"),
            mapped("all_done_failed", "failed", "all_done"),
            mapped("always_failed", "failed", "always"),
        ])
        .await?;
    world.trigger("root", "a", NOTHING).await?;
    let ends = |row: &Execution| if row.job_id().as_str() == "failed" { bad(row) } else { good(row) };
    assert_eq!(sorted(world.work(ends).await?), ["failed@a", "root@a"]);
    let reason = |text: &str| format!("dependency {text}");
    for name in ["none_failed", "all_done", "one_success", "always"] {
        let stands = world.stands(&format!("{name}@a")).await?;
        assert_eq!(stands, ("skipped".to_owned(), reason("skipped was skipped")), "{name}");
    }
    for name in ["all_done_failed", "always_failed"] {
        let stands = world.stands(&format!("{name}@a")).await?;
        assert_eq!(stands, ("upstream_failed".to_owned(), reason("failed failed")), "{name}");
    }
    Ok(())
}

/// A rule that would let it start before its list has come.
pub async fn a_mapped_job_waits_for_its_list(backend: &Backend) -> Tried {
    let world = World::over(backend);
    for rule in ["always", "one_success", "one_done"] {
        let job = |name: &str| format!("{name}_{rule}");
        let (root, list, mapped) = (job("root"), job("list"), job("mapped"));
        world
            .define([
                json!({ "job_id": root }),
                json!({ "job_id": list, "dependencies": [root] }),
                json!({ "job_id": mapped, "dependencies": [root, list], "trigger_rule": rule, "for_each": { "$result": list } }),
            ])
            .await?;
        world.trigger(&root, "a", NOTHING).await?;
        let first = world.start().await?;
        world.end(&first[0], Completion::succeeded(None)).await?;
        let second = world.start().await?;
        assert_eq!(attempts(&second), [format!("{list}@a")], "{rule}");
        world.end(&second[0], Completion::succeeded(Some(json!(["x", "y"])))).await?;
        assert_eq!(attempts(&world.start().await?), [""; 0], "{rule}: the list fans out");
        assert_eq!(sorted(world.work(good).await?), [format!("{mapped}@a,0"), format!("{mapped}@a,1")]);
        assert_eq!(world.row(&format!("{mapped}@a")).await?.status, Status::Success, "{rule}");
    }
    Ok(())
}

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
        let when = json!({ "schedule": schedule, "timezone": "Europe/Berlin" });
        jobs.push(limited(period, when.clone()));
        for (other, ..) in change.periods {
            let mut job = limited(&format!("{period}.on.{other}"), when.clone());
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
