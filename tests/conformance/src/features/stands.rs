//! Nothing stands still: what has waited, what was lost and what could not be read goes on within
//! stated times.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use belfry_domain::{Job, JobId, Status, Timer, Timestamp};
use belfry_engine::{
    Leased, Settings,
    ports::{Committed, Completion, JobStore, RunGroup, StoreError},
};
use serde_json::{Value, json};

use super::world::{Tried, World, attempts, good};
use crate::{
    Backend,
    fixtures::{at, job_id},
};

/// A lease of a worker that is about to vanish.
pub(super) const LEASE_SECONDS: u64 = 30;
/// A lost attempt is taken up this long after its lease at the latest.
pub(super) const TAKEN_UP_SECONDS: u64 = 60;

pub(super) fn patient(name: &str, more: &Value) -> Value {
    let mut job = json!({ "job_id": name, "timeout": "2h", "retry": { "max_lost": 9 } });
    job.as_object_mut().into_iter().zip(more.as_object()).for_each(|(job, more)| job.extend(more.clone()));
    job
}

/// One each of what is claimed in another write: pushed, with a limit, of a slot, of a slot with a limit.
async fn define_one_of_each(world: &World) -> Tried {
    let slot = "2026-11-23T00:00:30Z";
    let jobs = [
        patient("asked", &json!({})),
        patient("limited", &json!({ "max_concurrency": 1 })),
        patient("slot", &json!({ "run_at": slot })),
        patient("slot_limited", &json!({ "run_at": slot, "max_concurrency": 1 })),
    ];
    world.define(jobs).await?;
    for job in ["asked", "limited"] {
        world.trigger(job, "a", Value::Null).await?;
    }
    Ok(())
}

/// Nobody has a place for work.
async fn wait_long(world: &World) -> Tried {
    for _ in 0..14 {
        world.advance(50);
        world.tick().await?;
    }
    Ok(())
}

/// Starts executions until so many have started.
async fn starts_within(world: &World, seconds: u64, count: usize) -> Tried<Vec<Leased>> {
    let mut started = Vec::new();
    for _ in 0..seconds {
        world.pass(1).await?;
        started.extend(world.start_for(LEASE_SECONDS, |_| true).await?);
        if started.len() >= count {
            break;
        }
    }
    Ok(started)
}

pub(super) fn sorted(started: &[Leased]) -> Vec<&str> {
    let mut names = attempts(started);
    names.sort_unstable();
    names
}

pub async fn what_has_waited_long_is_watched(backend: &Backend) -> Tried {
    let world = World::over(backend);
    define_one_of_each(&world).await?;
    wait_long(&world).await?;
    let slot = |name| format!("{name}@2026-11-23T00:00:30Z");
    let all = ["asked@a".to_owned(), "limited@a".to_owned(), slot("slot"), slot("slot_limited")];
    for attempt in 1..=3 {
        let started = if attempt == 1 {
            world.start_for(LEASE_SECONDS, |_| true).await?
        } else {
            starts_within(&world, LEASE_SECONDS + TAKEN_UP_SECONDS, 4).await?
        };
        assert_eq!(sorted(&started), all, "attempt {attempt}");
        assert!(started.iter().all(|leased| leased.execution.attempt == attempt));
    }
    // Nothing is left behind that somebody would have to clear away.
    for leased in starts_within(&world, LEASE_SECONDS + TAKEN_UP_SECONDS, 4).await? {
        world.end(&leased, Completion::succeeded(None)).await?;
        assert_eq!(world.row(leased.execution.id.as_str()).await?.status, Status::Success);
    }
    Ok(())
}

pub async fn what_has_run_long_is_watched(backend: &Backend) -> Tried {
    let world = World::over(backend);
    world.define([patient("long", &json!({}))]).await?;
    world.trigger("long", "a", Value::Null).await?;
    let first = world.start_for(LEASE_SECONDS, |_| true).await?;
    for _ in 0..60 {
        world.advance(20);
        world.tick().await?;
        let lease = Duration::from_secs(LEASE_SECONDS);
        world.engine.heartbeat(&first[0].execution.id, first[0].token, lease, None).await?;
    }
    for attempt in 2..=3 {
        let started = starts_within(&world, LEASE_SECONDS + TAKEN_UP_SECONDS, 1).await?;
        assert_eq!(attempts(&started), ["long@a"], "attempt {attempt}");
        assert_eq!(started[0].execution.attempt, attempt);
    }
    Ok(())
}

pub async fn a_dead_holder_gives_its_permit_back(backend: &Backend) -> Tried {
    let world = World::over(backend);
    let retry = json!({ "max_lost": 0 });
    world.define([patient("one", &json!({ "max_concurrency": 1, "retry": retry }))]).await?;
    world.trigger("one", "a", Value::Null).await?;
    world.trigger("one", "b", Value::Null).await?;
    wait_long(&world).await?;
    assert_eq!(attempts(&world.start_for(LEASE_SECONDS, |_| true).await?), ["one@a"]);
    let next = starts_within(&world, LEASE_SECONDS + TAKEN_UP_SECONDS, 1).await?;
    assert_eq!(attempts(&next), ["one@b"]);
    Ok(())
}

