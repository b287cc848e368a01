//! Executions, who waits for them, and what their attempts printed.

use async_trait::async_trait;
use belfry_domain::{Change, ClaimRequest, Execution, ExecutionId, JobId, Refusal, Status, Timer, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Output, Page, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

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

    /// Judges and starts in one write, with the guard of the request.
    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed>;

    /// Replaces the row, and writes the change's guard with it, if the row's revision is the one that
    /// the change was made from.
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
