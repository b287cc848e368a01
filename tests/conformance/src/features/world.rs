//! The engine over a store, with a clock that is set and a queue that is taken from by hand.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use belfry_domain::{
    BackfillId, Execution, ExecutionId, JobSpec, Message, Priority, SlotRange, Timestamp, Wave, ZoneData,
};
use belfry_engine::{
    Accepted, BackfillRequest, Engine, EngineError, LeaseRequest, Leased, Precondition, PushRequest,
    Settings, StoredAlerts, TriggerRequest,
    ports::{
        Acquired, Alert, Alerts, Backlog, Clock as _, Completion, Fact, Lease, Observer, Ports, Position,
        Queue, Random, SecondClock, StoreError,
    },
};
use serde_json::{Value, json};

use crate::{
    Backend, Expiry, ManualClock,
    fixtures::{EPOCH_MS, ONE, id, job_id},
};

/// Lane that no store leads from its start.
const LANE: u16 = 1;
const LEASE: Duration = Duration::from_secs(60);
/// Lease of an attempt, in seconds.
pub const HELD_SECONDS: u64 = 600;

#[derive(Default)]
struct Outside {
    drawn: AtomicU64,
    sent: Mutex<Vec<Message>>,
    is_queue_away: AtomicBool,
    starts: Mutex<Vec<(String, Duration)>>,
}

impl Outside {
    fn sent(&self) -> std::sync::MutexGuard<'_, Vec<Message>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Queue for Outside {
    async fn defer(&self, waves: Vec<Wave>) -> Result<(), StoreError> {
        self.enqueue(waves.into_iter().flat_map(|wave| wave.messages).collect()).await
    }

    async fn enqueue(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        if self.is_queue_away.load(SeqCst) {
            return Err(StoreError::Unavailable("the queue does not accept messages".to_owned()));
        }
        self.sent().extend(messages);
        Ok(())
    }

    async fn backlog(&self, pool: &str, priority: Priority) -> Result<u64, StoreError> {
        let is_in_it = |message: &&Message| message.pool == pool && message.priority == priority;
        Ok(self.sent().iter().filter(is_in_it).count() as u64)
    }

    async fn backlogs(&self) -> Result<Vec<Backlog>, StoreError> {
        Ok(vec![])
    }
}

impl Random for Outside {
    fn next(&self) -> u64 {
        self.drawn.fetch_add(1, SeqCst)
    }
}

impl Observer for Outside {
    fn record(&self, fact: Fact<'_>) {
        if let Fact::Started { id, lateness, .. } = fact {
            let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
            starts.push((id.to_string(), lateness));
        }
    }
}

#[async_trait]
impl Alerts for Outside {
    async fn raise(&self, _: Alert) -> Result<(), StoreError> {
        Ok(())
    }
}

pub type Tried<T = ()> = Result<T, EngineError>;

pub struct World {
    outside: Arc<Outside>,
    clock: Arc<ManualClock>,
    expiry: Option<Arc<dyn Expiry>>,
    pub engine: Engine,
}

impl World {
    /// Makes a world with standalone settings, whose clock stands at the cases' epoch.
    pub fn over(backend: &Backend) -> Self {
        Self::with(backend, Settings::standalone())
    }

    pub fn with(backend: &Backend, settings: Settings) -> Self {
        let outside = Arc::new(Outside::default());
        let clock = Arc::new(ManualClock::moved_by_sleep(Timestamp(EPOCH_MS)));
        let alerts =
            StoredAlerts { rows: backend.alerts.clone(), clock: clock.clone(), also: outside.clone() };
        let ports = Ports {
            jobs: backend.jobs.clone(),
            executions: backend.executions.clone(),
            timers: backend.timers.clone(),
            leases: backend.leases.clone(),
            dead_letters: backend.dead_letters.clone(),
            backfills: backend.backfills.clone(),
            gates: backend.gates.clone(),
            workers: backend.workers.clone(),
            zones: backend.zones.clone(),
            queue: outside.clone(),
            clock: clock.clone(),
            random: outside.clone(),
            observer: outside.clone(),
            alerts: Arc::new(alerts),
            alert_rows: backend.alerts.clone(),
        };
        let expiry = backend.expiry.clone();
        Self { outside, clock, expiry, engine: Engine::new(ports, Settings { shards: ONE, ..settings }) }
    }

