//! Local times while zone data change: the engine over a store starts each local time once.
//!
//! In the zone data of these cases Vancouver is eight hours behind UTC (`2090a`, `2090c`) or seven
//! (`2090b`). The cases begin at midnight UTC.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use belfry_domain::{Job, JobId, Message, Timer, Timestamp, ZoneData, ZoneStamp};
use belfry_engine::ports::{Committed, SecondClock, StoreError, ZonesInForce};
use futures::join;
use serde_json::{Value, json};

use crate::{
    Backend,
    features::{Tried, World, good},
    fixtures::{ONE, at, job, job_id, zone_data},
};

const HOUR: u64 = 3600;
const HALF_HOUR: i64 = 1800;
/// Number of ticks at each half hour, one a second.
const TICKS: u64 = 10;

fn with(backend: &Backend, version: &str, hours: i8) -> World {
    World::over(backend).with_zones(zone_data(version, hours).register())
}

fn nine(name: &str) -> Value {
    json!({ "job_id": name, "schedule": "0 9 * * *", "timezone": "America/Vancouver", "misfire": "all" })
}

async fn job_of(world: &World, name: &str) -> Tried<Arc<Job>> {
    let job = world.engine.ports.jobs.job(&job_id(name)).await?;
    Ok(job.unwrap_or_else(|| panic!("there is no {name}")))
}

async fn in_force(world: &World) -> Tried<(String, bool)> {
    let (_, zones) = world.engine.ports.zones.in_force().await?;
    let release = |zones: &ZonesInForce| ZoneData::release_of(&zones.version).to_owned();
    Ok(zones.map(|zones| (release(&zones), zones.is_settled)).unwrap_or_default())
}

/// Ticks until `hour` hours after the cases' epoch and runs everything; returns the executions in
/// order. Ticks come in the first seconds of half hours, and only where a timer is due by then: others
/// would find nothing to fire.
async fn run_until(world: &World, hour: f64) -> Tried<Vec<String>> {
    let end = at((hour * 3_600_000.0) as i64);
    let mut ran = Vec::new();
    let mut is_anything_due = true;
    while world.now() < end {
        world.advance(1);
        let second = world.now().second() % HALF_HOUR;
        if second == 0 {
            is_anything_due = world.is_anything_due_within(2 * TICKS).await?;
        }
        if is_anything_due && second < TICKS as i64 {
            world.tick().await?;
            ran.extend(world.work(good).await?);
        }
    }
    Ok(ran)
}

pub async fn a_job_goes_by_the_zone_data_in_force(backend: &Backend) -> Tried {
    let world = with(backend, "2090a", -8);
    world.engine.adopt_zones().await?;
    world.define([nine("ahead"), nine("back")]).await?;
    assert_eq!(in_force(&world).await?, ("2090a".to_owned(), true));
    assert_eq!(run_until(&world, 16.5).await?, [""; 0]);
    let world = world.with_zones(zone_data("2090b", -7).register());
    world.engine.adopt_zones().await?;
    // Half past eight has become half past nine.
    let moved = run_until(&world, 25.0).await?;
    assert_eq!(moved, ["ahead@2026-11-23T16:30:11Z", "back@2026-11-23T16:30:11Z"]);
    let moved = run_until(&world, 40.5).await?;
    assert_eq!(moved, ["ahead@2026-11-24T16:00:00Z", "back@2026-11-24T16:00:00Z"]);
    let world = world.with_zones(zone_data("2090c", -8).register());
    world.engine.adopt_zones().await?;
    // Half past nine has become half past eight.
    assert_eq!(run_until(&world, 48.0).await?, [""; 0]);
    assert_eq!(run_until(&world, 66.0).await?, ["ahead@2026-11-25T17:00:00Z", "back@2026-11-25T17:00:00Z"]);
    assert_eq!(in_force(&world).await?, ("2090c".to_owned(), true));
    Ok(())
}

