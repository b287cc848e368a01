//! Examination of one old timer: what its execution waits for, and what is to be done about it.

use belfry_domain::{
    AttemptOutcome, Change, Execution, ExecutionId, Failure, HumanDuration, Message, Status, Timer,
    Timestamp, Wait, What,
};

use crate::{
    Engine, EngineError, Result,
    attempt::run::AttemptEnd,
    ports::{Fact, StoreError},
    time::carry_on::proves_chain,
};

impl Engine {
    pub(crate) async fn examine(&self, timer: &Timer) -> Result<()> {
        match self.examine_timer(timer).await {
            Err(EngineError::Store(StoreError::Unreadable { what, why })) => {
                self.postpone(timer, what, why).await
            }
            // Others keep moving it on; the next look sees how.
            Ok(()) | Err(EngineError::Contended(_)) => Ok(()),
            Err(error @ EngineError::Store(_)) => Err(error),
            // Whatever is wrong with one must not hold up those behind it.
            Err(error) => {
                tracing::warn!(timer = %timer.key, %error, "an execution could not be moved on; the next examination will retry");
                Ok(())
            }
        }
    }

    async fn examine_timer(&self, timer: &Timer) -> Result<()> {
        let id = match &timer.key.what {
            What::Backfill { backfill_id } => return self.examine_backfill(timer, backfill_id).await,
            What::Deadline { execution_id } => return self.examine_deadline(timer, execution_id).await,
            What::Slot { job_id, slot } => ExecutionId::scheduled(job_id, *slot),
            What::Start { execution_id, .. } | What::Check { execution_id, .. } => execution_id.clone(),
        };
        let row = self.ports.executions.execution(&id).await?;
        if let What::Slot { job_id, slot } = &timer.key.what
            && row.as_ref().is_some_and(|row| !proves_chain(row, timer))
        {
            self.carry_on(timer, job_id, *slot).await?;
        }
        match row {
            // While its job can't be read, its timer stays as it is: it starts as soon as it can be.
            None => self.if_readable(self.examine_absent(timer, &id).await).await.map(drop),
            Some(row) => self.examine_row(timer, row).await,
        }
    }

    async fn examine_row(&self, timer: &Timer, row: Execution) -> Result<()> {
        match row.wait() {
            Some(Wait::Dependencies) => self.examine_waiting(timer, row).await,
            Some(Wait::Elements(_)) => self.examine_whole(timer, row).await,
            None if row.status.is_terminal() => self.settle(row, timer.key.clone()).await,
            None if row.status == Status::Running => self.examine_running(timer, row).await,
            Some(Wait::Turn(_) | Wait::Until(_)) | None => self.examine_ready(timer, row).await,
        }
    }

    /// Reports a row that can't be read, and postpones its next examination by an interval that grows each
    /// time, so that it does not delay others. Some timers stay as they are: the schedule may have to
    /// continue from a slot, and a deadline is judged by its own instant.
    async fn postpone(&self, timer: &Timer, what: String, why: String) -> Result<()> {
        self.report_unreadable(what, why).await?;
        let at = self.next_check(timer);
        let later = match &timer.key.what {
            What::Slot { .. } | What::Deadline { .. } => return Ok(()),
            What::Backfill { backfill_id } => {
                let later = Timer::backfill(self.settings.shards, backfill_id, at);
                Timer { checks: timer.checks + 1, ..later }
            }
            What::Start { execution_id, attempt } | What::Check { execution_id, attempt } => {
                self.later_check(timer, execution_id, *attempt, at)
            }
        };
        let next = later.key.clone();
        if next != timer.key {
            self.ports.timers.put_timers(vec![later]).await?;
        }
        self.remove(timer, &next).await
    }

