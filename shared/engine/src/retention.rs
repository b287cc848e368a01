//! The end of what is old.

use crate::{Engine, Result};

/// Rows in one write: small, so that nothing waits for it.
const BATCH: usize = 200;

impl Engine {
    /// Removes executions that ended before the retention period; how many.
    pub async fn remove_old(&self) -> Result<u64> {
        let before = self.now().minus(self.settings.retention);
        let mut removed = 0;
        loop {
            let batch = self.ports.executions.remove_ended(before, BATCH).await?;
            removed += batch as u64;
            if batch < BATCH {
                return Ok(removed);
            }
        }
    }
}
