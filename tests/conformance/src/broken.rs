//! Unreadable rows, which must not hinder work on other rows.
//!
//! These cases need a [`Sabotage`], so only the tests of stores that have one run them.

use std::{
    mem::take,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId, Message, Timer, Timestamp};
use belfry_engine::{
    Accepted, EngineError,
    ports::{Alert, Creation, ExecutionFilter, Notice, Position, Receiver, StoreError},
};
use serde_json::json;

use crate::{
    Backend, Verdict,
    dead_letters::{self, letter},
    features::world::{Tried, World, attempts, good},
    fixtures::{at, claim, guard, id, job, job_id, names, row, row_at},
    jobs::{commit, version_of},
    listing::walk,
    paging, timers,
};

/// Writes that bypass the store.
#[async_trait]
pub trait Sabotage: Send + Sync {
    /// Makes an existing execution row unreadable.
    async fn break_execution(&self, id: &ExecutionId);
    /// Makes the newest version of an existing job unreadable.
    async fn break_job(&self, id: &JobId);
    /// Makes an existing dead letter unreadable.
    async fn break_dead_letter(&self, id: &ExecutionId);
    /// Makes an existing alert unreadable.
    async fn break_alert(&self, key: &str);
    /// Puts a timer aside, as earlier versions did with what they could not read.
    async fn set_aside(&self, timer: &Timer);
    /// Adds timers without a meaning to shard 0, one for each way in which a timer can lack it; returns
    /// their number.
    async fn add_broken_timers(&self, fire_at: Timestamp) -> usize;
}

fn expect_unreadable<T>(outcome: Result<T, StoreError>) {
    let error = outcome.err();
    assert!(matches!(error, Some(StoreError::Unreadable { .. })), "{error:?}");
}

pub async fn an_unreadable_execution_is_alone(backend: &Backend, sabotage: &dyn Sabotage) -> Verdict {
    for name in ["a@1", "a@2", "a@3"] {
        backend.create_new(row(name)).await?;
    }
    sabotage.break_execution(&id("a@2")).await;
    expect_unreadable(backend.executions.execution(&id("a@2")).await);
    expect_unreadable(backend.executions.claim(&claim("a@2", 1, 1)).await);
    expect_unreadable(backend.executions.create(row("a@2"), None).await);
    backend.present("a@1").await?;
    backend.start(&claim("a@3", 1, 1)).await?;
    let batch = ["b@1", "a@2", "b@2"].map(|name| (row(name), guard(name)));
    let [one, broken, two] = &backend.executions.create_all(batch.to_vec()).await[..] else { panic!() };
    assert!(matches!((one, two), (Ok(Creation::Created), Ok(Creation::Created))), "{one:?} {two:?}");
    expect_unreadable(broken.clone());
    assert_eq!(backend.executions.latest_generation(&id("a@2")).await?, 1, "its name can still be read");
    Ok(())
}

pub async fn an_unreadable_execution_fails_no_other_of_its_batch(
    backend: &Backend,
    sabotage: &dyn Sabotage,
) -> Tried {
    let world = World::over(backend);
    world.push_all(&["2"]).await;
    sabotage.break_execution(&id("push@2")).await;
    let outcomes = world.push_all(&["1", "2", "3"]).await;
    let kinds: Vec<&str> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(Accepted { is_new: true, .. }) => "created",
            Err(EngineError::Store(StoreError::Unreadable { .. })) => "unreadable",
            _ => "something else",
        })
        .collect();
    assert_eq!(kinds, ["created", "unreadable", "created"], "{outcomes:?}");
    for name in ["push@1", "push@3"] {
        assert!(world.is_guarded(name).await? && backend.executions.execution(&id(name)).await?.is_some());
    }
    Ok(())
}

pub async fn a_listing_leaves_out_what_it_cannot_read(backend: &Backend, sabotage: &dyn Sabotage) -> Verdict {
    for number in 0..7 {
        backend.create_new(row_at(&format!("a@{number}"), at(number))).await?;
    }
    for number in [1, 2, 6] {
        sabotage.break_execution(&id(&format!("a@{number}"))).await;
    }
    let filter = ExecutionFilter { job_id: Some(job_id("a")), ..Default::default() };
    for limit in 1..9 {
        let rows = walk(backend, &filter, limit).await?;
        let names: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(names, ["a@5", "a@4", "a@3", "a@0"], "in pages of {limit}");
    }
    let of_run = ExecutionFilter { run_id: Some("run-of-a@3".to_owned()), ..Default::default() };
    assert_eq!(walk(backend, &of_run, 10).await?.len(), 1);
    Ok(())
}

