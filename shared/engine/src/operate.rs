//! What people do to executions: cancel, redrive, discard.

use belfry_domain::{
    AttemptOutcome, Change, Execution, ExecutionId, Failure, Holder, IdempotencyKey, JobId, Status, Timer,
};

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
        if row.status == Status::Running && !is_with_target(&row) {
            let change = Change::cancel_requested(&row, reason);
            let next = change.row.clone();
            let won = self.ports.executions.apply(change).await? == Applied::Won;
            self.running.stop(&row.id);
            return Ok(won.then_some(CancelOutcome::Requested(next)));
        }
        let change = if row.status == Status::Running {
            let error = reason.to_owned();
            Change::failed(&row, &Failure { outcome: AttemptOutcome::Cancelled, error }, self.now())?
        } else {
            Change::cancelled(&row, reason, self.now())?
        };
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

    /// Once for a key; without one, a letter that was redriven is refused.
    pub async fn redrive(&self, id: &ExecutionId, key: Option<&IdempotencyKey>) -> Result<Accepted> {
        let letter = self.ports.dead_letters.dead_letter(id).await?;
        let letter =
            letter.ok_or_else(|| EngineError::NotFound { what: "dead letter", id: id.to_string() })?;
        if let Some(generation) = letter.redriven_as {
            let begun = match key {
                Some(key) => self.begun_for(id, &key.slot_name()).await?,
                None => None,
            };
            let twice =
                || EngineError::Conflict(format!("dead letter {id} was redriven already, as {generation}"));
            return begun.map(|execution| Accepted { execution, is_new: false }).ok_or_else(twice);
        }
        // Whatever runs again deals with its letters.
        self.retry_by_hand(id, key).await
    }

    /// Redrives all dead letters of a job, or all there are; at most `limit`. What was redriven for
    /// the same key before is not redriven again where it has ended badly again.
    pub async fn redrive_all(
        &self,
        job_id: Option<&JobId>,
        limit: usize,
        key: Option<&IdempotencyKey>,
    ) -> Result<Vec<(ExecutionId, Result<Accepted>)>> {
        let letters: Vec<DeadLetter> = self.ports.dead_letters.dead_letters(job_id, None, limit).await?.items;
        let mut outcomes = Vec::with_capacity(letters.len());
        for DeadLetter { execution_id, .. } in letters {
            if !self.is_redriven_for(&execution_id, key).await? {
                let outcome = self.redrive(&execution_id, key).await;
                outcomes.push((execution_id, outcome));
            }
        }
        Ok(outcomes)
    }

    async fn is_redriven_for(&self, id: &ExecutionId, key: Option<&IdempotencyKey>) -> Result<bool> {
        let Some(key) = key.map(IdempotencyKey::slot_name) else { return Ok(false) };
        let row = self.ports.executions.execution(id).await?;
        match row {
            Some(row) => self.is_begun_for(&row, Some(&key)).await,
            None => Ok(false),
        }
    }
}

/// Nobody of ours runs it who could be asked to stop.
fn is_with_target(row: &Execution) -> bool {
    row.claim.as_ref().is_some_and(|claim| claim.holder == Holder::Target)
}