/// Forgets the messages of the old leader.
pub async fn a_new_leader_looks_at_once_at_what_waits(backend: &Backend) -> Tried {
    let world = World::over(backend);
    define_one_of_each(&world).await?;
    world.define([json!({ "job_id": "line", "max_concurrency": 1 })]).await?;
    world.trigger("line", "a", Value::Null).await?;
    let holder = world.start_for(3600, |message| message.execution_id.job_id().as_str() == "line").await?;
    world.trigger("line", "b", Value::Null).await?;
    world.start_for(3600, |message| message.execution_id.job_id().as_str() == "line").await?;
    wait_long(&world).await?;
    world.end(&holder[0], Completion::succeeded(None)).await?;
    world.forget_messages();
    world.pass(5).await?;
    assert_eq!(attempts(&world.start().await?), [""; 0], "their looks are far off");
    world.recover().await?;
    let slot = |name| format!("{name}@2026-11-23T00:00:30Z");
    let waited = [
        "asked@a".to_owned(),
        "limited@a".to_owned(),
        "line@b".to_owned(),
        slot("slot"),
        slot("slot_limited"),
    ];
    assert_eq!(sorted(&world.start().await?), waited);
    Ok(())
}

/// 100,000 in an unserved pool were enough to stop everything else.
pub async fn a_deep_queue_stops_no_other(backend: &Backend) -> Tried {
    let world = World::with(backend, Settings { queue_limit: 3, ..Settings::standalone() });
    world.tick().await?;
    world
        .define([
            json!({ "job_id": "flood", "pool": "gpu" }),
            patient("render", &json!({ "pool": "render" })),
        ])
        .await?;
    world.trigger("render", "a", Value::Null).await?;
    world.start_for(LEASE_SECONDS, |message| message.pool == "render").await?;
    for name in ["a", "b", "c", "d"] {
        world.trigger("flood", name, Value::Null).await?;
    }
    let waiting = || world.count_messages(|message| message.pool == "gpu");
    for _ in 0..LEASE_SECONDS + TAKEN_UP_SECONDS {
        world.pass(1).await?;
    }
    assert_eq!(waiting(), 4, "no copies for a queue that is too long");
    let says = world.alert("lateness/queue gpu/normal").await?;
    assert!(says.starts_with("4 messages wait in the queue gpu/normal, whose limit is 3"), "{says:?}");
    let second = world.start_for(LEASE_SECONDS, |message| message.pool == "render").await?;
    assert_eq!((attempts(&second), second[0].execution.attempt), (vec!["render@a"], 2));
    // Those whose messages were lost go on when there is room.
    world.forget_messages();
    let mut went_on = Vec::new();
    for _ in 0..300 {
        world.pass(1).await?;
        went_on.extend(world.start_for(3600, |message| message.pool == "gpu").await?);
    }
    assert_eq!(sorted(&went_on), ["flood@a", "flood@b", "flood@c", "flood@d"]);
    Ok(())
}

/// Every second, by the three policies.
pub(super) async fn define_secondly(world: &World) -> Tried {
    let job = |policy: &str, cap: u32| {
        let schedule = "* * * * * *";
        json!({ "job_id": policy, "schedule": schedule, "misfire": policy, "misfire_cap": cap })
    };
    world.define([job("skip", 1), job("latest", 1), job("all", 5)]).await?;
    for _ in 0..10 {
        world.pass(1).await?;
        world.work(good).await?;
    }
    Ok(())
}

/// The slots of a job among what was started, in seconds after the epoch of the cases.
pub(super) fn slots_of(job: &str, started: &[String]) -> Vec<i64> {
    let of_job = started.iter().filter_map(|name| name.strip_prefix(&format!("{job}@")));
    let instants =
        of_job.map(|slot| slot.parse::<Timestamp>().unwrap_or_else(|error| panic!("{slot}: {error}")));
    let mut slots: Vec<i64> = instants.map(|slot| (slot.0 - at(0).0) / 1000).collect();
    slots.sort_unstable();
    slots
}

pub async fn what_could_not_be_read_is_not_late_for_ever(backend: &Backend) -> Tried {
    let veiled = Arc::new(Veiled { jobs: backend.jobs.clone(), is_veiled: AtomicBool::new(false) });
    let world = World::over(&Backend { jobs: veiled.clone(), ..backend.clone() });
    define_secondly(&world).await?;
    veiled.is_veiled.store(true, Relaxed);
    let fired_until = (world.now().0 - at(0).0) / 1000 + 3;
    // Longer than the grace of a misfire and than the sweep's.
    world.pass(90).await?;
    veiled.is_veiled.store(false, Relaxed);
    let began = (world.now().0 - at(0).0) / 1000;
    let mut started = Vec::new();
    for _ in 0..20 {
        world.pass(1).await?;
        started.extend(world.work(good).await?);
    }
    let now = began + 20;
    for policy in ["skip", "latest", "all"] {
        let slots = slots_of(policy, &started);
        assert!(slots.ends_with(&[now - 2, now - 1, now]), "{policy} is on time again: {slots:?} at {now}");
    }
    // Of the first look after that.
    let first_young = began + 1 - 60;
    let is_old = |slot: &i64| (fired_until + 1..first_young).contains(slot);
    let old = |policy| slots_of(policy, &started).into_iter().filter(is_old).count();
    assert_eq!(["skip", "latest", "all"].map(old), [0, 1, 5], "each by its policy: {started:?}");
    Ok(())
}