pub async fn an_unreadable_job_is_alone(backend: &Backend, sabotage: &dyn Sabotage) -> Verdict {
    let jobs = vec![job("a", 1, 1, &[]), job("b", 1, 1, &["d"]), job("c", 1, 1, &["a"]), job("d", 1, 1, &[])];
    commit(backend, 0, jobs).await?;
    sabotage.break_job(&job_id("b")).await;
    expect_unreadable(backend.jobs.job(&job_id("b")).await);
    assert!(backend.jobs.job(&job_id("a")).await?.is_some());
    assert_eq!(names(&backend.jobs.dependents(&job_id("a"), u64::MAX).await?), ["c"]);
    // A run must not go on as if it had no dependent.
    expect_unreadable(backend.jobs.dependents(&job_id("d"), u64::MAX).await);
    let (revision, jobs) = backend.jobs.all_jobs().await?;
    assert_eq!((revision, names(&jobs)), (1, ["a", "c", "d"].map(str::to_owned).to_vec()));
    commit(backend, 1, vec![job("b", 2, 2, &["d"])]).await?;
    assert_eq!(version_of(backend, "b").await?, Some((2, false)), "a new definition mends it");
    assert_eq!(names(&backend.jobs.dependents(&job_id("d"), u64::MAX).await?), ["b"]);
    Ok(())
}

pub async fn dead_letters_leave_out_what_they_cannot_read(
    backend: &Backend,
    sabotage: &dyn Sabotage,
) -> Verdict {
    for number in 0..5 {
        let letter = letter(&format!("a@{number}"), at(number));
        assert!(backend.dead_letters.add_dead_letter(letter).await?);
    }
    for number in [4, 2, 1] {
        sabotage.break_dead_letter(&id(&format!("a@{number}"))).await;
    }
    for limit in 1..6 {
        let letters = dead_letters::walk(backend, None, limit).await?;
        assert_eq!(letters, [letter("a@3", at(3)), letter("a@0", at(0))], "in pages of {limit}");
    }
    expect_unreadable(backend.dead_letters.dead_letter(&id("a@2")).await);
    assert!(backend.dead_letters.discard(&id("a@2")).await?, "people can still be rid of it");
    Ok(())
}

/// Receiver that keeps the keys of the alerts that it was told of.
#[derive(Default)]
struct Pager(Mutex<Vec<String>>);

#[async_trait]
impl Receiver for Pager {
    fn name(&self) -> &'static str {
        "pager"
    }

    async fn tell(&self, notice: &Notice) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice.alert.key.clone());
        Ok(())
    }
}

pub async fn an_unreadable_letter_silences_no_other_alert(
    backend: &Backend,
    sabotage: &dyn Sabotage,
) -> Verdict {
    let world = World::over(backend);
    let pager = Arc::new(Pager::default());
    let receivers: Vec<Arc<dyn Receiver>> = vec![pager.clone()];
    let told = async || {
        // What goes wrong with one alert is told as an error, after the others.
        let tended = world.engine.tend_alerts(&receivers).await;
        (take(&mut *pager.0.lock().unwrap_or_else(PoisonError::into_inner)), tended.is_ok())
    };
    for name in ["a@1", "b@1"] {
        assert!(backend.dead_letters.add_dead_letter(letter(name, at(1))).await?);
    }
    let alert = |name: &str| Alert::DeadLetter { id: id(name), reason: "exit code 1".to_owned() };
    world.engine.ports.alerts.raise(alert("a@1")).await?;
    assert_eq!(told().await, (vec!["dead_letter/a".to_owned()], true));
    sabotage.break_dead_letter(&id("a@1")).await;
    world.engine.ports.alerts.raise(alert("b@1")).await?;
    assert_eq!(told().await, (vec!["dead_letter/b".to_owned()], false), "it is not silenced");
    assert!(backend.dead_letters.discard(&id("b@1")).await?);
    told().await;
    assert_eq!(told().await, (vec![], false));
    let rows = backend.alerts.alerts().await?;
    let open: Vec<&str> = rows.iter().filter(|row| row.is_open()).map(|row| row.key.as_str()).collect();
    assert_eq!(open, ["dead_letter/a"], "the other one is over");
    Ok(())
}

pub async fn timers_of_another_version_are_read_again(backend: &Backend, sabotage: &dyn Sabotage) -> Verdict {
    let good = [timers::slot("a", 1), timers::slot("a", 5), timers::slot("a", 9)];
    backend.timers.put_timers(good.to_vec()).await?;
    let broken = sabotage.add_broken_timers(at(5)).await;
    for _ in 0..2 {
        let page = backend.timers.due(0, &Position::After(at(0)), at(10), 100).await?;
        assert_eq!(page.timers, good);
        assert_eq!(page.unknown.len(), broken, "each is named, and stays: {:?}", page.unknown);
    }
    Ok(())
}