/// The jobs are as they were written before jobs named the zone data that judge them, with their
/// timers.
pub async fn rows_without_a_stamp_come_to_the_right_hour(backend: &Backend) -> Tried {
    let mut old = job("old", 1, 1, &[]);
    old.spec.schedule = Some("0 9 * * *".to_owned());
    old.spec.timezone = Some("America/Vancouver".to_owned());
    let timer = Timer::slot(ONE, job_id("old"), 1, at(17 * 3_600_000));
    assert_eq!(backend.jobs.commit(0, vec![old], vec![timer]).await?, Committed::Done);
    let world = World::over(backend);
    world.engine.adopt_zones().await?;
    let job = job_of(&world, "old").await?;
    assert_eq!(job.version, 2);
    assert_eq!(job.zones.as_ref().map(|stamp| stamp.version.as_str()), Some(ZoneData::bundled().version()));
    assert_eq!(run_until(&world, 24.0).await?, ["old@2026-11-23T16:00:00Z"]);
    Ok(())
}

pub async fn jobs_whose_zone_stays_the_same_keep_their_version(backend: &Backend) -> Tried {
    let mut jobs = vec![job("berlin", 1, 1, &[]), job("utc", 1, 1, &[]), job("none", 1, 1, &[])];
    for job in &mut jobs[..2] {
        job.spec.schedule = Some("0 9 * * *".to_owned());
    }
    jobs[0].spec.timezone = Some("Europe/Berlin".to_owned());
    jobs[1].spec.timezone = Some("UTC".to_owned());
    assert_eq!(backend.jobs.commit(0, jobs, vec![]).await?, Committed::Done);
    let world = World::over(backend);
    world.engine.adopt_zones().await?;
    let bundled = ZoneStamp::of(ZoneData::bundled().version());
    for (name, stamp) in [("berlin", Some(bundled)), ("utc", None), ("none", None)] {
        let job = job_of(&world, name).await?;
        assert_eq!((job.version, &job.zones), (1, &stamp), "{name}");
    }
    let revision = world.engine.ports.zones.in_force().await?.0;
    world.engine.adopt_zones().await?;
    assert_eq!(world.engine.ports.zones.in_force().await?.0, revision, "once is enough");
    Ok(())
}

pub async fn older_data_change_nothing(backend: &Backend) -> Tried {
    let world = with(backend, "2090b", -7);
    world.engine.adopt_zones().await?;
    world.define([nine("first")]).await?;
    let older = with(backend, "2090a", -8);
    older.engine.adopt_zones().await?;
    assert_eq!(in_force(&older).await?, ("2090b".to_owned(), true));
    older.define([nine("second")]).await?;
    for name in ["first", "second"] {
        let job = job_of(&older, name).await?;
        assert_eq!(job.zones, Some(ZoneStamp::of(zone_data("2090b", -7).version())), "{name}");
    }
    let expected = ["first@2026-11-23T16:00:00Z", "second@2026-11-23T16:00:00Z"];
    assert_eq!(run_until(&older, 24.0).await?, expected);
    Ok(())
}

pub async fn a_change_that_was_left_half_done_is_ended(backend: &Backend) -> Tried {
    let world = with(backend, "2090a", -8);
    world.define([nine("a"), nine("b")]).await?;
    let data = zone_data("2090b", -7);
    let zones = &world.engine.ports.zones;
    zones.keep_zone_data(data.version(), &data.pack()).await?;
    let unsettled = ZonesInForce { version: data.version().to_owned(), is_settled: false, before: vec![] };
    let (revision, _) = zones.in_force().await?;
    assert_eq!(zones.put_in_force(revision, &unsettled).await?, Committed::Done);
    // Here whoever has put them in force died. A definition takes all others along first.
    world.define([nine("c")]).await?;
    assert_eq!(in_force(&world).await?, ("2090b".to_owned(), true));
    for (name, version) in [("a", 2), ("b", 2), ("c", 1)] {
        let job = job_of(&world, name).await?;
        assert_eq!(job.zones.as_ref().map(|stamp| stamp.version.as_str()), Some(data.version()), "{name}");
        assert_eq!(job.version, version, "{name}");
    }
    assert_eq!(run_until(&world, 24.0).await?.len(), 3);
    Ok(())
}

pub async fn a_paused_job_makes_up_for_its_pause_by_both_data(backend: &Backend) -> Tried {
    let world = with(backend, "2090a", -8);
    world.define([nine("paused")]).await?;
    let id: JobId = job_id("paused");
    world.engine.pause_job(&id, None).await?;
    world.advance(18 * HOUR);
    let world = world.with_zones(zone_data("2090b", -7).register());
    world.engine.adopt_zones().await?;
    assert!(job_of(&world, "paused").await?.pause.is_some());
    world.advance(24 * HOUR);
    assert_eq!(world.work(good).await?, [""; 0]);
    world.engine.resume_job(&id).await?;
    world.tick().await?;
    let mut made_up = world.work(good).await?;
    made_up.sort_unstable();
    assert_eq!(made_up, ["paused@2026-11-23T17:00:00Z", "paused@2026-11-24T16:00:00Z"]);
    Ok(())
}

