//! Store of dead letters.

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId, SlotName, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Page, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// Dead letter: an execution that failed or timed out for good, kept for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    pub execution_id: ExecutionId,
    pub job_id: JobId,
    pub reason: String,
    pub at: Timestamp,
    pub attempts: u32,
    /// Generation that took its place. `None` until it is redriven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redriven_as: Option<ExecutionId>,
    /// Slot name of the idempotency key with which it was redriven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redriven_for: Option<SlotName>,
}

#[async_trait]
pub trait DeadLetterStore: Send + Sync {
    /// Adds a dead letter. `true` if there was none; a discarded one is not added again.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn add_dead_letter(&self, letter: DeadLetter) -> Result<bool>;

    /// Dead letter of an execution. `None` where there is none.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn dead_letter(&self, id: &ExecutionId) -> Result<Option<DeadLetter>>;

    /// Lists dead letters, the newest first, without those that were redriven.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn dead_letters(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeadLetter>>;

    /// Dead letters that were redriven for this key, newest first.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn redriven_for(
        &self,
        key: &SlotName,
        job_id: Option<&JobId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>>;

    /// Marks a dead letter as redriven. A letter that was redriven before keeps its first mark.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn mark_redriven(
        &self,
        id: &ExecutionId,
        generation: &ExecutionId,
        key: Option<&SlotName>,
    ) -> Result<()>;

    /// Discards a dead letter. `false` where there is none.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn discard(&self, id: &ExecutionId) -> Result<bool>;

    /// Number of open dead letters: neither redriven nor discarded.
    ///
    /// # Errors
    /// The store does not answer.
    async fn count_dead_letters(&self) -> Result<u64>;
}
