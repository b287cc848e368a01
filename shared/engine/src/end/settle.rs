//! Consequences of an execution's end. All of them can be repeated: a crash in the middle leaves the
//! guard timer, and the sweep begins again.

use belfry_domain::{
    AttemptOutcome, Change, Execution, ExecutionId, Failure, Holder, Status, Timer, TimerKey,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    Engine, EngineError, Result,
    base::{outbox::leave_to_sweep, retry::ATTEMPTS, work::is_dead},
    ports::{Applied, Creation, StoreError},
};

#[derive(Debug, Clone, PartialEq)]
pub enum CancelOutcome {
    /// The execution will not start.
    Cancelled(Execution),
    /// The worker of the execution has been asked to stop.
    Requested(Execution),
}

impl Engine {
    /// Settles an execution that has ended: starts the next executions at its gates, tells dependents,
    /// keeps the dead letter, and removes the guard last. Dependents that end because of it (they can
    /// never run now) are settled in turn.
    pub(crate) async fn settle(&self, row: Execution, guard: TimerKey) -> Result<()> {
        if row.work.is_some() && !is_dead(&row) && row.id.generation() == 1 {
            // Pushed work that went well: nobody waits for it.
            return self.remove_guards(&row, &guard).await;
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
            self.close_letters(&row).await?;
            self.retain_for_dependents(&row).await?;
            if is_dead(&row) && !self.is_only_recorded(&row).await? {
                self.bury(&row).await?;
            }
            self.remove_guards(&row, &guard).await?;
        }
        Ok(())
    }

    /// Timers that guard the execution, as far as is known: the one that the row names, and the one at
    /// hand.
    async fn remove_guards(&self, row: &Execution, guard: &TimerKey) -> Result<()> {
        if row.guard != *guard {
            self.ports.timers.remove_timer(&row.guard).await?;
        }
        Ok(self.ports.timers.remove_timer(guard).await?)
    }

    /// Ends an execution without a claim, and settles it. Returns whether the change won. What settling
    /// leaves undone is done by the sweep, which finds the guard.
    pub(crate) async fn end_unstarted(&self, change: Change, guard: TimerKey) -> Result<bool> {
        let ended = change.row.clone();
        let won = self.apply(change).await?;
        if won {
            leave_to_sweep(self.settle(ended, guard).await);
        }
        Ok(won)
    }

    /// Settles an execution whose end is written. While the store is unavailable, the rest is left to
    /// the sweep, which finds it by the guard.
    pub(crate) async fn persist_settled(&self, row: Execution, guard: TimerKey) -> Result<()> {
        match self.settle(row, guard).await {
            Err(EngineError::Store(StoreError::Unavailable(why))) => {
                tracing::warn!(why, "failed; the sweep will retry");
                Ok(())
            }
            other => other,
        }
    }

    /// Cancels elements that have not ended, after the execution of their list has ended early.
    pub(crate) async fn cancel_elements(&self, whole: &Execution) -> Result<()> {
        let count = whole.elements.map_or(0, |elements| elements.count);
        let reason =
            format!("execution {}, which this element belongs to, ended as {}", whole.id, whole.status);
        stream::iter((0..count).map(|index| self.cancel_element(whole, index, &reason)))
            .buffer_unordered(self.settings.parallel)
            .try_collect()
            .await
    }

    async fn cancel_element(&self, whole: &Execution, index: u32, reason: &str) -> Result<()> {
        if !self.is_open(whole, index).await? {
            return Ok(());
        }
        match Box::pin(self.cancel(&whole.id.element(index), reason)).await {
            Err(EngineError::WrongStatus { .. } | EngineError::NotFound { .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Cancels an execution. If it is running, its worker is asked to stop.
    ///
    /// # Errors
    /// The execution does not exist or has ended, or other processes keep changing it.
    pub async fn cancel(&self, id: &ExecutionId, reason: &str) -> Result<CancelOutcome> {
        let what = || format!("execution {id}");
        self.retry_contended(what, ATTEMPTS, || async {
            match self.ports.executions.execution(id).await? {
                None => Ok(self.cancel_unclaimed(id, reason).await?.map(CancelOutcome::Cancelled)),
                Some(row) if row.status.is_terminal() => {
                    Err(EngineError::WrongStatus { status: row.status, verb: "cancelled" })
                }
                Some(row) => self.cancel_row(row, reason).await,
            }
        })
        .await
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

    /// Cancels a slot that has no row, because it is unclaimed: a terminal row keeps it from starting.
    async fn cancel_unclaimed(&self, id: &ExecutionId, reason: &str) -> Result<Option<Execution>> {
        let not_found = || EngineError::NotFound { what: "execution", id: id.to_string() };
        let job =
            self.ports.jobs.job(&id.job_id()).await?.filter(|job| !job.deleted).ok_or_else(not_found)?;
        let is_slot = |slot: &belfry_domain::Timestamp| {
            job.schedule().is_some_and(|schedule| schedule.contains(slot.to_utc()))
        };
        let slot = id.first_of_slot().filter(is_slot).ok_or_else(not_found)?;
        if self.is_past_retention(slot) || slot <= job.created_at {
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
                leave_to_sweep(self.settle(cancelled.clone(), guard.key).await);
                Ok(Some(cancelled))
            }
        }
    }
}

/// Whether the target holds the attempt, so that no worker can be asked to stop it.
fn is_with_target(row: &Execution) -> bool {
    row.claim.as_ref().is_some_and(|claim| claim.holder == Holder::Target)
}