    /// Examines an unclaimed slot: its message was lost, or it waits for its turn.
    async fn examine_absent(&self, timer: &Timer, id: &ExecutionId) -> Result<()> {
        if let What::Slot { job_id, slot } = &timer.key.what
            && self.carry_on(timer, job_id, *slot).await?
        {
            return Ok(());
        }
        let Some(mut message) = self.message_for_absent(id, timer).await? else {
            return self.close_absent(timer, id).await;
        };
        let paced = self.paced(timer, &message).await?;
        let next = self.check_later(&paced, id, 1, self.next_check(&paced)).await?;
        message.guard = next.clone();
        self.resend(message).await?;
        self.remove(timer, &next).await
    }

    /// Ends the matter of a slot without a row that must not start any more. A row says so where nobody took
    /// the slot in time; other slots are not wanted.
    async fn close_absent(&self, timer: &Timer, id: &ExecutionId) -> Result<()> {
        let Some((job, slot)) = self.slot_gone_by(id, timer.version).await? else {
            return self.clear(timer, id).await;
        };
        let (pool, retention) = (&job.work().pool, HumanDuration(self.settings.retention));
        let reason = format!("skipped: no worker of pool {pool} took it within the retention ({retention})");
        self.skip_slot(&job, slot, &reason).await?;
        Ok(self.ports.timers.remove_unchanged(timer).await?)
    }

    /// Removes the timer of a slot that must not start, once that is safe. A worker that read the job
    /// before the change may still be about to start the slot, guarded by this very timer. And this
    /// sweep may have been suspended since it found no row: a slot that was started meanwhile keeps its
    /// guard.
    async fn clear(&self, timer: &Timer, id: &ExecutionId) -> Result<()> {
        let job = self.ports.jobs.job(&id.job_id()).await?;
        let changed_at =
            job.map(|job| job.paused_at().map_or(job.updated_at, |paused_at| paused_at.max(job.updated_at)));
        if changed_at.is_none_or(|changed_at| self.now() > changed_at.plus(self.settings.clear_after)) {
            if self.ports.executions.execution(id).await?.is_some() {
                return Ok(());
            }
            return Ok(self.ports.timers.remove_unchanged(timer).await?);
        }
        let next = self.check_later(timer, id, 1, self.next_check(timer)).await?;
        self.remove(timer, &next).await
    }

    async fn examine_ready(&self, timer: &Timer, row: Execution) -> Result<()> {
        let forward = Change::brought_forward(&row, self.now());
        let Some(row) = self.put_right(row, forward).await? else { return Ok(()) };
        if row.ready_at > self.now().plus(self.settings.look_ahead) {
            let start = Timer::start(self.settings.shards, &row.id, row.attempt + 1, row.ready_at);
            let next = start.key.clone();
            self.ports.timers.put_timers(vec![start]).await?;
            return self.remove(timer, &next).await;
        }
        if self.is_of_deleted_job(&row).await? {
            return self.cancel_unstarted(&row, timer).await;
        }
        if let Some(Wait::Turn(place)) = row.wait() {
            return self.examine_in_line(timer, &row, place).await;
        }
        let message = self.message_for(&row, timer.key.clone()).await?;
        let timer = match &message {
            Some(message) => &self.paced(timer, message).await?,
            None => timer,
        };
        let guard = self.check_later(timer, &row.id, row.attempt + 1, self.next_check(timer)).await?;
        if let Some(message) = message {
            self.resend(Message { guard: guard.clone(), ..message }).await?;
        }
        self.remove(timer, &guard).await
    }

    /// Row after a change, if there is one. `None` where others have changed it: the next look sees how.
    async fn put_right(&self, row: Execution, change: Option<Change>) -> Result<Option<Execution>> {
        let Some(change) = change else { return Ok(Some(row)) };
        let next = change.row.clone();
        Ok(self.apply(change).await?.then_some(next))
    }

