//! Dead letters: kept where an execution fails for good, closed where a later one takes its place.

use belfry_domain::{Execution, ExecutionId};

use crate::{
    Engine, Result,
    ports::{Alert, DeadLetter},
};

impl Engine {
    pub(crate) async fn bury(&self, row: &Execution) -> Result<()> {
        let reason = row.reason.clone().unwrap_or_default();
        let letter = DeadLetter {
            execution_id: row.id.clone(),
            job_id: row.job_id(),
            reason: reason.clone(),
            at: row.end_time.unwrap_or_else(|| self.now()),
            attempts: row.attempt,
            redriven_as: None,
            redriven_for: None,
        };
        // Whoever added it may have died before the alert. Of one that somebody has dealt with
        // since then there is nothing to tell.
        if self.ports.dead_letters.add_dead_letter(letter).await? || self.is_open_letter(&row.id).await? {
            self.ports.alerts.raise(Alert::DeadLetter { id: row.id.clone(), reason }).await?;
        }
        Ok(())
    }

    /// The dead letters of earlier generations are dealt with: this one is in their place. A push is
    /// in no place of a job's execution, nor the other way round.
    pub(crate) async fn close_letters(&self, row: &Execution) -> Result<()> {
        for generation in 1..row.id.generation() {
            let earlier = row.id.with_generation(generation);
            if !self.is_open_letter(&earlier).await? {
                continue;
            }
            let old = self.ports.executions.execution(&earlier).await?;
            if old.is_none_or(|old| old.is_pushed() == row.is_pushed()) {
                let key = row.rerun_key.as_ref();
                self.ports.dead_letters.mark_redriven(&earlier, &row.id, key).await?;
            }
        }
        Ok(())
    }

    /// Forgets a dead letter for good. False where there is none.
    pub async fn discard(&self, id: &ExecutionId) -> Result<bool> {
        Ok(self.ports.dead_letters.discard(id).await?)
    }

    pub(crate) async fn is_open_letter(&self, id: &ExecutionId) -> Result<bool> {
        let letter = self.ports.dead_letters.dead_letter(id).await?;
        Ok(letter.is_some_and(|letter| letter.redriven_as.is_none()))
    }
}
