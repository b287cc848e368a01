//! After an outage of a day, 10,000 jobs of every minute come back without a storm: what is sent is
//! bounded by the jobs and their policy, not by what they missed.

#![expect(clippy::unwrap_used, reason = "all of this is a test")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use belfry_domain::{JobSpec, Message, Priority, Status, Timestamp, Wave};
use belfry_engine::{
    Engine, Settings,
    ports::{
        Acquired, Alert, Alerts, Backlog, Clock, ExecutionFilter, ExecutionStore as _, Fact, LeaseStore as _,
        Observer, Ports, Position, Queue, Random, StoreError, TimerStore as _,
    },
};
use belfry_sqlite::Store;
use futures::FutureExt as _;

const JOBS: usize = 10_000;
const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);

/// The rest of the world: a clock that is set, and a queue that counts.
#[derive(Default)]
struct World {
    now: AtomicI64,
    drawn: AtomicU64,
    sent: Mutex<Vec<Message>>,
}

impl World {
    fn take_sent(&self) -> Vec<Message> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

#[async_trait]
impl Queue for World {
    async fn defer(&self, waves: Vec<Wave>) -> Result<(), StoreError> {
        self.enqueue(waves.into_iter().flat_map(|wave| wave.messages).collect()).await
    }
    async fn enqueue(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        self.sent.lock().unwrap().extend(messages);
        Ok(())
    }
    async fn depth(&self) -> Result<u64, StoreError> {
        Ok(self.sent.lock().unwrap().len() as u64)
    }
    async fn backlog(&self, _: &str, _: Priority) -> Result<u64, StoreError> {
        self.depth().await
    }
    async fn backlogs(&self) -> Result<Vec<Backlog>, StoreError> {
        Ok(vec![])
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(SeqCst))
    }
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.now.load(SeqCst).unsigned_abs())
    }
    async fn sleep(&self, _: Duration) {
        unreachable!("nothing waits here")
    }
}

impl Random for World {
    fn next(&self) -> u64 {
        self.drawn.fetch_add(1, SeqCst)
    }
}

impl Observer for World {
    fn record(&self, _: Fact<'_>) {}
}

#[async_trait]
impl Alerts for World {
    async fn raise(&self, alert: Alert) -> Result<(), StoreError> {
        panic!("{alert:?}")
    }
}

struct Installation {
    world: Arc<World>,
    store: Arc<Store>,
    engine: Engine,
}

/// Nothing in memory waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

impl Installation {
    fn new(misfire: &str) -> Self {
        let world = Arc::new(World::default());
        let start: Timestamp = "2026-11-23T10:00:30Z".parse().unwrap();
        world.now.store(start.0, SeqCst);
        let store = Arc::new(Store::open_in_memory().unwrap());
        let ports = Ports {
            jobs: store.clone(),
            executions: store.clone(),
            timers: store.clone(),
            leases: store.clone(),
            dead_letters: store.clone(),
            gates: store.clone(),
            workers: store.clone(),
            backfills: store.clone(),
            queue: world.clone(),
            clock: world.clone(),
            random: world.clone(),
            observer: world.clone(),
            alerts: world.clone(),
        };
        let engine = Engine::new(ports, Settings::standalone());
        let specs: Vec<JobSpec> = (0..JOBS).map(|number| spec(number, misfire)).collect();
        for specs in specs.chunks(1000) {
            now(engine.apply_jobs(specs.to_vec(), None, false, false)).unwrap();
        }
        Self { world, store, engine }
    }

    fn advance(&self, by: Duration) {
        self.world.now.fetch_add(by.as_millis() as i64, SeqCst);
    }

    /// What one tick sends, and the sweep after it.
    fn tick(&self) -> (Vec<Message>, Vec<Message>) {
        let shards = self.engine.settings.shards;
        let at = self.world.now();
        let Acquired::Leader(lease) = now(self.store.acquire(0, "test", at, at.plus(MINUTE))).unwrap() else {
            panic!("it leads")
        };
        now(self.engine.tick(&lease, shards.all())).unwrap();
        let ticked = self.world.take_sent();
        now(self.engine.sweep(shards.all())).unwrap();
        (ticked, self.world.take_sent())
    }

    fn timers(&self) -> usize {
        now(self.store.due(0, &Position::After(Timestamp::MIN), Timestamp(i64::MAX), 1_000_000))
            .unwrap()
            .timers
            .len()
    }

    fn rows(&self, status: Status) -> usize {
        let filter = ExecutionFilter { status: Some(status), ..Default::default() };
        now(self.store.list(&filter, None, 1_000_000)).unwrap().items.len()
    }
}

fn spec(number: usize, misfire: &str) -> JobSpec {
    let job =
        serde_json::json!({ "job_id": format!("job{number}"), "schedule": "* * * * *", "misfire": misfire });
    serde_json::from_value(job).unwrap()
}

/// The newest missed slot of each, and the one of the last minute, instead of 1,440.
#[test]
fn after_a_day_each_job_runs_its_newest_slot() {
    let installation = Installation::new("latest");
    installation.advance(MINUTE);
    let (first, _) = installation.tick();
    assert_eq!(first.len(), JOBS, "each minute has its slots");
    installation.advance(DAY);
    let (sent, resent) = installation.tick();
    assert_eq!(sent.len(), 2 * JOBS);
    // Nobody claims anything here: what is older than the grace of the sweep is sent once more.
    assert_eq!(resent.len(), 3 * JOBS);
    assert_eq!(installation.rows(Status::Skipped), JOBS, "one slot of each says that it was missed");
    assert!(installation.timers() <= 4 * JOBS, "{} timers", installation.timers());
    let (again, resent) = installation.tick();
    assert_eq!((again.len(), resent.len()), (0, 0), "and that was all");
    installation.advance(MINUTE);
    assert_eq!(installation.tick().0.len(), JOBS, "it goes on as before");
}

#[test]
fn after_a_pause_of_a_day_resuming_sends_two_slots_of_each() {
    let installation = Installation::new("latest");
    let ids: Vec<_> = (0..1000).map(|number| format!("job{number}").parse().unwrap()).collect();
    for id in &ids {
        now(installation.engine.pause_job(id)).unwrap();
    }
    installation.advance(DAY);
    for id in &ids {
        now(installation.engine.resume_job(id)).unwrap();
    }
    assert_eq!(installation.world.take_sent().len(), 2 * ids.len());
}
