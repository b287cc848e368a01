//! Retention: removal of old rows.

use belfry_domain::ExecutionId;

use crate::{
    Engine, Result,
    ports::{Archive, Logs},
};

/// Maximum number of rows that are archived together: an archive writes them as one file.
const BATCH: usize = 10_000;
/// Maximum number of rows in one write: few, so that no other write has to wait for long.
const REMOVED_AT_ONCE: usize = 200;

impl Engine {
    /// Removes executions and backfills that ended before the retention period, and returns their
    /// number. With an archive, each execution is durable there before its row is removed: a crash may
    /// leave it in both places, or twice in the archive, never in none. Its logs are removed before the
    /// row, so that no log is left without a reference.
    ///
    /// # Errors
    /// The store, the archive or the logs do not answer.
    pub async fn remove_old(&self, archive: Option<&dyn Archive>, logs: Option<&dyn Logs>) -> Result<u64> {
        let before = self.now().minus(self.settings.retention);
        let mut removed = self.ports.backfills.remove_ended_backfills(before).await? as u64;
        loop {
            let ended = self.ports.executions.ended_before(before, BATCH).await?;
            if ended.is_empty() {
                return Ok(removed);
            }
            let ids: Vec<ExecutionId> = ended.iter().map(|row| row.id.clone()).collect();
            if let Some(archive) = archive {
                archive.keep(ended).await?;
            }
            for some in ids.chunks(REMOVED_AT_ONCE) {
                if let Some(logs) = logs {
                    logs.remove(some).await?;
                }
                self.ports.executions.remove_ended(some).await?;
            }
            removed += ids.len() as u64;
        }
    }
}
