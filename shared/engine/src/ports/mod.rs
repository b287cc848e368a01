//! Ports: the engine's view of the world outside, in the words of its own work. The adapters are in
//! `shared/sqlite` and `shared/aws`; nothing here knows of them.

mod alert;
mod alert_cause;
mod alert_row;
mod alerts;
mod archive;
mod backfills;
mod clock;
mod dead_letters;
mod executions;
mod gates;
mod jobs;
mod leases;
mod live;
mod logs;
mod observer;
mod queue;
mod receivers;
mod runner;
mod store;
mod timers;
mod workers;
mod zones;

use std::sync::Arc;

pub(crate) use self::alert::any_cause;
pub use self::{
    alert::{Alert, AlertKind, key_of},
    alert_row::{AlertRow, DeliveryState},
    alerts::{AlertStore, Alerts},
    archive::Archive,
    backfills::BackfillStore,
    clock::{Clock, Random, SecondClock},
    dead_letters::{DeadLetter, DeadLetterStore},
    executions::{Applied, Claimed, Creation, ExecutionFilter, ExecutionStore, StoredOutput},
    gates::{GateStore, GateWrite, Passed, RowWrite},
    jobs::{Committed, JobStore, RunGroup},
    leases::{Acquired, Cursors, Lease, LeaseStore},
    live::{Live, Output, Window},
    logs::{Log, LogWriter, Logs},
    observer::{Fact, Observer},
    queue::{Backlog, Delivery, Loan, Queue, Source},
    receivers::{Notice, Receiver},
    runner::{Completion, Ending, Invocation, Runner, Stop},
    store::{Page, StoreError},
    timers::{Position, TimerPage, TimerStore, UNKNOWN_TIMER},
    workers::{Load, RegisteredWorker, WorkerKind, WorkerRegistry, WorkerReport},
    zones::{ZoneStore, ZonesInForce},
};

/// Store that provides all durable ports.
pub trait Store:
    JobStore
    + ExecutionStore
    + TimerStore
    + LeaseStore
    + DeadLetterStore
    + BackfillStore
    + GateStore
    + WorkerRegistry
    + AlertStore
    + ZoneStore
{
}

impl<S> Store for S where
    S: JobStore
        + ExecutionStore
        + TimerStore
        + LeaseStore
        + DeadLetterStore
        + BackfillStore
        + GateStore
        + WorkerRegistry
        + AlertStore
        + ZoneStore
{
}

/// Ports that an engine is wired to.
#[derive(Clone)]
pub struct Ports {
    pub jobs: Arc<dyn JobStore>,
    pub executions: Arc<dyn ExecutionStore>,
    pub timers: Arc<dyn TimerStore>,
    pub leases: Arc<dyn LeaseStore>,
    pub dead_letters: Arc<dyn DeadLetterStore>,
    pub backfills: Arc<dyn BackfillStore>,
    pub gates: Arc<dyn GateStore>,
    pub workers: Arc<dyn WorkerRegistry>,
    pub zones: Arc<dyn ZoneStore>,
    pub queue: Arc<dyn Queue>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub observer: Arc<dyn Observer>,
    /// Receiver of raised alerts. [`StoredAlerts`](crate::StoredAlerts) keeps them as rows besides.
    pub alerts: Arc<dyn Alerts>,
    pub alert_rows: Arc<dyn AlertStore>,
}

impl Ports {
    /// Ports with one store for everything durable.
    pub fn new(
        store: Arc<impl Store + 'static>,
        queue: Arc<dyn Queue>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        observer: Arc<dyn Observer>,
        alerts: Arc<dyn Alerts>,
    ) -> Self {
        Self {
            jobs: store.clone(),
            executions: store.clone(),
            timers: store.clone(),
            leases: store.clone(),
            dead_letters: store.clone(),
            backfills: store.clone(),
            gates: store.clone(),
            workers: store.clone(),
            zones: store.clone(),
            queue,
            clock,
            random,
            observer,
            alerts,
            alert_rows: store,
        }
    }
}
