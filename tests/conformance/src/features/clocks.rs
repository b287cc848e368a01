//! Wall clocks that were ahead, or are behind: what they have put off comes in time.

use std::{collections::BTreeSet, time::Duration};

use belfry_domain::{BackfillOrder, SlotRange, Timer, Timestamp, What};
use belfry_engine::ports::{Acquired, Completion, Position};
use serde_json::{Value, json};

use super::{
    stands::{LEASE_SECONDS, TAKEN_UP_SECONDS, define_secondly, patient, slots_of, sorted},
    world::{Tried, World, good},
};
use crate::{
    Backend,
    fixtures::{ONE, at, job_id},
};

const DAY: u64 = 86_400;
const POLICIES: [&str; 3] = ["skip", "latest", "all"];

/// Seconds since the epoch of the cases.
fn second(world: &World) -> i64 {
    (world.now().0 - at(0).0) / 1000
}

/// Passes so many seconds, and returns what was started.
async fn live(world: &World, seconds: u64) -> Tried<Vec<String>> {
    let mut started = Vec::new();
    for _ in 0..seconds {
        world.pass(1).await?;
        started.extend(world.work(good).await?);
    }
    Ok(started)
}

fn assert_each_second(job: &str, started: &[String], from: i64, to: i64) {
    let slots = slots_of(job, started);
    let missing: Vec<i64> = (from..=to).filter(|slot| !slots.contains(slot)).collect();
    assert_eq!(missing, [0; 0], "{job} lacks slots from {from} to {to}");
}

fn assert_once(started: &[String]) {
    let different: BTreeSet<&String> = started.iter().collect();
    assert_eq!(different.len(), started.len(), "nothing runs twice");
}

/// A day ahead for 14 seconds.
pub async fn a_clock_that_was_ahead_stops_no_schedule(backend: &Backend) -> Tried {
    let world = World::over(backend);
    define_secondly(&world).await?;
    world.define([json!({ "job_id": "minutely", "schedule": "* * * * *" })]).await?;
    let ahead_at = second(&world);
    world.advance(DAY);
    let mut started = live(&world, 14).await?;
    world.set_back(DAY);
    let back_at = second(&world);
    started.extend(live(&world, 66).await?);
    for policy in POLICIES {
        assert_each_second(policy, &started, back_at + 1, back_at + 66);
    }
    // Those that were due meanwhile; the oldest has a row that says that it was passed over.
    assert_each_second("latest", &started, ahead_at + 5, back_at);
    // The oldest slot that was passed over has a row, and so has the newest, which ran.
    assert_eq!(world.stands("minutely@2026-11-23T00:01:00Z").await?.0, "skipped");
    let alert = world.alert("clock").await?;
    assert!(alert.contains("4 schedules") && alert.contains("23h59m"), "{alert:?}");

    world.advance(DAY - 66 - 14 - 20);
    started.extend(live(&world, 40).await?);
    assert_once(&started);
    for policy in POLICIES {
        assert_each_second(policy, &started, back_at + DAY as i64 - 10, back_at + DAY as i64 + 6);
    }
    assert_eq!(world.alerts().await?, [""; 0], "it is over by itself");
    Ok(())
}

/// Killed, and begun anew with the clock 40 minutes earlier.
pub async fn a_clock_that_is_behind_after_a_restart_stops_no_schedule(backend: &Backend) -> Tried {
    let world = World::over(backend);
    define_secondly(&world).await?;
    world.advance(40 * 60);
    let mut started = live(&world, 5).await?;
    world.forget_messages();
    world.set_back(40 * 60);
    world.recover().await?;
    let back_at = second(&world);
    started.extend(live(&world, 20).await?);
    for policy in POLICIES {
        assert_each_second(policy, &started, back_at + 1, back_at + 20);
    }
    assert_once(&started);
    let alert = world.alert("clock").await?;
    assert!(alert.contains("3 schedules") && alert.contains("40m"), "{alert:?}");
    Ok(())
}

