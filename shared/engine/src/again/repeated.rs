//! Re-runs that are requested again under the same idempotency key, because an answer was lost or the
//! client has restarted.
//!
//! The key belongs to the execution that is run again: for one key it is run again once. The store
//! enforces that when the new generation is created, also for requests at the same time. A repeated
//! request completes what the first one has begun, in the same generation, and does not run that again.

use belfry_domain::{Execution, ExecutionId, SlotName};

use crate::{Engine, Result};

impl Engine {
    /// New generation of exactly this execution, if a request with this key has created one.
    pub(crate) async fn begun_for(&self, old: &ExecutionId, key: &SlotName) -> Result<Option<Execution>> {
        let newest = old.with_generation(u32::MAX);
        let is_it =
            |row: &Execution| row.rerun_key.as_ref() == Some(key) && row.rerun_of.as_ref() == Some(old);
        self.newest_where(&newest, is_it).await
    }

    /// Execution at the same slot that a request with this key has run again. It belongs to the same
    /// job, or to the same push.
    pub(crate) async fn run_again_for(
        &self,
        id: &ExecutionId,
        is_pushed: bool,
        key: Option<&SlotName>,
    ) -> Result<Option<Execution>> {
        let Some(key) = key else { return Ok(None) };
        let newest = id.with_generation(u32::MAX);
        let is_it = |row: &Execution| row.rerun_key.as_ref() == Some(key) && row.is_pushed() == is_pushed;
        let begun = self.newest_where(&newest, is_it).await?;
        match begun.and_then(|begun| begun.rerun_of) {
            Some(old) => Ok(self.ports.executions.execution(&old).await?),
            None => Ok(None),
        }
    }

    /// Whether a request with this key has created this execution, or one that this execution follows
    /// from.
    pub(crate) async fn is_begun_for(&self, row: &Execution, key: Option<&SlotName>) -> Result<bool> {
        if key.is_none() || row.rerun_key.as_ref() == key {
            return Ok(key.is_some());
        }
        let first = row.run.id.parse::<ExecutionId>().ok().filter(|first| *first != row.id);
        let Some(first) = first.filter(|_| row.id.generation() > 1) else { return Ok(false) };
        let first = self.ports.executions.execution(&first).await?;
        Ok(first.is_some_and(|first| first.rerun_key.as_ref() == key))
    }
}
