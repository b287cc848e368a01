//! Alerts that last: told again, told together, and not too many at once.

use std::{
    mem::take,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use belfry_domain::{Execution, PushSpec};
use belfry_engine::{
    PushRequest,
    ports::{Alert, Completion, Notice, Receiver},
};
use serde_json::{Value, json};

use super::world::{Tried, World, bad, good};
use crate::{
    Backend,
    dead_letters::letter,
    fixtures::{at, id},
};

const MINUTE: u64 = 60;
const STEPS: u64 = 12;
const DAY: u64 = 24 * 3600;

/// Receiver that keeps what it was told.
#[derive(Default)]
struct Pager(Mutex<Vec<Notice>>);

#[async_trait]
impl Receiver for Pager {
    fn name(&self) -> &'static str {
        "pager"
    }

    async fn tell(&self, notice: &Notice) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice.clone());
        Ok(())
    }
}

impl Pager {
    /// Lets time pass in a few steps, tends the alerts at each, and returns the notices of that time.
    async fn within(self: &Arc<Self>, world: &World, seconds: u64) -> Tried<Vec<Notice>> {
        let receivers: Vec<Arc<dyn Receiver>> = vec![self.clone()];
        world.engine.tend_alerts(&receivers).await?;
        for _ in 0..seconds.min(STEPS) {
            world.advance(seconds.div_ceil(STEPS));
            world.engine.tend_alerts(&receivers).await?;
        }
        Ok(take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Keys of the alerts, with whether they are open.
fn heard(notices: &[Notice]) -> Vec<(&str, bool)> {
    notices.iter().map(|notice| (notice.alert.key.as_str(), notice.alert.is_open())).collect()
}

async fn run(world: &World, job: &str, name: &str, how: fn(&Execution) -> Completion) -> Tried {
    world.trigger(job, name, Value::Null).await?;
    world.work(how).await?;
    Ok(())
}

pub async fn what_comes_back_after_a_success_is_told_again(backend: &Backend) -> Tried {
    let (world, pager) = (World::over(backend), Arc::new(Pager::default()));
    world.define([json!({ "job_id": "nightly" })]).await?;
    run(&world, "nightly", "monday", bad).await?;
    let first = pager.within(&world, MINUTE).await?;
    assert_eq!(heard(&first), [("dead_letter/nightly", true)]);
    run(&world, "nightly", "tuesday", bad).await?;
    assert_eq!(heard(&pager.within(&world, MINUTE).await?), [], "it has not been well since");
    for (good_day, bad_day) in [("wednesday", "thursday"), ("friday", "saturday")] {
        run(&world, "nightly", good_day, good).await?;
        assert_eq!(heard(&pager.within(&world, MINUTE).await?), []);
        run(&world, "nightly", bad_day, bad).await?;
        let again = pager.within(&world, MINUTE).await?;
        assert_eq!(heard(&again), [("dead_letter/nightly", true)], "{bad_day}");
        assert_ne!(again[0].id, first[0].id, "receivers must not take it for the first one");
        assert!(again[0].alert.summary.contains(&format!("nightly@{bad_day}")), "{:?}", again[0].alert);
    }
    for day in ["monday", "tuesday", "thursday", "saturday"] {
        assert!(world.engine.discard(&id(&format!("nightly@{day}"))).await?);
    }
    assert_eq!(heard(&pager.within(&world, MINUTE).await?), [("dead_letter/nightly", false)]);
    Ok(())
}

/// It fails every five minutes. That is told ever more rarely, and never less than daily.
pub async fn what_comes_back_all_the_time_is_told_ever_more_rarely(backend: &Backend) -> Tried {
    let (world, pager) = (World::over(backend), Arc::new(Pager::default()));
    world.define([json!({ "job_id": "flaps" })]).await?;
    let mut told = 0;
    for round in 0..12 {
        run(&world, "flaps", &format!("good{round}"), good).await?;
        run(&world, "flaps", &format!("bad{round}"), bad).await?;
        told += pager.within(&world, 5 * MINUTE).await?.len();
    }
    assert!((3..9).contains(&told), "{told} notices within an hour");
    Ok(())
}

pub async fn what_stays_open_is_told_daily(backend: &Backend) -> Tried {
    let (world, pager) = (World::over(backend), Arc::new(Pager::default()));
    world
        .define([
            json!({ "job_id": "nightly" }),
            json!({ "job_id": "late", "run_at": "2026-11-23T00:01:00Z", "must_finish_by": "30s", "pool": "rare" }),
        ])
        .await?;
    run(&world, "nightly", "monday", bad).await?;
    world.advance(60);
    world.tick().await?;
    world.pass(40).await?;
    let both = [("dead_letter/nightly", true), ("missed_deadline/late@2026-11-23T00:01:00Z", true)];
    let first = pager.within(&world, MINUTE).await?;
    assert_eq!(first.len(), 2, "{:?}", heard(&first));
    for day in 1..=3 {
        let mut again = pager.within(&world, DAY).await?;
        again.sort_by(|one, other| one.alert.key.cmp(&other.alert.key));
        assert_eq!(heard(&again), both, "day {day}");
        assert!(again.iter().all(|notice| first.iter().all(|first| first.id != notice.id)), "day {day}");
    }
    Ok(())
}

async fn fail_for(world: &World, names: impl Iterator<Item = (String, String)>) -> Tried {
    for (name, reason) in names {
        assert!(world.engine.ports.dead_letters.add_dead_letter(letter(&name, at(0))).await?);
        world.engine.ports.alerts.raise(Alert::DeadLetter { id: id(&name), reason }).await?;
    }
    Ok(())
}

/// Twelve jobs, one host that does not answer: one notice of all, and one when the last is dealt with.
pub async fn notices_of_one_cause_are_one(backend: &Backend) -> Tried {
    let (world, pager) = (World::over(backend), Arc::new(Pager::default()));
    let why = |job: usize| format!("job{job}: connection refused (os error 111), request 8f1c2{job:04}9");
    let names = |range: std::ops::Range<usize>| range.map(move |job| (format!("job{job}@x"), why(job)));
    fail_for(&world, names(0..8)).await?;
    world.advance(2);
    fail_for(&world, [("other@x".to_owned(), "exit code 2".to_owned())].into_iter()).await?;
    let mut told = pager.within(&world, 2).await?;
    fail_for(&world, names(8..12)).await?;
    told.extend(pager.within(&world, MINUTE).await?);
    told.sort_by(|one, other| other.alert.key.cmp(&one.alert.key));
    let [alone, together] = &told[..] else { panic!("{:?}", heard(&told)) };
    assert_eq!(alone.alert.key, "dead_letter/other");
    let summary = &together.alert.summary;
    assert!(
        summary.starts_with("12 alerts of one cause") && summary.contains("@x failed for good: job"),
        "{summary}"
    );
    let open = world.alerts().await?;
    assert_eq!(open.len(), 14, "each is listed: {open:?}");
    for job in 0..12 {
        assert_eq!(heard(&pager.within(&world, 0).await?), [], "{job} are left");
        assert!(world.engine.discard(&id(&format!("job{job}@x"))).await?);
    }
    let over = pager.within(&world, MINUTE).await?;
    assert_eq!(heard(&over), [(&*together.alert.key, false)]);
    Ok(())
}

/// One after the other, each of another cause in the end.
pub async fn too_many_alerts_are_told_as_one(backend: &Backend) -> Tried {
    let (world, pager) = (World::over(backend), Arc::new(Pager::default()));
    let why = |job: u8| format!("cause {}", char::from(b'a' + job));
    fail_for(&world, (0..12).map(|job| (format!("job{job}@x"), why(job)))).await?;
    let told = pager.within(&world, MINUTE).await?;
    assert_eq!(told.len(), 1, "{:?}", heard(&told));
    assert!(told[0].alert.summary.starts_with("12 alerts of several causes"), "{:?}", told[0].alert);
    Ok(())
}

/// Alerts that have nothing in common can't be told together, but wait for each other.
pub async fn a_receiver_is_told_of_few_alerts_a_minute(backend: &Backend) -> Tried {
    let (world, pager) = (World::over(backend), Arc::new(Pager::default()));
    for number in 0..30 {
        let summary = format!("function {number} is late");
        let alert = Alert::Lateness { function: Some(format!("f{number:02}")), summary };
        world.engine.ports.alerts.raise(alert).await?;
    }
    let first = pager.within(&world, 48).await?;
    assert_eq!(first.len(), 20);
    let mut told = pager.within(&world, 24).await?;
    told.extend(first);
    assert_eq!(told.len(), 30);
    Ok(())
}

async fn push(world: &World, reason: &'static str) -> Tried {
    let spec: PushSpec = serde_json::from_value(json!({ "target": { "type": "empty" } }))
        .unwrap_or_else(|error| panic!("{error}"));
    world.engine.push(PushRequest { spec, idempotency_key: None }).await?;
    world.work(|_| Completion::failed_for_good(reason)).await?;
    world.advance(1);
    Ok(())
}

pub async fn unnamed_pushes_have_an_alert_for_each_cause(backend: &Backend) -> Tried {
    let (world, pager) = (World::over(backend), Arc::new(Pager::default()));
    push(&world, "exit code 1").await?;
    assert_eq!(pager.within(&world, 1).await?.len(), 1);
    push(&world, "exit code 1").await?;
    assert_eq!(heard(&pager.within(&world, MINUTE).await?), [], "the same again");
    push(&world, "no such file").await?;
    let other = pager.within(&world, 1).await?;
    assert_eq!(other.len(), 1);
    assert!(other[0].alert.summary.ends_with("no such file"), "{:?}", other[0].alert);
    let letters = world.engine.ports.dead_letters.dead_letters(None, None, 10).await?.items;
    for letter in letters.iter().filter(|letter| letter.reason == "no such file") {
        assert!(world.engine.discard(&letter.execution_id).await?);
    }
    assert_eq!(heard(&pager.within(&world, 1).await?), [(&*other[0].alert.key, false)]);
    Ok(())
}
