//! Re-runs that are asked for again under the same idempotency key: because an answer was lost, or
//! because whoever asked has died and come back.
//!
//! The key belongs to the execution that is run again: for one key it runs again once. The store
//! sees to that when the new generation is created, whoever asks at the same time. What a repeated
//! request finds begun, it completes and answers, in the generation that it has; and it does not
//! run again what the first one has begun.

use belfry_domain::{Execution, ExecutionId, SlotName};

use crate::{Engine, Result};

impl Engine {
    /// The new generation of this very execution, if it was begun for this key.
    pub(crate) async fn begun_for(&self, old: &ExecutionId, key: &SlotName) -> Result<Option<Execution>> {
        let newest = old.with_generation(u32::MAX);
        let is_it =
            |row: &Execution| row.rerun_key.as_ref() == Some(key) && row.rerun_of.as_ref() == Some(old);
        self.newest_where(&newest, is_it).await
    }

    /// The execution of this one's slot that was run again for this key: of its job, or of what was
    /// pushed there.
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

    /// Whether a request with this key has begun it, or it followed from what that has begun.
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