pub async fn a_page_of_broken_timers_does_not_end_the_walk(
    backend: &Backend,
    sabotage: &dyn Sabotage,
) -> Verdict {
    let good = [timers::slot("a", 1), timers::slot("a", 9)];
    backend.timers.put_timers(good.to_vec()).await?;
    assert!(sabotage.add_broken_timers(at(5)).await >= 2);
    for limit in [1, 2, 3] {
        let found = paging::walk(backend, 0, Position::After(at(0)), at(10), limit).await?;
        assert_eq!(found, good, "in pages of {limit}");
    }
    Ok(())
}

/// A version that was rolled back had put them aside, and is gone again.
pub async fn timers_that_an_older_version_set_aside_come_back(
    backend: &Backend,
    sabotage: &dyn Sabotage,
) -> Tried {
    let world = World::over(backend);
    world.push_all(&["a"]).await;
    let [guard] = &due(backend).await?[..] else { panic!("a push has one timer") };
    let checked = Timer { checks: 3, ..timers::check("push@a", 1, 7) };
    backend.timers.remove_timer(&guard.key).await?;
    let both = [guard.clone(), checked];
    for timer in &both {
        sabotage.set_aside(timer).await;
    }
    world.engine.audit().await?;
    assert_eq!(due(backend).await?, both);
    for timer in &both {
        backend.timers.remove_timer(&timer.key).await?;
    }
    world.engine.audit().await?;
    assert_eq!(due(backend).await?, [], "they come back once");
    Ok(())
}

async fn due(backend: &Backend) -> Result<Vec<Timer>, StoreError> {
    let until = Timestamp(i64::MAX);
    Ok(backend.timers.due(0, &Position::After(Timestamp::MIN), until, 100).await?.timers)
}

/// A version that is rolled back finds what the newer one wrote.
pub async fn what_a_newer_version_wrote_stops_no_other(backend: &Backend, sabotage: &dyn Sabotage) -> Tried {
    let world = World::over(backend);
    let once = |name: &str, second: u32, more: &str| {
        let run_at = format!("2026-11-23T00:00:{second:02}Z");
        json!({ "job_id": name, "run_at": run_at, "must_finish_by": more })
    };
    world.define([once("newer", 3, "4s"), once("lost", 5, "1h"), once("late", 30, "1h")]).await?;
    world.pass(4).await?;
    assert_eq!(attempts(&world.start().await?), ["newer@2026-11-23T00:00:03Z"]);
    sabotage.break_execution(&id("newer@2026-11-23T00:00:03Z")).await;
    for fire_at in [at(-10_000), at(6_000), at(40_000)] {
        sabotage.add_broken_timers(fire_at).await;
    }
    world.pass(1).await?;
    assert_eq!(world.alerts().await?, ["quarantined"]);
    sabotage.break_alert("quarantined").await;
    world.forget_messages();
    let mut ran = Vec::new();
    for _ in 0..60 {
        world.pass(1).await?;
        ran.extend(world.work(good).await?);
    }
    assert_eq!(ran, ["lost@2026-11-23T00:00:05Z", "late@2026-11-23T00:00:30Z"], "whatever the others are");
    world.recover().await?;
    world.engine.audit().await?;
    Ok(())
}

pub async fn a_clock_is_put_right_whatever_cannot_be_read(
    backend: &Backend,
    sabotage: &dyn Sabotage,
) -> Tried {
    let world = World::over(backend);
    let once = |name: &str| json!({ "job_id": name, "run_at": "2026-11-23T00:20:00Z" });
    world.define([once("newer"), once("known")]).await?;
    world.advance(1_199);
    world.tick().await?;
    world.advance(1);
    let of = |name: &'static str| move |message: &Message| message.execution_id.job_id().as_str() == name;
    let ahead_of_its_time = world.start_those(of("newer")).await?;
    assert_eq!(attempts(&ahead_of_its_time), ["newer@2026-11-23T00:20:00Z"]);
    sabotage.break_execution(&ahead_of_its_time[0].execution.id).await;
    world.forget_messages();
    world.set_back(1_150);
    world.tick().await?;
    world.advance(1_150);
    world.tick().await?;
    assert_eq!(attempts(&world.start_those(of("known")).await?), ["known@2026-11-23T00:20:00Z"]);
    Ok(())
}
