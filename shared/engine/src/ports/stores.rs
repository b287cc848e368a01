//! The durable side. Every verb is one atomic write or one strongly consistent read, unless it
//! says otherwise; a verb that has returned `Ok` survives a crash.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use belfry_domain::{
    Change, ClaimRequest, Execution, ExecutionId, Job, JobId, Refusal, Status, Timer, TimerKey, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::Output;

#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Whether the write happened is unknown. Trying again is right: every verb can be repeated.
    #[error("the store did not answer: {0}")]
    Unavailable(String),
    /// Somebody else leads now; this process must not write any more.
    #[error("another process has taken over")]
    Fenced,
    /// A row that this version can't read. It stays as it is.
    #[error("{what} can't be read: {why}")]
    Unreadable { what: String, why: String },
}

type Result<T> = std::result::Result<T, StoreError>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    Done,
    /// The graph has changed since `revision` was read.
    Conflict {
        revision: u64,
    },
}

/// What a run of a job's slot is named after, and the graph that it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunGroup {
    /// The first, by name, of the jobs that the run begins with.
    pub name: JobId,
    /// The graph's revision now.
    pub graph: u64,
}

#[async_trait]
pub trait JobStore: Send + Sync {
    /// The newest version, a tombstone included.
    async fn job(&self, id: &JobId) -> Result<Option<Arc<Job>>>;

    async fn job_version(&self, id: &JobId, version: u64) -> Result<Option<Arc<Job>>>;

    /// The newest versions of all jobs, tombstones left out, with the graph's revision.
    async fn all_jobs(&self) -> Result<(u64, Vec<Arc<Job>>)>;

    /// The graph's revision, with the newest versions of all jobs that dependencies connect with
    /// these, in either direction and over any number of steps; of others too, where that is easier.
    async fn connected(&self, ids: &[JobId]) -> Result<(u64, Vec<Arc<Job>>)>;

    async fn run_group(&self, id: &JobId) -> Result<RunGroup>;

    /// The jobs that named `id` as a dependency when the graph had this revision; `u64::MAX` for now.
    async fn dependents(&self, id: &JobId, graph: u64) -> Result<Vec<Arc<Job>>>;

    /// Writes all of these, with their first timers, or nothing: only if the graph's revision is
    /// still `revision`, which then counts up by one.
    async fn commit(&self, revision: u64, jobs: Vec<Job>, timers: Vec<Timer>) -> Result<Committed>;
}

#[derive(Debug, Clone, PartialEq)]
pub enum Creation {
    Created,
    /// There is one already: of this id, or another generation that was begun for the same key.
    Exists(Box<Execution>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Claimed {
    Started(Box<Execution>),
    Refused(Box<Execution>, Refusal),
    /// There is no such row.
    Missing,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    Won,
    /// Somebody was faster: the row as it is now.
    Lost(Option<Box<Execution>>),
}

/// Which executions to list; what is not set does not filter.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    pub job_id: Option<JobId>,
    /// Of one of these jobs; of none where it is empty.
    pub among: Option<Vec<JobId>>,
    pub status: Option<Status>,
    pub run_id: Option<String>,
    /// Slots in [since, until).
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl ExecutionFilter {
    pub fn lets_through(&self, row: &Execution) -> bool {
        self.lets_job_through(&row.job_id())
            && self.status.is_none_or(|status| row.status == status)
            && self.run_id.as_ref().is_none_or(|run_id| row.run.id == *run_id)
            && self.since.is_none_or(|since| row.due >= since)
            && self.until.is_none_or(|until| row.due < until)
    }

    pub fn lets_job_through(&self, id: &JobId) -> bool {
        self.job_id.as_ref().is_none_or(|job_id| job_id == id)
            && self.among.as_ref().is_none_or(|among| among.contains(id))
    }
}

/// One page of a listing, newest first.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOutput {
    pub attempt: u32,
    #[serde(flatten)]
    pub output: Output,
}

#[async_trait]
pub trait ExecutionStore: Send + Sync {
    async fn execution(&self, id: &ExecutionId) -> Result<Option<Execution>>;

    /// Creates the row unless there is one; with it, in the same write, its guard if one is given. A
    /// row with a `rerun_key` is not created either where the same execution (`rerun_of`) has been
    /// run again for that key.
    async fn create(&self, row: Execution, guard: Option<Timer>) -> Result<Creation>;

    /// As `create` with a guard, for each on its own: one may exist while the others are created.
    async fn create_all(&self, rows: Vec<(Execution, Timer)>) -> Result<Vec<Creation>>;

    /// Judges and starts in one write.
    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed>;

    /// Replaces the row if its revision is the one that the change was made from.
    async fn apply(&self, change: Change) -> Result<Applied>;

