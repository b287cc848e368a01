//! The end of what is old.

use belfry_domain::ExecutionId;

use crate::{
    Engine, Result,
    ports::{Archive, Logs},
};

/// Rows in one go at most: what an archive takes as one file.
const BATCH: usize = 10_000;
/// Rows in one write: few, so that nothing waits for it.
const REMOVED_AT_ONCE: usize = 200;

impl Engine {
    /// Removes executions and backfills that ended before the retention period; how many. Where there is an
    /// archive, each is durable there before it goes: a crash may leave one in both places, or
    /// twice in the archive, never in none. Its logs go first, so that none is left that nothing
    /// names.
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