pub async fn a_pause_is_passed_over_by_the_policy_however_short(backend: &Backend) -> Tried {
    let world = World::over(backend);
    define_secondly(&world).await?;
    let policies = ["skip", "latest", "all"];
    for policy in policies {
        world.engine.pause_job(&job_id(policy), None).await?;
    }
    let paused_at = (world.now().0 - at(0).0) / 1000;
    for _ in 0..55 {
        world.pass(1).await?;
        world.work(good).await?;
    }
    for policy in policies {
        world.engine.resume_job(&job_id(policy)).await?;
    }
    let started = world.work(good).await?;
    let of_pause = |policy| slots_of(policy, &started).into_iter().filter(|slot| *slot > paused_at).collect();
    let ends = paused_at + 55;
    let [skip, latest, all]: [Vec<i64>; 3] = policies.map(of_pause);
    assert_eq!(skip, [0; 0]);
    assert_eq!(latest, [ends]);
    assert_eq!(all, (ends - 4..=ends).collect::<Vec<i64>>());
    let (status, reason) = world.stands(&name_of("skip", ends)).await?;
    assert_eq!((&*status, &*reason), ("skipped", "55 slots, of a pause, were passed over (misfire: skip)"));
    world.pass(1).await?;
    assert_eq!(world.work(good).await?.len(), 3, "it goes on");
    Ok(())
}

fn name_of(job: &str, second: i64) -> String {
    format!("{job}@{}", at(second * 1000))
}

pub async fn after_an_outage_skip_starts_nothing_older_than_its_step(backend: &Backend) -> Tried {
    let world = World::over(backend);
    define_secondly(&world).await?;
    world.define([json!({ "job_id": "tens", "schedule": "*/10 * * * * *", "misfire": "skip" })]).await?;
    world.work(good).await?;
    let down_at = (world.now().0 - at(0).0) / 1000;
    world.forget_messages();
    world.advance(58);
    world.recover().await?;
    world.tick().await?;
    let started = world.work(good).await?;
    let now = down_at + 58;
    // What was on its way is no misfire.
    let old = |job: &str| {
        let slots = slots_of(job, &started).into_iter();
        slots.filter(|slot| *slot > down_at + 3 && *slot < now).collect::<Vec<i64>>()
    };
    assert_eq!(old("skip"), [0; 0], "{started:?}");
    assert!(slots_of("skip", &started).ends_with(&[now]), "{started:?}");
    assert_eq!(slots_of("tens", &started), [now / 10 * 10], "the newest is no older than its step");
    assert_eq!(old("latest").len(), 54, "no older than a minute");
    let (status, reason) = world.stands(&name_of("skip", now - 1)).await?;
    assert_eq!((&*status, &*reason), ("skipped", "54 slots, missed, were passed over (misfire: skip)"));
    Ok(())
}

/// Jobs that nobody can read for a while.
struct Veiled {
    jobs: Arc<dyn JobStore>,
    is_veiled: AtomicBool,
}

type Stored<T> = Result<T, StoreError>;

#[async_trait]
impl JobStore for Veiled {
    async fn job(&self, id: &JobId) -> Stored<Option<Arc<Job>>> {
        if self.is_veiled.load(Relaxed) {
            return Err(StoreError::Unreadable {
                what: format!("job {id}"),
                why: "a newer format".to_owned(),
            });
        }
        self.jobs.job(id).await
    }

    async fn job_version(&self, id: &JobId, version: u64) -> Stored<Option<Arc<Job>>> {
        self.jobs.job_version(id, version).await
    }

    async fn all_jobs(&self) -> Stored<(u64, Vec<Arc<Job>>)> {
        self.jobs.all_jobs().await
    }

    async fn connected(&self, ids: &[JobId]) -> Stored<(u64, Vec<Arc<Job>>)> {
        self.jobs.connected(ids).await
    }

    async fn run_group(&self, id: &JobId) -> Stored<RunGroup> {
        self.jobs.run_group(id).await
    }

    async fn dependents(&self, id: &JobId, graph: u64) -> Stored<Vec<Arc<Job>>> {
        self.jobs.dependents(id, graph).await
    }

    async fn commit(&self, revision: u64, jobs: Vec<Job>, timers: Vec<Timer>) -> Stored<Committed> {
        self.jobs.commit(revision, jobs, timers).await
    }
}
