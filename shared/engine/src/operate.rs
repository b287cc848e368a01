//! What people do to executions: cancel, retry by hand, redrive, discard.

use belfry_domain::{Change, Execution, ExecutionId, JobId, Run, Status, Timer, Trigger};

use crate::{
    Engine, EngineError, Result,
    ports::{Applied, Creation, DeadLetter},
    push::Accepted,
};

#[derive(Debug, Clone, PartialEq)]
pub enum CancelOutcome {
    /// It will not start.
    Cancelled(Execution),
    /// Its worker has been asked to stop.
    Requested(Execution),
}

/// How often a row may change under an operation before it gives up.
const ATTEMPTS: usize = 20;

impl Engine {
    pub async fn cancel(&self, id: &ExecutionId, reason: &str) -> Result<CancelOutcome> {
        for _ in 0..ATTEMPTS {
            let Some(row) = self.ports.executions.execution(id).await? else {
                match self.cancel_unclaimed(id, reason).await? {
                    Some(cancelled) => return Ok(CancelOutcome::Cancelled(cancelled)),
                    None => continue,
                }
            };
            if row.status.is_terminal() {
                return Err(EngineError::WrongStatus { status: row.status, verb: "cancelled" });
            }
            if let Some(outcome) = self.cancel_row(row, reason).await? {
                return Ok(outcome);
            }
        }
        Err(EngineError::Conflict(format!("execution {id} is changing all the time; try again")))
    }

    async fn cancel_row(&self, row: Execution, reason: &str) -> Result<Option<CancelOutcome>> {
        if row.status == Status::Running {
            let change = Change::cancel_requested(&row, reason);
            let next = change.row.clone();
            let won = self.ports.executions.apply(change).await? == Applied::Won;
            self.running.stop(&row.id);
            return Ok(won.then_some(CancelOutcome::Requested(next)));
        }
        let change = Change::cancelled(&row, reason, self.now())?;
        let next = change.row.clone();
        Ok(self.end_unstarted(change, row.guard).await?.then_some(CancelOutcome::Cancelled(next)))
    }

    /// A slot that nobody has claimed has no row: a terminal one keeps it from starting.
    async fn cancel_unclaimed(&self, id: &ExecutionId, reason: &str) -> Result<Option<Execution>> {
        let not_found = || EngineError::NotFound { what: "execution", id: id.to_string() };
        let job =
            self.ports.jobs.job(&id.job_id()).await?.filter(|job| !job.deleted).ok_or_else(not_found)?;
        let is_slot = |slot: &belfry_domain::Timestamp| {
            job.schedule().is_some_and(|schedule| schedule.contains(slot.to_utc()))
        };
        let slot = id.first_of_slot().filter(is_slot).ok_or_else(not_found)?;
        if slot.plus(self.settings.retention) < self.now() || slot <= job.created_at {
            return Err(not_found());
        }
        // The row will hide from the sweep that the chain may not have gone on from this slot.
        if let Some(next) = job.schedule().and_then(|schedule| schedule.next_after(slot.to_utc())) {
            self.ports.timers.put_timers(vec![self.slot_timer(&job, next.into())]).await?;
        }
        let guard = Timer::check(self.settings.shards, id, 1, self.now(), 0);
        let row = self.slot_row(&job, slot, guard.key.clone()).await?;
        let cancelled = Change::cancelled(&row, reason, self.now())?.row;
        match self.ports.executions.create(cancelled.clone(), Some(guard.clone())).await? {
            Creation::Exists(_) => Ok(None),
            Creation::Created => {
                self.settle(cancelled.clone(), guard.key).await?;
                Ok(Some(cancelled))
            }
        }
    }

    /// Runs something that has ended once more, as a new generation on the job's present version.
    /// Dependents without a schedule follow, as new generations too. An element runs by itself.
    pub async fn retry_by_hand(&self, id: &ExecutionId) -> Result<Accepted> {
        let not_found = || EngineError::NotFound { what: "execution", id: id.to_string() };
        let old = self.ports.executions.execution(id).await?.ok_or_else(not_found)?;
        if !old.status.is_terminal() {
            return Err(EngineError::WrongStatus { status: old.status, verb: "retried" });
        }
        if old.work.is_none() && self.ports.jobs.job(&id.job_id()).await?.is_none_or(|job| job.deleted) {
            return Err(EngineError::NotFound { what: "job", id: id.job_id().to_string() });
        }
        for _ in 0..ATTEMPTS {
            let accepted = self.accept(self.next_generation(&old).await?).await?;
            if accepted.is_new {
                return Ok(accepted);
            }
        }
        Err(EngineError::Conflict(format!("execution {id} is being retried by others")))
    }

    async fn next_generation(&self, old: &Execution) -> Result<Execution> {
        let first = old.id.with_generation(1);
        let mut latest = self.ports.executions.latest_generation(&first).await?.max(1);
        let mut run = Run { id: String::new(), root: None, graph: 0 };
        if old.work.is_none() && old.id.whole().is_none() {
            run.graph = self.ports.jobs.run_group(&old.job_id()).await?.graph;
            run.root = Some(old.job_id());
            for job_id in self.reachable(&old.job_id(), run.graph).await? {
                let dependent = ExecutionId::new(&job_id, &old.slot());
                latest = latest.max(self.ports.executions.latest_generation(&dependent).await?);
            }
        }
        let id = old.id.with_generation(latest + 1);
        run.id = id.to_string();
        let mut row = self.row_due_now(id, run, Trigger::Rerun);
        row.priority = old.priority;
        row.input.clone_from(&old.input);
        // They have ended, and still have their results.
        row.dependencies.clone_from(&old.dependencies);
        row.work.clone_from(&old.work);
        row.rerun_of = Some(old.id.clone());
        Ok(row)
    }

    pub async fn redrive(&self, id: &ExecutionId) -> Result<Accepted> {
        let letter = self.ports.dead_letters.dead_letter(id).await?;
        let letter =
            letter.ok_or_else(|| EngineError::NotFound { what: "dead letter", id: id.to_string() })?;
        if let Some(generation) = letter.redriven_as {
            return Err(EngineError::Conflict(format!(
                "dead letter {id} was redriven already, as {generation}"
            )));
        }
        let accepted = self.retry_by_hand(id).await?;
        self.ports.dead_letters.mark_redriven(id, &accepted.execution.id).await?;
        Ok(accepted)
    }

    /// Redrives all dead letters of a job, or all there are; at most `limit`.
    pub async fn redrive_all(
        &self,
        job_id: Option<&JobId>,
        limit: usize,
    ) -> Result<Vec<(ExecutionId, Result<Accepted>)>> {
        let letters: Vec<DeadLetter> = self.ports.dead_letters.dead_letters(job_id, None, limit).await?.items;
        let mut outcomes = Vec::with_capacity(letters.len());
        for letter in letters {
            let outcome = self.redrive(&letter.execution_id).await;
            outcomes.push((letter.execution_id, outcome));
        }
        Ok(outcomes)
    }
}
