//! An engine on a database in memory, for tests that set the clock and read what is sent.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use belfry_conformance::ManualClock;
use belfry_domain::{JobSpec, Message, Priority, Wave};
use belfry_engine::{
    Engine, Precondition, Settings,
    ports::{
        Acquired, Alert, Alerts, Backlog, Clock as _, Fact, LeaseStore as _, Observer, Ports, Queue, Random,
        StoreError,
    },
};
use belfry_sqlite::Store;
use futures::FutureExt as _;
use serde_json::Value;

const LEASE: Duration = Duration::from_secs(60);

/// World around the engine: a queue that counts, and numbers that do.
#[derive(Default)]
pub struct World {
    drawn: AtomicU64,
    sent: Mutex<Vec<Message>>,
}

impl World {
    pub fn take_sent(&self) -> Vec<Message> {
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
    async fn backlog(&self, _: &str, _: Priority) -> Result<u64, StoreError> {
        Ok(self.sent.lock().unwrap().len() as u64)
    }
    async fn backlogs(&self) -> Result<Vec<Backlog>, StoreError> {
        Ok(vec![])
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

pub struct Installation {
    pub world: Arc<World>,
    pub clock: Arc<ManualClock>,
    pub store: Arc<Store>,
    pub engine: Engine,
}

/// Output of a future that need not wait: nothing in memory waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

pub fn spec(job: Value) -> JobSpec {
    serde_json::from_value(job).unwrap()
}

impl Installation {
    pub fn new(start: &str) -> Self {
        let world = Arc::new(World::default());
        let clock = Arc::new(ManualClock::moved_by_sleep(start.parse().unwrap()));
        let store = Arc::new(Store::open_in_memory().unwrap());
        let ports = Ports::new(
            store.clone(),
            world.clone(),
            clock.clone(),
            world.clone(),
            world.clone(),
            world.clone(),
        );
        let engine = Engine::new(ports, Settings::standalone());
        Self { world, clock, store, engine }
    }

    pub fn define(&self, jobs: Vec<JobSpec>) {
        now(self.engine.apply_jobs(jobs, &Precondition::None)).unwrap();
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Messages of one tick, and of the sweep after it.
    pub fn tick(&self) -> (Vec<Message>, Vec<Message>) {
        let shards = self.engine.settings.shards;
        let at = self.clock.now();
        let Acquired::Leader(lease) = now(self.store.acquire(0, "test", at, at.plus(LEASE))).unwrap() else {
            panic!("it leads")
        };
        now(self.engine.tick(&lease, shards.all())).unwrap();
        let ticked = self.world.take_sent();
        now(self.engine.sweep(shards.all())).unwrap();
        (ticked, self.world.take_sent())
    }
}
