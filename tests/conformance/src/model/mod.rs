//! The ports as maps under one lock, in as little code as possible. Nothing is durable, and every look
//! goes through everything.

mod alerts;
mod backfills;
mod dead_letters;
mod executions;
mod gates;
mod jobs;
mod leases;
mod timers;
mod workers;
mod zones;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use belfry_domain::{
    Backfill, BackfillId, Execution, ExecutionId, Gate, GateKey, Job, JobId, Place, Timer, TimerKey,
    Timestamp, What,
};
use belfry_engine::ports::{
    AlertRow, Cursors, DeadLetter, Lease, Page, RegisteredWorker, StoreError, StoredOutput, ZonesInForce,
};

type Result<T> = std::result::Result<T, StoreError>;

/// Store that other stores are compared with.
#[derive(Default)]
pub struct Model(Mutex<State>);

#[derive(Default)]
struct State {
    graph: u64,
    zones: Option<ZonesInForce>,
    zone_data: BTreeMap<String, Vec<u8>>,
    jobs: BTreeMap<(JobId, u64), Job>,
    /// Executions, each with its place in the order of creation.
    executions: BTreeMap<ExecutionId, (u64, Execution)>,
    created: u64,
    /// Instants from which the retention of ended executions counts, where that is not their end.
    retained: BTreeMap<ExecutionId, Timestamp>,
    waiters: BTreeSet<(ExecutionId, ExecutionId)>,
    outputs: BTreeMap<(ExecutionId, u32), StoredOutput>,
    timers: BTreeMap<TimerKey, Timer>,
    leases: BTreeMap<u16, Lease>,
    cursors: Cursors,
    dead_letters: BTreeMap<ExecutionId, (DeadLetter, bool)>,
    alerts: BTreeMap<String, AlertRow>,
    gates: BTreeMap<GateKey, Gate>,
    lines: BTreeMap<(GateKey, String, ExecutionId), Place>,
    /// Workers, each with the instant at which it expires.
    workers: BTreeMap<String, (RegisteredWorker, Timestamp)>,
    backfills: BTreeMap<BackfillId, Backfill>,
}

impl Model {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, timers: impl IntoIterator<Item = Timer>) {
        for timer in timers {
            let is_slot = matches!(timer.key.what, What::Slot { .. });
            let present = self.timers.get(&timer.key).filter(|_| is_slot);
            if present.is_none_or(|present| present.version <= timer.version) {
                self.timers.insert(timer.key.clone(), timer);
            }
        }
    }
}

/// Page behind the item that `after` names, of items in the order of the listing.
fn page<T: Clone>(items: &[T], name: impl Fn(&T) -> String, after: Option<&str>, limit: usize) -> Page<T> {
    let begin = after.map_or(0, |after| items.iter().take_while(|item| name(item) != after).count() + 1);
    let rest = items.get(begin..).unwrap_or_default();
    let items = rest[..limit.min(rest.len())].to_vec();
    let next = items.last().filter(|_| rest.len() > limit).map(name);
    Page { items, next }
}
