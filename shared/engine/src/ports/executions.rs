//! Executions, the executions that wait for them, and the output of their attempts.

use async_trait::async_trait;
use belfry_domain::{Change, ClaimRequest, Execution, ExecutionId, JobId, Refusal, Status, Timer, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Output, Page, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

#[derive(Debug, Clone, PartialEq)]
pub enum Creation {
    Created,
    /// The execution exists already, or another generation was begun for the same key.
    Exists(Box<Execution>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Claimed {
    Started(Box<Execution>),
    Refused(Box<Execution>, Refusal),
    /// The row does not exist.
    Missing,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    Won,
    /// Another write came first. Holds the row as it is now.
    Lost(Option<Box<Execution>>),
}

/// Filter for executions. Fields that are not set let everything through.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    pub job_id: Option<JobId>,
    /// Lets through executions of these jobs only. An empty list lets none through.
    pub among: Option<Vec<JobId>>,
    pub status: Option<Status>,
    pub run_id: Option<String>,
    /// Bounds of the instant at which an execution is due: from `since` on, and before `until`.
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
    /// Row of an execution. `None` where it has none.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn execution(&self, id: &ExecutionId) -> Result<Option<Execution>>;

    /// Creates the row unless it exists, and in the same write its guard if one is given. A row with a
    /// `rerun_key` is not created where its `rerun_of` has been run again for that key.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn create(&self, row: Execution, guard: Option<Timer>) -> Result<Creation>;

    /// Creates rows as `create` does with a guard, each on its own: one may exist or fail while others
    /// are created. Returns the outcome of each row, in order, within 20 s.
    async fn create_all(&self, rows: Vec<(Execution, Timer)>) -> Vec<Result<Creation>>;

    /// Starts an attempt if the row permits it, and writes the guard of the request in the same write.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed>;

    /// Replaces the row, and writes the change's guard with it, if the row's revision is the one that
    /// the change was made from.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn apply(&self, change: Change) -> Result<Applied>;

    /// Notes that `waiter` waits for `dependency`, whose row need not exist.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn add_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()>;

    /// Executions that wait for `dependency`.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn waiters(&self, dependency: &ExecutionId) -> Result<Vec<ExecutionId>>;

    /// Removes the note that `waiter` waits for `dependency`.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn remove_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()>;

    /// Keeps the output of an attempt. It replaces an earlier output of the same attempt.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn keep_output(&self, id: &ExecutionId, output: StoredOutput) -> Result<()>;

    /// Outputs of an execution's attempts.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn outputs(&self, id: &ExecutionId) -> Result<Vec<StoredOutput>>;

    /// Lists executions, the newest first: within a job by slot, otherwise by creation. The listing may
    /// lag behind writes.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn list(
        &self,
        filter: &ExecutionFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Execution>>;

    /// Highest generation among the executions of this job and slot. 0 where there is none.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn latest_generation(&self, first: &ExecutionId) -> Result<u32>;

    /// Rows whose retention counts from before `before`, in the order of their creation: at most `limit`, and fewer
    /// where they are large. Empty in a store whose rows expire by themselves. May lag behind writes.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn ended_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Execution>>;

    /// Counts the retention of an ended execution from this instant on. `None` keeps the row until the
    /// next call. Does nothing where there is no row. Never called for an execution that has not ended.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn retain_from(&self, id: &ExecutionId, from: Option<Timestamp>) -> Result<()>;

    /// Removes these ended rows, with the output of their attempts and their waiters.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn remove_ended(&self, ids: &[ExecutionId]) -> Result<()>;
}