    /// Returns a process of this world with these zone data.
    pub fn with_zones(self, own: Arc<ZoneData>) -> Self {
        Self { engine: self.engine.with_zones(own), ..self }
    }

    /// Calls the slots of jobs that ask for it.
    pub fn with_second_clock(self, clock: Arc<dyn SecondClock>) -> Self {
        Self { engine: self.engine.with_second_clock(clock), ..self }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn define(&self, jobs: impl IntoIterator<Item = Value>) -> Tried {
        let parse = |job| serde_json::from_value(job).unwrap_or_else(|error| panic!("{error}"));
        let specs: Vec<JobSpec> = jobs.into_iter().map(parse).collect();
        self.engine.apply_jobs(specs, &Precondition::None).await.map(drop)
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub fn set_back(&self, seconds: u64) {
        self.clock.step(-1000 * seconds as i64);
    }

    /// Does what the leader does each second: fires due timers, sweeps, and tends the alerts.
    pub async fn tick(&self) -> Tried {
        self.engine.tick(&self.lead().await?, ONE.all()).await?;
        self.engine.sweep(ONE.all()).await?;
        self.engine.tend_alerts(&[]).await
    }

    /// Does what a new leader does first.
    pub async fn recover(&self) -> Tried {
        self.engine.rewind(&self.lead().await?, ONE.all()).await?;
        self.engine.recover(ONE.all()).await.map(drop)
    }

    pub async fn lead(&self) -> Tried<Lease> {
        let now = self.clock.now();
        let acquired = self.engine.ports.leases.acquire(LANE, "case", now, now.plus(LEASE)).await?;
        let Acquired::Leader(lease) = acquired else { panic!("it leads: {acquired:?}") };
        Ok(lease)
    }

    /// Removes what has ended longer ago than the retention, as each store does.
    pub async fn forget_old(&self) -> Tried {
        if let Some(expiry) = &self.expiry {
            expiry.expire(self.now()).await;
        }
        self.engine.remove_old(None, None).await.map(drop)
    }

    pub async fn pass(&self, seconds: u64) -> Tried {
        for _ in 0..seconds {
            self.advance(1);
            self.tick().await?;
        }
        Ok(())
    }

    /// Pushes a batch of work under these keys. Each push has an outcome of its own.
    pub async fn push_all(&self, keys: &[&str]) -> Vec<Tried<Accepted>> {
        let spec = json!({ "target": { "type": "empty" } });
        let request = |key: &&str| PushRequest {
            spec: serde_json::from_value(spec.clone()).unwrap_or_else(|error| panic!("{error}")),
            idempotency_key: Some(key.parse().unwrap_or_else(|error| panic!("{key}: {error}"))),
        };
        self.engine.push_all(keys.iter().map(request).collect()).await
    }

    /// Whether the queue refuses all messages.
    pub fn set_queue_away(&self, is_away: bool) {
        self.outside.is_queue_away.store(is_away, SeqCst);
    }

    pub async fn trigger(&self, job: &str, name: &str, input: Value) -> Tried<ExecutionId> {
        let key = name.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let request = TriggerRequest {
            job_id: job_id(job),
            input: Some(input).filter(|input| !input.is_null()),
            idempotency_key: Some(key),
        };
        Ok(self.engine.trigger(request).await?.execution.id)
    }

    /// Starts since the last call, each with its lateness in milliseconds.
    pub fn take_starts(&self) -> Vec<(String, u64)> {
        let mut starts = self.outside.starts.lock().unwrap_or_else(PoisonError::into_inner);
        starts.drain(..).map(|(id, lateness)| (id, lateness.as_millis() as u64)).collect()
    }

    /// Priority classes of an execution's messages, in the order in which they were sent.
    pub fn classes_of(&self, execution: &ExecutionId) -> Vec<Priority> {
        let sent = self.outside.sent();
        sent.iter()
            .filter(|message| message.execution_id == *execution)
            .map(|message| message.priority)
            .collect()
    }

    pub fn forget_messages(&self) {
        self.outside.sent().clear();
    }

    pub fn count_messages(&self, which: impl Fn(&Message) -> bool) -> usize {
        self.outside.sent().iter().filter(|message| which(message)).count()
    }

    /// Takes all messages whose time has come, the higher classes first, as a worker does, and starts
    /// the executions that they name.
    pub async fn start(&self) -> Tried<Vec<Leased>> {
        self.start_for(HELD_SECONDS, |_| true).await
    }

    /// Does as [`World::start`]; other messages stay in the queue.
    pub async fn start_those(&self, is_taken: impl Fn(&Message) -> bool) -> Tried<Vec<Leased>> {
        self.start_for(HELD_SECONDS, is_taken).await
    }

    /// Does as [`World::start_those`], with leases of so many seconds.
    pub async fn start_for(&self, seconds: u64, is_taken: impl Fn(&Message) -> bool) -> Tried<Vec<Leased>> {
        let now = self.clock.now();
        let is_due = |message: &mut Message| message.due <= now && is_taken(message);
        let mut due: Vec<Message> = self.outside.sent().extract_if(.., is_due).collect();
        due.sort_by_key(|message| (message.priority, message.due));
        let request = LeaseRequest {
            pool: String::new(),
            worker_id: "worker".to_owned(),
            limit: due.len(),
            wait: Duration::ZERO,
            lease: Duration::from_secs(seconds),
        };
        let mut started = Vec::new();
        for message in due {
            started.extend(self.engine.lease_message(&message, &request).await?);
        }
        Ok(started)
    }

    pub async fn end(&self, attempt: &Leased, completion: Completion) -> Tried {
        Box::pin(self.engine.finish_elsewhere(&attempt.execution.id, attempt.token, completion))
            .await
            .map(drop)
    }

    /// Starts and ends all work, each execution as `how` says, until nothing is left to start. Returns
    /// what was started, in order.
    pub async fn work(&self, how: impl Fn(&Execution) -> Completion) -> Tried<Vec<String>> {
        let mut all = Vec::new();
        loop {
            let started = self.start().await?;
            if started.is_empty() {
                return Ok(all);
            }
            for attempt in started {
                all.push(attempt.execution.id.to_string());
                self.end(&attempt, how(&attempt.execution)).await?;
            }
        }
    }

    pub async fn row(&self, name: &str) -> Tried<Execution> {
        let row = self.engine.ports.executions.execution(&id(name)).await?;
        Ok(row.unwrap_or_else(|| panic!("there is no {name}")))
    }

    /// Whether the execution has a timer that has fired or will fire within a day.
    pub async fn is_guarded(&self, name: &str) -> Tried<bool> {
        let timers = &self.engine.ports.timers;
        let until = self.clock.now().plus(Duration::from_secs(24 * 3600));
        let page = timers.due(0, &Position::After(Timestamp::MIN), until, 1000).await?;
        let execution = Some(id(name));
        Ok(page.timers.iter().any(|timer| timer.key.what.execution_id() == execution))
    }

    /// Whether a timer has fired and is still there, or will fire within so many seconds.
    pub async fn is_anything_due_within(&self, seconds: u64) -> Tried<bool> {
        let until = self.clock.now().plus(Duration::from_secs(seconds));
        let page = self.engine.ports.timers.due(0, &Position::After(Timestamp::MIN), until, 1).await?;
        Ok(!page.timers.is_empty())
    }

    /// Status and reason of the execution.
    pub async fn stands(&self, name: &str) -> Tried<(String, String)> {
        let row = self.row(name).await?;
        Ok((row.status.to_string(), row.reason.unwrap_or_default()))
    }

    pub async fn backfill(&self, job: &str, range: SlotRange, concurrency: u32) -> Tried<BackfillId> {
        let request = BackfillRequest { job_id: job_id(job), range, concurrency };
        Ok(self.engine.start_backfill(&request).await?.id)
    }

    /// Text of an open alert. Empty where there is none.
    pub async fn alert(&self, key: &str) -> Tried<String> {
        let row = self.engine.ports.alert_rows.alert(key).await?;
        Ok(row.filter(belfry_engine::ports::AlertRow::is_open).map(|row| row.summary).unwrap_or_default())
    }

    /// Keys of the open alerts.
    pub async fn alerts(&self) -> Tried<Vec<String>> {
        let rows = self.engine.ports.alert_rows.alerts().await?;
        Ok(rows.into_iter().filter(belfry_engine::ports::AlertRow::is_open).map(|row| row.key).collect())
    }
}

pub fn good(_: &Execution) -> Completion {
    Completion::succeeded(None)
}

pub fn bad(_: &Execution) -> Completion {
    Completion::failed_for_good("it is broken")
}

pub fn attempts(started: &[Leased]) -> Vec<&str> {
    started.iter().map(|attempt| attempt.execution.id.as_str()).collect()
}
