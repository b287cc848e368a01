//! An installation on an emulator, with its functions in this process. This file does what AWS does
//! between them.
//!
//! A poller takes up to ten messages of a queue, calls the function, and deletes them; SQS bills each
//! of the two requests. Polls that find nothing are idle cost.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_sqs::{Client as Sqs, types::DeleteMessageBatchRequestEntry};
use belfry_aws::{Environment, Names, sqs::Body};
use belfry_domain::{AGEING_STEP, BacklogLimits, ExecutionId, Priority, Wave};
use belfry_emulator::Emulator;
use belfry_engine::{
    Engine, Worker,
    ports::{Acquired, Fact, Observer},
};
use tokio::{sync::Notify, task::JoinSet};

use super::{
    account::Usage,
    function::{Function, Invocation},
    meter::billed,
    target::{LONG, LONG_TIME, Scripted},
};

pub const SHARDS: u16 = 64;
const LANE: u16 = 0;
const LEASE: Duration = Duration::from_secs(90);
/// Pause longer than any call of the emulator takes.
const QUIET: Duration = Duration::from_millis(1500);
/// Number of shards that the tick function reads at once.
const TICK_PARALLEL: usize = 8;
/// Number of sends that `sqs` makes at once.
const SEND_PARALLEL: usize = 16;

pub struct World {
    pub functions: Arc<Functions>,
    pub ended: Arc<Ended>,
    _pollers: JoinSet<()>,
    _emulator: Emulator,
}

pub struct Functions {
    pub api: Function,
    pub tick: Function,
    pub dispatcher: Function,
    pub worker: Function,
    names: Names,
    sqs: Sqs,
    /// Requests that SQS billed for polling.
    polls: Mutex<u64>,
}

/// Numbers of ended executions, by job.
#[derive(Default)]
pub struct Ended {
    counts: Mutex<BTreeMap<String, usize>>,
    changed: Notify,
}

impl Observer for Ended {
    fn record(&self, fact: Fact<'_>) {
        if let Fact::Ended { id, .. } = fact {
            self.count(id);
        }
    }
}

impl Ended {
    fn count(&self, id: &ExecutionId) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(id.job_id().to_string()).or_default() += 1;
        self.changed.notify_waiters();
    }

    /// Number of ended executions of jobs whose names begin with `prefix`.
    pub fn of(&self, prefix: &str) -> usize {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().filter(|(job, _)| job.starts_with(prefix)).map(|(_, count)| count).sum()
    }

    pub async fn until(&self, prefix: &str, count: usize) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.of(prefix) >= count {
                return;
            }
            changed.await;
        }
    }
}

impl World {
    pub async fn start() -> anyhow::Result<Self> {
        let emulator = Emulator::start(&[]).map_err(anyhow::Error::msg)?;
        let names = Names::new("belfry".to_owned());
        let sdk = emulator.sdk_config();
        belfry_emulator::create_tables(&aws_sdk_dynamodb::Client::new(&sdk), &names).await;
        let sqs = Sqs::new(&sdk);
        for queue in queues(&names) {
            sqs.create_queue().queue_name(queue).send().await?;
        }
        let ended = Arc::new(Ended::default());
        let functions = Arc::new(Functions::new(&emulator, names, sqs, &ended));
        let mut pollers = JoinSet::new();
        pollers.spawn(poll_for_ever(Arc::clone(&functions), functions.names.dispatch_queue()));
        let normal = functions.names.worker_queue("default", Priority::Normal);
        pollers.spawn(poll_for_ever(Arc::clone(&functions), normal));
        Ok(Self { functions, ended, _pollers: pollers, _emulator: emulator })
    }

    /// Usage that all functions and pollers have been billed for so far.
    pub fn used(&self) -> Usage {
        let Functions { api, tick, dispatcher, worker, polls, .. } = &*self.functions;
        let polls = *polls.lock().unwrap_or_else(PoisonError::into_inner);
        let polls = Usage { sqs_requests: polls as f64, ..Usage::default() };
        [api, tick, dispatcher, worker].map(Function::used).into_iter().fold(polls, |sum, used| sum + used)
    }

    /// Usage since `before`, once nothing is called any more: the last messages have been deleted and
    /// the last timers removed.
    pub async fn settled(&self, before: Usage) -> Usage {
        loop {
            let used = self.used();
            tokio::time::sleep(QUIET).await;
            if self.used() == used {
                return used - before;
            }
        }
    }

    /// Makes one invocation of the tick function for all shards; returns the number of timers that
    /// fired.
    pub async fn tick(&self) -> anyhow::Result<u64> {
        let function = &self.functions.tick;
        let engine = function.installation.engine();
        let shards = usize::from(SHARDS);
        let invocation = Invocation { items: shards, side_by_side: TICK_PARALLEL, waited: Duration::ZERO };
        function.invoke(&invocation, Box::pin(self.tick_all(&engine))).await
    }