/// Killed after it fired a day ahead, before its cursor said so, and begun anew with the right clock.
pub async fn a_death_hides_no_clock_that_was_ahead(backend: &Backend) -> Tried {
    let world = World::over(backend);
    define_secondly(&world).await?;
    world.pass(5).await?;
    let mut cursors = world.engine.ports.leases.cursors().await?;
    cursors.retain(|shard, _| ONE.all().any(|own| own == *shard));
    world.advance(DAY);
    world.tick().await?;
    let lease = world.lead().await?;
    assert!(world.engine.ports.leases.save_cursors(&lease, &cursors).await?, "it still leads");
    world.forget_messages();
    world.set_back(DAY);
    world.recover().await?;
    let back_at = second(&world);
    let started = live(&world, 20).await?;
    for policy in POLICIES {
        // The oldest slot that was passed over has a row, which says so.
        assert_each_second(policy, &started, back_at + 5, back_at + 20);
    }
    let alert = world.alert("clock").await?;
    assert!(alert.contains("3 schedules"), "{alert:?}");
    Ok(())
}

async fn define_plans(world: &World) -> Tried {
    let retried = json!({ "job_id": "retried", "retry": { "base": "10s", "jitter": "none" } });
    let names = ["asked", "lost"].map(|name| patient(name, &Value::Null));
    world.define(names).await?;
    world.define([retried, json!({ "job_id": "yearly", "schedule": "@yearly" })]).await
}

fn of_two_years() -> SlotRange {
    let new_year = |year| format!("{year}-01-01T00:00:00Z").parse().unwrap_or_else(|error| panic!("{error}"));
    SlotRange { from: new_year(2024), to: new_year(2026), order: BackfillOrder::OldestFirst }
}

/// Has something of each kind planned by the clock of this process.
async fn plan(world: &World) -> Tried {
    for job in ["lost", "retried"] {
        world.trigger(job, "a", Value::Null).await?;
    }
    for attempt in world.start_for(LEASE_SECONDS, |_| true).await? {
        if attempt.execution.id.as_str() == "retried@a" {
            world.end(&attempt, Completion::failed("not yet")).await?;
        }
    }
    world.trigger("asked", "a", Value::Null).await?;
    world.backfill("yearly", of_two_years(), 1).await?;
    world.forget_messages();
    Ok(())
}

/// All of it starts in time by another clock, and what follows from it.
async fn assert_in_time(world: &World) -> Tried {
    let mut started = Vec::new();
    for _ in 0..LEASE_SECONDS + TAKEN_UP_SECONDS {
        world.pass(1).await?;
        for leased in world.start_for(LEASE_SECONDS, |_| true).await? {
            world.end(&leased, Completion::succeeded(None)).await?;
            started.push(leased);
        }
    }
    let years = ["yearly@2024-01-01T00:00:00Z", "yearly@2025-01-01T00:00:00Z"];
    assert_eq!(sorted(&started), ["asked@a", "lost@a", "retried@a", years[0], years[1]]);
    let attempts: u32 = started.iter().map(|leased| leased.execution.attempt).sum();
    assert_eq!(attempts, 7, "of which two are second attempts");
    Ok(())
}

/// A retry, a lease, a look and a backfill's timer, all of which lie a day ahead.
pub async fn what_a_clock_that_was_ahead_planned_comes_in_time(backend: &Backend) -> Tried {
    let world = World::over(backend);
    define_plans(&world).await?;
    world.pass(2).await?;
    world.advance(DAY);
    world.tick().await?;
    plan(&world).await?;
    world.pass(2).await?;
    world.forget_messages();
    world.set_back(DAY);
    assert_in_time(&world).await
}