    async fn examine_running(&self, timer: &Timer, row: Execution) -> Result<()> {
        // Clocks step, and processes stand still: who runs the attempt knows better than its lease.
        if self.running.holds(&row) {
            let later = self.now().plus(self.settings.lease + self.settings.takeover_margin);
            let next = self.check_later(timer, &row.id, row.attempt, later).await?;
            return self.remove(timer, &next).await;
        }
        let shorter = Change::lease_shortened(&row, self.settings.lease, self.now());
        let Some(row) = self.put_right(row, shorter).await? else { return Ok(()) };
        let lease_until = row.claim.as_ref().map_or(Timestamp::MIN, |claim| claim.lease_until);
        let takeover_at = lease_until.plus(self.settings.takeover_margin);
        if self.now() < takeover_at {
            let next = self.check_later(timer, &row.id, row.attempt, takeover_at).await?;
            return self.remove(timer, &next).await;
        }
        if let Some(work) = self.out_of_time(&row).await? {
            let guard = timer.key.clone();
            return Box::pin(self.finish(row, &work, AttemptEnd::TimedOut(None), guard)).await.map(drop);
        }
        self.ports.observer.record(Fact::Lost { id: &row.id, attempt: row.attempt });
        if let Some(failure) = self.final_loss(&row).await? {
            let change = Change::failed(&row, &failure, self.now())?;
            return self.end_unstarted(change, timer.key.clone()).await.map(drop);
        }
        // Intervals begin anew with each attempt. The first is not spread: the message may be lost.
        let anew = Timer { checks: 0, ..timer.clone() };
        let look_at = self.now().plus(self.settings.check_every);
        let guard = self.check_later(&anew, &row.id, row.attempt + 1, look_at).await?;
        let mut change = Change::lost(&row, self.now())?;
        change.row.guard = guard.clone();
        let next = change.row.clone();
        let is_lost = self.apply(change).await?;
        if is_lost {
            self.after_gates(&next).await?;
        }
        if is_lost && let Some(message) = self.message_for(&next, guard.clone()).await? {
            self.resend(message).await?;
        }
        self.remove(timer, &guard).await
    }

    /// Failure with which an execution ends after its worker is gone. `None` where another attempt is
    /// allowed.
    async fn final_loss(&self, row: &Execution) -> Result<Option<Failure>> {
        if row.cancel_requested {
            let error = row.reason.clone().unwrap_or_else(|| "cancelled".to_owned());
            return Ok(Some(Failure { outcome: AttemptOutcome::Cancelled, error }));
        }
        let max_lost = self.work_of(row).await?.map_or(0, |work| work.retry.max_lost);
        let error = format!("workers lost: {}, retry.max_lost allows {max_lost}", row.lost + 1);
        Ok((row.lost >= max_lost).then_some(Failure { outcome: AttemptOutcome::Lost, error }))
    }

    async fn examine_waiting(&self, timer: &Timer, row: Execution) -> Result<()> {
        if self.is_of_deleted_job(&row).await? {
            return self.cancel_unstarted(&row, timer).await;
        }
        let next = self.next_check_by(timer, self.starting_deadline_of(&row).await?);
        let guard = self.check_later(timer, &row.id, row.attempt + 1, next).await?;
        let ended = self.pull_dependencies(row, guard.clone()).await?;
        if let Some((row, guard)) = ended {
            self.settle(row, guard).await?;
        }
        self.remove(timer, &guard).await
    }

    async fn examine_whole(&self, timer: &Timer, row: Execution) -> Result<()> {
        let guard = self.check_later(timer, &row.id, row.attempt + 1, self.next_check(timer)).await?;
        if let Some((row, _)) = self.await_elements(row, 0).await? {
            self.settle(row, guard.clone()).await?;
        }
        self.remove(timer, &guard).await
    }

    async fn cancel_unstarted(&self, row: &Execution, timer: &Timer) -> Result<()> {
        let change = Change::cancelled(row, "the job was deleted", self.now())?;
        self.end_unstarted(change, timer.key.clone()).await.map(drop)
    }
}