    async fn tick_all(&self, engine: &Engine) -> anyhow::Result<u64> {
        let now = engine.ports.clock.now();
        let acquired = engine.ports.leases.acquire(LANE, "bench", now, now.plus(LEASE)).await?;
        let Acquired::Leader(lease) = acquired else { anyhow::bail!("another has the lane") };
        self.functions.tick.installation.stores.carry_out_plan().await?;
        let fired = engine.tick(&lease, 0..SHARDS).await?;
        engine.sweep(0..SHARDS).await?;
        Ok(fired)
    }
}

fn queues(names: &Names) -> Vec<String> {
    let workers = Priority::ALL.map(|priority| names.worker_queue("default", priority));
    workers.into_iter().chain([names.dispatch_queue(), names.dead_letter_queue()]).collect()
}

impl Functions {
    fn new(emulator: &Emulator, names: Names, sqs: Sqs, ended: &Arc<Ended>) -> Self {
        let environment = Environment {
            names: names.clone(),
            pools: vec!["default".to_owned()],
            ageing_step: AGEING_STEP,
            shards: None,
            key_buckets: None,
            retention: Duration::from_secs(7 * 24 * 3600),
            schedule_role_arn: None,
            backlog_limits: BacklogLimits::default(),
        };
        // The memory is that of infra/functions.tf.
        let function = |name, memory_mb| Function::new(emulator, &environment, name, memory_mb);
        let (mut tick, mut worker) = (function("tick", 512), function("worker", 512));
        tick.installation = tick.installation.trusting_jobs();
        worker.installation = worker.installation.observed_by(ended.clone());
        Self {
            api: function("api", 512),
            tick,
            dispatcher: function("dispatcher", 256),
            worker,
            names,
            sqs,
            polls: Mutex::default(),
        }
    }

    /// Polls a queue once, and makes the invocation that follows.
    async fn poll(&self, queue: &str) -> anyhow::Result<()> {
        let url = self.sqs.get_queue_url().queue_name(queue).send().await?.queue_url.unwrap_or_default();
        let receive = self.sqs.receive_message().queue_url(&url).max_number_of_messages(10);
        let messages = receive.wait_time_seconds(1).send().await?.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(());
        }
        let bodies = messages.iter().filter_map(|message| message.body.as_deref());
        self.bill_poll(bodies.clone().map(str::len).sum());
        self.invoke(bodies.map(Body::decode).collect::<Result<_, _>>()?).await?;
        let entries = messages.iter().enumerate().map(|(number, message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .receipt_handle(message.receipt_handle.clone().unwrap_or_default())
                .build()
        });
        let delete = self.sqs.delete_message_batch().queue_url(&url);
        delete.set_entries(Some(entries.collect::<Result<_, _>>()?)).send().await?;
        Ok(())
    }

    /// Bills a request to receive, by its size, and a request to delete.
    fn bill_poll(&self, bytes: usize) {
        *self.polls.lock().unwrap_or_else(PoisonError::into_inner) += billed(bytes) + 1;
    }

    async fn invoke(&self, bodies: Vec<Body>) -> anyhow::Result<()> {
        if let Some(Body::Wave(first)) = bodies.first() {
            let waited = self.until_due(first);
            let invocation = Invocation { items: bodies.len(), side_by_side: SEND_PARALLEL, waited };
            return self.dispatcher.invoke(&invocation, Box::pin(self.dispatch(bodies))).await;
        }
        let items = bodies.len();
        let waited = if bodies.iter().any(is_long) { LONG_TIME } else { Duration::ZERO };
        let invocation = Invocation { items, side_by_side: items, waited };
        self.worker.invoke(&invocation, Box::pin(self.work(bodies))).await
    }

    /// Time until the wave is due. SQS rounds delays down to the second, and the function waits for the
    /// rest.
    fn until_due(&self, wave: &Wave) -> Duration {
        let now = self.dispatcher.installation.ports.clock.now();
        wave.messages.iter().map(|message| message.due.since(now)).max().unwrap_or_default()
    }

    async fn dispatch(&self, bodies: Vec<Body>) -> anyhow::Result<()> {
        let engine = self.dispatcher.installation.engine();
        let waves = bodies.into_iter().filter_map(|body| match body {
            Body::Wave(wave) => Some(engine.dispatch(wave)),
            _ => None,
        });
        Ok(futures::future::try_join_all(waves).await.map(drop)?)
    }

    async fn work(&self, bodies: Vec<Body>) -> anyhow::Result<()> {
        let engine = self.worker.installation.engine();
        let worker = Worker { id: "bench".to_owned(), runner: Arc::new(Scripted) };
        let (engine, worker) = (&engine, &worker);
        let attempts = bodies.into_iter().filter_map(|body| match body {
            Body::Message(message) => Some(async move { engine.execute(&message, worker).await }),
            _ => None,
        });
        Ok(futures::future::try_join_all(attempts).await.map(drop)?)
    }
}

fn is_long(body: &Body) -> bool {
    matches!(body, Body::Message(message) if message.execution_id.job_id().as_str() == LONG)
}

async fn poll_for_ever(functions: Arc<Functions>, queue: String) {
    loop {
        if let Err(error) = functions.poll(&queue).await {
            eprintln!("{queue}: {error:#}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