/// Jobs of one schedule share their slots, also the slot that the change of zone data makes of the
/// times that it skips.
pub async fn jobs_of_one_schedule_go_on_sharing_their_slots(backend: &Backend) -> Tried {
    let world = with(backend, "2090a", -8);
    let both = json!({ "job_id": "both", "dependencies": ["one", "other"] });
    world.define([nine("one"), nine("other"), both]).await?;
    world.advance(16 * HOUR + HOUR / 2);
    let world = world.with_zones(zone_data("2090b", -7).register());
    world.engine.adopt_zones().await?;
    let ran = run_until(&world, 24.0).await?;
    let slot = "2026-11-23T16:30:11Z";
    assert_eq!(ran, [format!("one@{slot}"), format!("other@{slot}"), format!("both@{slot}")]);
    Ok(())
}

/// A process that knows no zone stamps has gone on from the job's version by zone data of its own.
pub async fn a_timer_that_other_data_wrote_starts_nothing(backend: &Backend) -> Tried {
    let world = with(backend, "2090b", -7);
    world.define([nine("mine")]).await?;
    for timer in backend.timers.slots_of_job(&job_id("mine")).await? {
        backend.timers.remove_timer(&timer.key).await?;
    }
    let wrong = Timer::slot(ONE, job_id("mine"), 1, at(17 * 3_600_000));
    backend.timers.put_timers(vec![wrong]).await?;
    world.engine.audit().await?;
    assert_eq!(run_until(&world, 24.0).await?, ["mine@2026-11-23T16:00:00Z"]);
    Ok(())
}

/// Also in those between the change and its moment.
pub async fn a_job_defined_after_the_change_shares_the_slots_of_its_schedule(backend: &Backend) -> Tried {
    let world = with(backend, "2090a", -8);
    world.define([nine("one")]).await?;
    world.advance(16 * HOUR + HOUR / 2);
    let world = world.with_zones(zone_data("2090b", -7).register());
    world.engine.adopt_zones().await?;
    world.advance(1);
    let both = json!({ "job_id": "both", "dependencies": ["one", "other"] });
    world.define([nine("other"), both]).await?;
    let schedules = [job_of(&world, "one").await?, job_of(&world, "other").await?];
    let [one, other] = schedules.each_ref().map(|job| first_slot(&world, job));
    assert_eq!(one, other);
    let mut ran = run_until(&world, 24.0).await?;
    ran.sort_unstable();
    assert_eq!(ran, [format!("both@{one}"), format!("one@{one}"), format!("other@{one}")]);
    Ok(())
}

fn first_slot(world: &World, job: &Job) -> Timestamp {
    let slot = job.schedule().and_then(|schedule| schedule.next_after(world.now().to_utc()));
    slot.map_or_else(|| panic!("{} has no slot", job.id()), Timestamp::from)
}

/// The second comes before the moment of the first.
pub async fn of_two_changes_at_once_none_takes_a_slot_away(backend: &Backend) -> Tried {
    let world = with(backend, "2090a", -8);
    world.define([nine("twice")]).await?;
    world.advance(16 * HOUR + HOUR / 2);
    // Half past eight becomes half past nine, and half past eight again.
    let world = world.with_zones(zone_data("2090b", -7).register());
    world.engine.adopt_zones().await?;
    world.advance(2);
    let world = world.with_zones(zone_data("2090c", -8).register());
    world.engine.adopt_zones().await?;
    let ran = run_until(&world, 48.0).await?;
    assert_eq!(ran.len(), 2, "{ran:?}");
    assert_eq!(ran[1], "twice@2026-11-24T17:00:00Z");
    Ok(())
}

pub async fn what_two_changes_repeat_is_not_due_again(backend: &Backend) -> Tried {
    let world = with(backend, "2090b", -7);
    world.define([nine("once")]).await?;
    assert_eq!(run_until(&world, 16.75).await?, ["once@2026-11-23T16:00:00Z"]);
    // A quarter to ten becomes a quarter to nine, and a quarter to eight.
    let world = world.with_zones(zone_data("2090c", -8).register());
    world.engine.adopt_zones().await?;
    world.advance(60);
    let world = world.with_zones(zone_data("2090d", -9).register());
    world.engine.adopt_zones().await?;
    assert_eq!(run_until(&world, 48.0).await?, ["once@2026-11-24T18:00:00Z"]);
    Ok(())
}