    /// Notes that `waiter` waits for `dependency`, whose row need not exist.
    async fn add_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()>;

    async fn waiters(&self, dependency: &ExecutionId) -> Result<Vec<ExecutionId>>;

    async fn remove_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()>;

    async fn keep_output(&self, id: &ExecutionId, output: StoredOutput) -> Result<()>;

    async fn outputs(&self, id: &ExecutionId) -> Result<Vec<StoredOutput>>;

    /// Newest first: within a job by slot, otherwise by creation. May lag behind writes.
    async fn list(
        &self,
        filter: &ExecutionFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Execution>>;

    /// The highest generation among the executions of this job and slot; 0 where there is none.
    async fn latest_generation(&self, first: &ExecutionId) -> Result<u32>;

    /// Rows that ended before `before`, in the order of their creation: at most `limit`, and fewer
    /// where they are large. None where they expire by themselves. May lag behind writes.
    async fn ended_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Execution>>;

    /// Removes these rows, which have ended, with what their attempts printed and who waited for them.
    async fn remove_ended(&self, ids: &[ExecutionId]) -> Result<()>;
}

/// Where a read of a shard's timers goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Behind everything that fires up to this instant.
    After(Timestamp),
    /// Behind this row.
    Behind(TimerKey),
}

/// Timers in the order of their keys.
#[derive(Debug, Clone, Default)]
pub struct TimerPage {
    pub timers: Vec<Timer>,
    /// Rows that this version could not read; the store has put them aside.
    pub quarantined: Vec<(String, String)>,
    /// There may be more.
    pub is_full: bool,
}

#[async_trait]
pub trait TimerStore: Send + Sync {
    /// A timer of the same key is replaced, unless it is a slot's of a later version: a process
    /// that stood still takes nothing away from what has come after it.
    async fn put_timers(&self, timers: Vec<Timer>) -> Result<()>;

    /// May return before it is durable: a timer too many does no harm. It never overtakes a write
    /// that had returned before it was called.
    async fn remove_timer(&self, key: &TimerKey) -> Result<()>;

    /// As `remove_timer`, but not where the timer was written anew for another version since it
    /// was read.
    async fn remove_unchanged(&self, timer: &Timer) -> Result<()>;

    async fn due(&self, shard: u16, from: &Position, until: Timestamp, limit: usize) -> Result<TimerPage>;

    /// The jobs' slot timers, whenever they fire: (job, how many). For the audit, may lag.
    async fn timers_of_jobs(&self) -> Result<Vec<(JobId, u64)>>;

    /// This job's unfired and guarding slot timers.
    async fn slots_of_job(&self, id: &JobId) -> Result<Vec<Timer>>;
}

/// Leadership of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub lane: u16,
    pub owner: String,
    /// The fencing token: counts up with each change of leader.
    pub token: u64,
    pub until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    Leader(Lease),
    /// Somebody else leads, for now.
    HeldBy {
        owner: String,
        until: Timestamp,
    },
}

/// By shard.
pub type Cursors = BTreeMap<u16, Timestamp>;

#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Takes the lane's leadership if it is free, over, or the caller's own already; renews it in
    /// the last case, without a new token.
    async fn acquire(&self, lane: u16, owner: &str, now: Timestamp, until: Timestamp) -> Result<Acquired>;

    /// Gives the leadership up, if it still is the caller's.
    async fn release(&self, lease: &Lease) -> Result<()>;

    /// Up to where ticks have read the shards; one that no tick has read yet isn't there.
    async fn cursors(&self) -> Result<Cursors>;

    /// Of these shards; others' stay as they are. False where the lease is no longer the caller's.
    async fn save_cursors(&self, lease: &Lease, cursors: &Cursors) -> Result<bool>;
}

/// An execution that ended badly for good, kept for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    pub execution_id: ExecutionId,
    pub job_id: JobId,
    pub reason: String,
    pub at: Timestamp,
    pub attempts: u32,
    /// The generation that took its place, once it was redriven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redriven_as: Option<ExecutionId>,
}

#[async_trait]
pub trait DeadLetterStore: Send + Sync {
    /// True if it was not there; one that was discarded stays away.
    async fn add_dead_letter(&self, letter: DeadLetter) -> Result<bool>;

    async fn dead_letter(&self, id: &ExecutionId) -> Result<Option<DeadLetter>>;

    /// Newest first, those redriven left out.
    async fn dead_letters(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeadLetter>>;

    async fn mark_redriven(&self, id: &ExecutionId, generation: &ExecutionId) -> Result<()>;

    /// False where there is none.
    async fn discard(&self, id: &ExecutionId) -> Result<bool>;

    async fn count_dead_letters(&self) -> Result<u64>;
}
