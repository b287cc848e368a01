//! Backfills' rows. What they start are executions like all others.

use async_trait::async_trait;
use belfry_domain::{Backfill, BackfillId, JobId, Timer, Timestamp};

use super::{Page, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

#[async_trait]
pub trait BackfillStore: Send + Sync {
    /// Writes the row and its timer, in one write. False where there is such a row already.
    async fn create_backfill(&self, row: Backfill, timer: Timer) -> Result<bool>;

    async fn backfill(&self, id: &BackfillId) -> Result<Option<Backfill>>;

    /// Replaces the row if its revision is `expected`; false where somebody was faster, unless with
    /// this very row: a call that is repeated finds what it has written.
    async fn change_backfill(&self, expected: u64, row: Backfill) -> Result<bool>;

    /// The newest first. May lag behind writes.
    async fn backfills(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Backfill>>;

    /// Removes those that were over before `before`; how many.
    async fn remove_ended_backfills(&self, before: Timestamp) -> Result<usize>;
}
