//! The engine over a store while zone data change: each local time once.
//!
//! In the zone data of these cases Vancouver is eight hours behind UTC (`2090a`, `2090c`) or seven
//! (`2090b`). The cases begin at midnight UTC.

use belfry_domain::{Job, JobId, Timer, ZoneData, ZoneStamp};
use belfry_engine::ports::{Committed, ZonesInForce};
use serde_json::{Value, json};

use crate::{
    Backend,
    features::{Tried, World, good},
    fixtures::{ONE, at, job, job_id, zone_data},
};

const HOUR: u64 = 3600;

fn with(backend: &Backend, version: &str, hours: i8) -> World {
    World::over(backend).with_zones(zone_data(version, hours).register())
}

fn nine(name: &str) -> Value {
    json!({ "job_id": name, "schedule": "0 9 * * *", "timezone": "America/Vancouver", "misfire": "all" })
}

async fn job_of(world: &World, name: &str) -> Tried<std::sync::Arc<Job>> {
    let job = world.engine.ports.jobs.job(&job_id(name)).await?;
    Ok(job.unwrap_or_else(|| panic!("there is no {name}")))
}

async fn in_force(world: &World) -> Tried<(String, bool)> {
    let (_, zones) = world.engine.ports.zones.in_force().await?;
    Ok(zones.map(|zones| (zones.version, zones.is_settled)).unwrap_or_default())
}

/// Ticks up to that hour and runs everything; the executions in their order.
async fn run_until(world: &World, hour: f64) -> Tried<Vec<String>> {
    let end = at((hour * 3_600_000.0) as i64);
    let mut ran = Vec::new();
    while world.now() < end {
        world.advance(1);
        // Between the hours nothing happens but at the half ones.
        if (world.now().second() % (HOUR as i64 / 2)) < 10 {
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
    assert_eq!(moved, ["ahead@2026-11-23T16:30:06Z", "back@2026-11-23T16:30:06Z"]);
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

/// As they were written before jobs named the data that judge them, with their timers.
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
        assert_eq!(job.zones, Some(ZoneStamp::of("2090b")), "{name}");
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
    zones.keep_zone_data("2090b", &data.pack()).await?;
    let unsettled = ZonesInForce { version: "2090b".to_owned(), is_settled: false };
    let (revision, _) = zones.in_force().await?;
    assert_eq!(zones.put_in_force(revision, &unsettled).await?, Committed::Done);
    // Here whoever has put them in force died. A definition takes all others along first.
    world.define([nine("c")]).await?;
    assert_eq!(in_force(&world).await?, ("2090b".to_owned(), true));
    for (name, version) in [("a", 2), ("b", 2), ("c", 1)] {
        let job = job_of(&world, name).await?;
        assert_eq!(job.zones.as_ref().map(|stamp| stamp.version.as_str()), Some("2090b"), "{name}");
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

/// Also in the slot that the change itself makes of the times that it skips.
pub async fn jobs_of_one_schedule_go_on_sharing_their_slots(backend: &Backend) -> Tried {
    let world = with(backend, "2090a", -8);
    let both = json!({ "job_id": "both", "dependencies": ["one", "other"] });
    world.define([nine("one"), nine("other"), both]).await?;
    world.advance(16 * HOUR + HOUR / 2);
    let world = world.with_zones(zone_data("2090b", -7).register());
    world.engine.adopt_zones().await?;
    let ran = run_until(&world, 24.0).await?;
    let slot = "2026-11-23T16:30:06Z";
    assert_eq!(ran, [format!("one@{slot}"), format!("other@{slot}"), format!("both@{slot}")]);
    Ok(())
}

/// A process that knows no stamps has gone on from the job's version by data of its own.
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