/// It stamps nothing, and a job that it changes is without a stamp again.
pub async fn what_an_older_program_defines_is_taken_along_at_the_next_look(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.engine.adopt_zones().await?;
    let (revision, zones) = world.engine.ports.zones.in_force().await?;
    world.engine.tend_zones(revision, zones.as_ref()).await?;
    let mut old = job("old", 1, revision + 1, &[]);
    old.spec.schedule = Some("0 9 * * *".to_owned());
    old.spec.timezone = Some("America/Vancouver".to_owned());
    let timer = Timer::slot(ONE, job_id("old"), 1, at(17 * 3_600_000));
    assert_eq!(backend.jobs.commit(revision, vec![old], vec![timer]).await?, Committed::Done);
    let (revision, zones) = world.engine.ports.zones.in_force().await?;
    world.engine.tend_zones(revision, zones.as_ref()).await?;
    assert!(job_of(&world, "old").await?.zones.is_some());
    assert_eq!(run_until(&world, 24.0).await?, ["old@2026-11-23T16:00:00Z"]);
    Ok(())
}

/// It waits in its queue for longer than a slot that a definition has dropped would.
pub async fn a_slot_in_the_backlog_outlives_a_change(backend: &Backend) -> Tried {
    let world = with(backend, "2090a", -8);
    let mut first = nine("first");
    first["schedule"] = json!("0 8 * * *");
    let mut then = nine("then");
    (then["schedule"], then["dependencies"]) = (json!("15 8 * * *"), json!(["first"]));
    world.define([first, then]).await?;
    world.advance(16 * HOUR);
    world.tick().await?;
    world.advance(HOUR / 4);
    world.tick().await?;
    let is_free = |message: &Message| message.execution_id.job_id() == job_id("then");
    assert_eq!(world.start_those(is_free).await?.len(), 0, "it waits");
    let world = world.with_zones(zone_data("2090b", -7).register());
    world.engine.adopt_zones().await?;
    for _ in 0..20 {
        world.advance(60);
        world.tick().await?;
    }
    let ran = world.work(good).await?;
    assert_eq!(ran, ["first@2026-11-23T16:00:00Z", "then@2026-11-23T16:15:00Z"]);
    Ok(())
}

pub async fn a_change_gets_through_among_definitions(backend: &Backend) -> Tried {
    let world = with(backend, "2090a", -8);
    world.define((0..50).map(|number| nine(&format!("job{number}")))).await?;
    let world = world.with_zones(zone_data("2090b", -7).register());
    let is_over = AtomicBool::new(false);
    let define = async |name: &str| {
        for number in 0.. {
            if is_over.load(Ordering::SeqCst) {
                return;
            }
            let job = json!({ "job_id": name, "description": format!("version {number}") });
            // It may have to give way, too.
            drop(world.define([job]).await);
        }
    };
    let adopt = async {
        let adopted = world.engine.adopt_zones().await;
        is_over.store(true, Ordering::SeqCst);
        adopted
    };
    let (adopted, ..) = join!(adopt, define("a"), define("b"), define("c"), define("d"));
    adopted?;
    assert_eq!(in_force(&world).await?, ("2090b".to_owned(), true));
    Ok(())
}

/// Takes note of the jobs that it is told of.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

#[async_trait]
impl SecondClock for Told {
    async fn keep(&self, id: &JobId, _: Option<&Job>) -> Result<(), StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(id.to_string());
        Ok(())
    }

    async fn kept(&self) -> Result<Vec<JobId>, StoreError> {
        Ok(vec![])
    }
}

pub async fn only_what_a_second_clock_calls_is_told_to_it(backend: &Backend) -> Tried {
    let (world, told) = (with(backend, "2090a", -8), Arc::new(Told::default()));
    let mut called = nine("called");
    called["clock"] = json!("both");
    world.define([nine("plain"), called]).await?;
    let world = world.with_second_clock(told.clone()).with_zones(zone_data("2090b", -7).register());
    world.engine.adopt_zones().await?;
    let told = told.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(told, ["called"]);
    Ok(())
}
