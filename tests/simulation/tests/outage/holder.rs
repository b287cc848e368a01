//! The holder of an attempt is asked before the attempt is judged, and its result is worth waiting for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use belfry_domain::{Change, ClaimRequest, Execution, ExecutionId, JobId, Message, Status, Timer, Timestamp};
use belfry_engine::{
    Engine, Settings, TriggerRequest, Worker,
    ports::{
        Applied, Claimed, Clock as _, Completion, Creation, ExecutionFilter, ExecutionStore, Invocation,
        Output, Page, Ports, Runner, StoreError, StoredOutput,
    },
};
use belfry_sqlite::Store;
use serde_json::json;

use crate::rig::{Installation, now, spec};

type Answer<T> = Result<T, StoreError>;

/// A store whose writes of attempts are not answered for a while.
struct Outage {
    store: Arc<Store>,
    left: AtomicU32,
}

impl Outage {
    fn check(&self) -> Answer<()> {
        match self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Err(StoreError::Unavailable("the disk is full".to_owned())),
            Err(_) => Ok(()),
        }
    }
}

#[async_trait]
impl ExecutionStore for Outage {
    async fn apply(&self, change: Change) -> Answer<Applied> {
        self.check()?;
        self.store.apply(change).await
    }
    async fn keep_output(&self, id: &ExecutionId, output: StoredOutput) -> Answer<()> {
        self.check()?;
        self.store.keep_output(id, output).await
    }
    async fn execution(&self, id: &ExecutionId) -> Answer<Option<Execution>> {
        self.store.execution(id).await
    }
    async fn create(&self, row: Execution, guard: Option<Timer>) -> Answer<Creation> {
        self.store.create(row, guard).await
    }
    async fn create_all(&self, rows: Vec<(Execution, Timer)>) -> Vec<Answer<Creation>> {
        self.store.create_all(rows).await
    }
    async fn claim(&self, request: &ClaimRequest) -> Answer<Claimed> {
        self.store.claim(request).await
    }
    async fn add_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Answer<()> {
        self.store.add_waiter(dependency, waiter).await
    }
    async fn waiters(&self, dependency: &ExecutionId) -> Answer<Vec<ExecutionId>> {
        self.store.waiters(dependency).await
    }
    async fn remove_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Answer<()> {
        self.store.remove_waiter(dependency, waiter).await
    }
    async fn outputs(&self, id: &ExecutionId) -> Answer<Vec<StoredOutput>> {
        self.store.outputs(id).await
    }
    async fn list(
        &self,
        filter: &ExecutionFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Answer<Page<Execution>> {
        self.store.list(filter, cursor, limit).await
    }
    async fn latest_generation(&self, first: &ExecutionId) -> Answer<u32> {
        self.store.latest_generation(first).await
    }
    async fn ended_before(&self, before: Timestamp, limit: usize) -> Answer<Vec<Execution>> {
        self.store.ended_before(before, limit).await
    }
    async fn retain_from(&self, id: &ExecutionId, from: Option<Timestamp>) -> Answer<()> {
        self.store.retain_from(id, from).await
    }
    async fn remove_ended(&self, ids: &[ExecutionId]) -> Answer<()> {
        self.store.remove_ended(ids).await
    }
}

/// Calls a function while the attempt runs; then the attempt succeeds, with output.
struct During<F>(F);

#[async_trait]
impl<F: Fn() + Send + Sync> Runner for During<F> {
    async fn run(&self, _: Invocation) -> Completion {
        (self.0)();
        let output = Output { tail: "done".to_owned(), bytes: 4, log: None };
        Completion { output: Some(output), ..Completion::succeeded(None) }
    }
}

fn worker(during: impl Fn() + Send + Sync + 'static) -> Worker {
    Worker { id: "worker".to_owned(), runner: Arc::new(During(during)) }
}

fn triggered(installation: &Installation) -> Message {
    // An attempt that is lost is an attempt too many.
    installation.define(vec![spec(json!({"job_id": "once", "retry": {"max_retries": 0, "max_lost": 0}}))]);
    let job_id: JobId = "once".parse().unwrap();
    let request = TriggerRequest { job_id, input: None, idempotency_key: Some("a".parse().unwrap()) };
    now(installation.engine.trigger(request)).unwrap();
    installation.world.take_sent().pop().unwrap()
}

fn row(installation: &Installation) -> Execution {
    now(installation.store.execution(&"once@a".parse().unwrap())).unwrap().unwrap()
}

/// Some twenty seconds without an answer: a full disk, a failover.
#[test]
fn a_result_outlives_an_outage() {
    let installation = Installation::new("2026-11-23T10:00:30Z");
    let message = triggered(&installation);
    let outage = Arc::new(Outage { store: installation.store.clone(), left: AtomicU32::new(0) });
    let ports = Ports { executions: outage.clone(), ..installation.engine.ports.clone() };
    let engine = Engine::new(ports, Settings::standalone());
    let worker = worker(move || outage.left.store(25, SeqCst));
    let handled = now(engine.execute(&message, &worker));
    let ended = row(&installation);
    assert_eq!((ended.status, ended.attempt), (Status::Success, 1), "{:?}", handled.err());
    let output = now(installation.store.outputs(&ended.id)).unwrap();
    assert_eq!(output[0].output.tail, "done");
}

/// The wall clock of a laptop that wakes up, or of a host that NTP has put right.
#[test]
fn a_clock_that_steps_takes_nothing_from_who_runs_it() {
    for step in [45, 3600, 86_400, -3600] {
        let installation = Installation::new("2026-11-23T10:00:30Z");
        let message = triggered(&installation);
        let engine = Arc::new(Engine::new(installation.engine.ports.clone(), Settings::standalone()));
        let worker = worker({
            let (engine, clock) = (Arc::clone(&engine), installation.clock.clone());
            move || {
                clock.step(1000 * step);
                for _ in 0..3 {
                    now(engine.sweep(engine.settings.shards.all())).unwrap();
                    now(clock.sleep(Duration::from_secs(1)));
                }
            }
        });
        let handled = now(engine.execute(&message, &worker));
        let ended = row(&installation);
        let found = (ended.status, ended.attempt, ended.lost);
        assert_eq!(found, (Status::Success, 1, 0), "{step} s: {:?}, {:?}", ended.reason, handled.err());
    }
}
