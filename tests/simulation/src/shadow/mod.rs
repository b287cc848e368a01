//! Shadow of the store, kept up to date by the wrappers that write to it, so that the rules can be
//! checked after every step without asking the store.

mod alerts;
mod attempts;
mod backfills;
mod bounds;
mod decisions;
mod gates;
mod jobs;
mod misfires;
mod reruns;
mod rows;
mod safety;
mod timers;
mod times;
mod transitions;

use std::collections::{BTreeMap, BTreeSet};

use belfry_domain::{
    Backfill, BackfillId, Execution, ExecutionId, GateKey, Job, JobId, Timer, TimerKey, Timestamp,
};
use belfry_engine::ports::AlertRow;

pub use self::{
    alerts::RECEIVER,
    attempts::{Attempts, Running},
    jobs::JobRead,
    rows::Row,
};
use crate::machine::executor::TaskId;

#[derive(Default)]
pub struct Shadow {
    pub rows: BTreeMap<ExecutionId, Row>,
    pub timers: BTreeMap<TimerKey, Timer>,
    timers_of: BTreeMap<ExecutionId, BTreeSet<TimerKey>>,
    slots_of: BTreeMap<JobId, BTreeSet<TimerKey>>,
    /// All versions of each job, the newest last.
    pub jobs: BTreeMap<JobId, Vec<Job>>,
    /// Revision of the graph.
    pub revision: u64,
    /// Waiters of each execution, with the number of the write that noted the wait.
    waiters: BTreeMap<ExecutionId, BTreeMap<ExecutionId, u64>>,
    pub dead_letters: BTreeSet<ExecutionId>,
    /// Dead letters that have been neither redriven nor discarded.
    pub open_letters: BTreeSet<ExecutionId>,
    pub alerts: BTreeMap<String, AlertRow>,
    /// Alerts that their receiver believes to be open, and all that it was ever told of.
    pub believed: BTreeSet<String>,
    pub heard: BTreeSet<String>,
    /// Alerts that stand for others, by the key of the other.
    pub groups: BTreeMap<String, String>,
    pub backfills: BTreeMap<BackfillId, Backfill>,
    gates: gates::Gates,
    /// Last instant at which a process said that something it ended left a gate.
    left: BTreeMap<(usize, GateKey), Timestamp>,
    cursors: BTreeMap<u16, Timestamp>,
    pub attempts: Attempts,
    /// Job as each task has read it last.
    reads: BTreeMap<(TaskId, JobId), JobRead>,
    /// Messages by what they start, as far as something became of them on the way.
    pub parcels: BTreeMap<(ExecutionId, u32), times::Parcel>,
    /// Executions of which the sweep held a message back.
    pub held_back: BTreeSet<ExecutionId>,
    /// Instants of the last commits of jobs, by the monotonic clock.
    committed_ms: BTreeMap<JobId, u64>,
    /// Last instant at which wall clocks jumped or were set right.
    pub clocks_moved_ms: Option<u64>,
    /// Whether every start must come in its second.
    pub is_punctual: bool,
    writes: u64,
    touched: BTreeSet<ExecutionId>,
    chains_touched: bool,
    backfills_touched: bool,
}

impl Shadow {
    pub fn row(&self, id: &ExecutionId) -> Option<&Execution> {
        self.rows.get(id).map(|row| &row.execution)
    }

    pub fn newest(&self, id: &JobId) -> Option<&Job> {
        self.jobs.get(id).and_then(|versions| versions.last())
    }

    /// Newest versions of the jobs that are not deleted.
    pub fn live_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().filter_map(|versions| versions.last()).filter(|job| !job.deleted)
    }

    fn cursor(&self, shard: u16) -> Timestamp {
        self.cursors.get(&shard).copied().unwrap_or(Timestamp::MIN)
    }

    fn count_write(&mut self) -> u64 {
        self.writes += 1;
        self.writes
    }

    pub fn owns_timer(&self, id: &ExecutionId) -> bool {
        self.timers_of.get(id).is_some_and(|timers| !timers.is_empty())
    }
}

/// Writer of a row, as far as the rules need to know it.
#[derive(Debug, Clone)]
pub struct Writer {
    pub name: String,
    pub now: Timestamp,
}
