//! What follows from an end. All of it can be repeated: a crash in the middle leaves the guard
//! timer, and the sweep begins again.

use belfry_domain::{Execution, ExecutionId, Status, TimerKey};

use crate::{
    Engine, Result,
    base::work::is_dead,
    ports::{Alert, DeadLetter},
};

impl Engine {
    /// Calls up who is next at its gates, tells those who wait for it, keeps the dead letter, and
    /// removes the guard last. Dependents that end by it (because they now never run) are settled in
    /// turn.
    pub(crate) async fn settle(&self, row: Execution, guard: TimerKey) -> Result<()> {
        if row.work.is_some() && !is_dead(&row) && row.id.generation() == 1 {
            // Pushed work that went well: nobody waits for it.
            return Ok(self.ports.timers.remove_timer(&guard).await?);
        }
        Box::pin(self.settle_all(row, guard)).await
    }

    async fn settle_all(&self, row: Execution, guard: TimerKey) -> Result<()> {
        let mut ended = vec![(row, guard)];
        while let Some((row, guard)) = ended.pop() {
            if row.status != Status::Success && row.elements.is_some() {
                self.cancel_elements(&row).await?;
            }
            match row.id.element_index() {
                Some(index) => ended.extend(self.tell_whole(&row, index).await?),
                None if row.work.is_none() => ended.extend(self.tell_dependents(&row).await?),
                None => {}
            }
            self.after_gates(&row).await?;
            self.close_letters(&row.id).await?;
            if is_dead(&row) && !self.is_only_recorded(&row).await? {
                self.bury(&row).await?;
            }
            self.ports.timers.remove_timer(&guard).await?;
        }
        Ok(())
    }

    async fn bury(&self, row: &Execution) -> Result<()> {
        let reason = row.reason.clone().unwrap_or_default();
        let letter = DeadLetter {
            execution_id: row.id.clone(),
            job_id: row.job_id(),
            reason: reason.clone(),
            at: row.end_time.unwrap_or_else(|| self.now()),
            attempts: row.attempt,
            redriven_as: None,
        };
        // Whoever added it may have died before the alert. Of one that somebody has dealt with
        // since then there is nothing to tell.
        if self.ports.dead_letters.add_dead_letter(letter).await? || self.is_open_letter(&row.id).await? {
            self.ports.alerts.raise(Alert::DeadLetter { id: row.id.clone(), reason }).await?;
        }
        Ok(())
    }

    /// The dead letters of earlier generations are dealt with: this one is in their place.
    pub(crate) async fn close_letters(&self, id: &ExecutionId) -> Result<()> {
        for generation in 1..id.generation() {
            let earlier = id.with_generation(generation);
            if self.is_open_letter(&earlier).await? {
                self.ports.dead_letters.mark_redriven(&earlier, id).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn is_open_letter(&self, id: &ExecutionId) -> Result<bool> {
        let letter = self.ports.dead_letters.dead_letter(id).await?;
        Ok(letter.is_some_and(|letter| letter.redriven_as.is_none()))
    }
}
