//! Dead letters: kept where an execution fails for good, closed where a later one takes its place.

use belfry_domain::{Execution, ExecutionId, Status};

use crate::{
    Engine, Result,
    ports::{Alert, DeadLetter, ExecutionFilter, StoreError},
};

/// Number of a job's executions among which the one before is looked for.
const NEWEST: usize = 20;
/// Ends that say how well the work goes.
const ENDED_BY_ITSELF: [Status; 3] = [Status::Success, Status::Failed, Status::TimedOut];

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
        self.retain_for_people(row).await?;
        // Whoever added it may have died before the alert. Of one that somebody has dealt with
        // since then there is nothing to tell.
        if self.ports.dead_letters.add_dead_letter(letter).await? || self.is_open_letter(&row.id).await? {
            return self.raise_dead_letter(row, reason).await;
        }
        self.retain_from_now(row).await
    }

    async fn raise_dead_letter(&self, row: &Execution, reason: String) -> Result<()> {
        let alert = Alert::DeadLetter { id: row.id.clone(), reason };
        let known = self.ports.alert_rows.alert(&alert.key()).await?;
        let may_come_back = known.is_some_and(|known| known.is_open() && !known.has_come_back);
        let comes_back = may_come_back && self.was_well_before(row).await?;
        self.ports.alerts.raise(alert.clone()).await?;
        if comes_back {
            self.ports.alerts.came_back(&alert).await?;
        }
        Ok(())
    }

    /// Whether the execution of the same job that ended last before this one succeeded.
    async fn was_well_before(&self, row: &Execution) -> Result<bool> {
        let filter = ExecutionFilter { job_id: Some(row.job_id()), ..Default::default() };
        let newest = self.ports.executions.list(&filter, None, NEWEST).await?.items.into_iter();
        let before = newest.filter(|other| other.id != row.id && other.end_time <= row.end_time);
        let ended = before.filter(|other| ENDED_BY_ITSELF.contains(&other.status));
        Ok(ended.max_by_key(|other| other.end_time).is_some_and(|last| last.status == Status::Success))
    }

    /// Closes the dead letters of earlier generations, because this execution replaces them. An
    /// execution of a job never closes the dead letter of a push, and a push never closes that of a job.
    pub(crate) async fn close_letters(&self, row: &Execution) -> Result<()> {
        for generation in 1..row.id.generation() {
            let earlier = row.id.with_generation(generation);
            if !self.is_open_letter(&earlier).await? {
                continue;
            }
            let old = self.ports.executions.execution(&earlier).await?;
            if old.as_ref().is_none_or(|old| old.is_pushed() == row.is_pushed()) {
                if let Some(old) = &old {
                    self.retain_from_now(old).await?;
                }
                let key = row.rerun_key.as_ref();
                self.ports.dead_letters.mark_redriven(&earlier, &row.id, key).await?;
            }
        }
        Ok(())
    }

    /// Discards a dead letter. From now on the retention of its execution counts. `false` where there is
    /// none.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    pub async fn discard(&self, id: &ExecutionId) -> Result<bool> {
        match self.ports.dead_letters.dead_letter(id).await {
            Ok(None) => return Ok(false),
            // People can be rid of one that can't be read, too.
            Ok(Some(_)) | Err(StoreError::Unreadable { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        match self.ports.executions.execution(id).await {
            Ok(Some(row)) => self.retain_from_now(&row).await?,
            // A row that can't be read is kept: its retention is of no use to anybody.
            Ok(None) | Err(StoreError::Unreadable { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(self.ports.dead_letters.discard(id).await?)
    }
}