/// No tick has seen that clock. A chain lies in the future, too.
pub async fn the_audit_finds_what_another_clock_put_off(backend: &Backend) -> Tried {
    let world = World::over(backend);
    define_plans(&world).await?;
    world.define([json!({ "job_id": "minutely", "schedule": "* * * * *" })]).await?;
    world.pass(2).await?;
    let ahead = World::over(backend);
    ahead.advance(DAY);
    plan(&ahead).await?;
    let minutely = job_id("minutely");
    let timers = &world.engine.ports.timers;
    for timer in timers.slots_of_job(&minutely).await? {
        timers.remove_timer(&timer.key).await?;
    }
    timers.put_timers(vec![Timer::slot(ONE, minutely, 1, at(1000 * DAY as i64))]).await?;
    world.engine.audit().await?;
    let alert = world.alert("clock").await?;
    assert!(alert.contains("1 schedule ") && alert.contains("minutely"), "{alert:?}");
    let is_next = |timer: &Timer| matches!(&timer.key.what, What::Slot { slot, .. } if *slot == at(60_000));
    let due = timers.due(0, &Position::After(Timestamp::MIN), at(60_000), 100).await?;
    assert!(due.timers.iter().any(is_next), "{:?}", due.timers);
    timers.remove_timer(&Timer::slot(ONE, job_id("minutely"), 1, at(60_000)).key).await?;
    assert_in_time(&world).await
}

/// Slots of the old version have run ahead of their time, where the chain of the new one begins, and
/// ticks have passed them.
pub async fn a_job_that_changed_after_a_clock_was_ahead_goes_on(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let job = |schedule: &str| json!({ "job_id": "changed", "schedule": schedule });
    world.define([job("* * * * * *")]).await?;
    live(&world, 10).await?;
    world.advance(40);
    live(&world, 1).await?;
    world.set_back(40);
    world.define([job("*/2 * * * * *")]).await?;
    world.advance(40);
    let began = second(&world);
    let started = live(&world, 40).await?;
    let slots = slots_of("changed", &started);
    let late: Vec<i64> = (began + 20..=began + 40).filter(|slot| slot % 2 == 0).collect();
    assert_eq!(slots[slots.len().saturating_sub(late.len())..], late, "{slots:?}");
    Ok(())
}

/// The look of each minute finds versions and pauses of a time that is still to come.
pub async fn what_was_defined_and_paused_by_a_clock_that_was_ahead_counts_from_now(
    backend: &Backend,
) -> Tried {
    let world = World::over(backend);
    let job = |name: &str| json!({ "job_id": name, "schedule": "* * * * * *" });
    world.define([job("old"), job("paused"), json!({ "job_id": "changed", "schedule": "@yearly" })]).await?;
    live(&world, 10).await?;
    world.advance(DAY);
    world.define([job("new"), job("changed")]).await?;
    world.engine.pause_job(&job_id("paused"), None).await?;
    live(&world, 5).await?;
    world.set_back(DAY);
    live(&world, 1).await?;
    let (revision, in_force) = world.engine.ports.zones.in_force().await?;
    world.engine.tend_zones(revision, in_force.as_ref()).await?;
    let began = second(&world);
    let started = live(&world, 20).await?;
    for name in ["old", "new", "changed"] {
        assert_each_second(name, &started, began + 1, began + 20);
    }
    assert_eq!(slots_of("paused", &started), [0; 0]);
    Ok(())
}

/// A function whose clock was a day ahead took the lane, and died.
pub async fn a_lane_that_a_clock_that_was_ahead_has_taken_is_free(backend: &Backend) -> Tried {
    let (world, ahead) = (World::over(backend), World::over(backend));
    ahead.advance(DAY);
    let (lane, length) = (7, Duration::from_secs(90));
    let take = async |world: &World, owner| world.engine.take_lane(lane, owner, length, length).await;
    assert!(matches!(take(&ahead, "ahead").await?, Acquired::Leader(_)));
    let Acquired::Leader(second) = take(&world, "second").await? else { panic!("it is free") };
    assert_eq!(second.token, 2);
    assert!(matches!(take(&world, "third").await?, Acquired::HeldBy { .. }), "a lease of now counts");
    Ok(())
}
