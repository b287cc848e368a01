//! Rows of backfills. The executions that a backfill starts are rows like all others.

use async_trait::async_trait;
use belfry_domain::{Backfill, BackfillId, JobId, Timer, Timestamp};

use super::{Page, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

#[async_trait]
pub trait BackfillStore: Send + Sync {
    /// Writes the row and its timer in one write. `false` where the row exists already.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn create_backfill(&self, row: Backfill, timer: Timer) -> Result<bool>;

    /// Row of a backfill. `None` where there is none.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn backfill(&self, id: &BackfillId) -> Result<Option<Backfill>>;

    /// Replaces the row if its revision is `expected`. `false` where another write came first. A
    /// repeated call that finds its own row returns `true`.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn change_backfill(&self, expected: u64, row: Backfill) -> Result<bool>;

    /// Lists backfills, the newest first. The listing may lag behind writes.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn backfills(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Backfill>>;

    /// Removes the backfills that ended before `before`, and returns their number.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn remove_ended_backfills(&self, before: Timestamp) -> Result<usize>;
}
