//! How the chain of a job's slot timers goes on behind one that no tick has fired.

use std::time::Duration;

use belfry_domain::{Execution, ExecutionId, JobId, Timer, TimerKey, Timestamp, Trigger, What};

use crate::{Engine, Result, ports::Position, slots::owner::Owner};

impl Engine {
    /// Continues the chain of a schedule's timers from this slot, as a tick would. Returns `true` if it
    /// fired the slot. No tick has fired this timer, because the job could not be read, or a process
    /// wrote the timer behind the cursor and died. If only the timer of the next slot is missing, it is
    /// written, and the answer is `false`.
    pub(crate) async fn carry_on(&self, timer: &Timer, job_id: &JobId, slot: Timestamp) -> Result<bool> {
        let Some(job) = self.ports.jobs.job(job_id).await?.filter(|job| !job.deleted) else {
            return Ok(false);
        };
        let Some(Owner { job, ends }) = self.owner_of(&job, timer.version, slot).await? else {
            return Ok(false);
        };
        let next = job.schedule().and_then(|schedule| schedule.next_after(slot.to_utc()));
        let last = [job.paused_at(), ends].into_iter().flatten().min();
        let next = next.map(Timestamp::from).filter(|next| last.is_none_or(|last| *next <= last));
        let mut missing: Vec<Timer> = self.deadline_timer(&job, slot).into_iter().collect();
        if let Some(next) = next
            && !self.has_next(timer, job_id, next).await?
        {
            if !self.has_later(timer, job_id, next).await? {
                self.fire_late(timer, job_id, slot).await?;
                return Ok(true);
            }
            missing.push(self.slot_timer(&job, next));
        }
        if !missing.is_empty() {
            self.ports.timers.put_timers(missing).await?;
        }
        Ok(false)
    }

    /// Whether the next slot has a timer or a row, which proves that the chain of timers continues.
    async fn has_next(&self, timer: &Timer, job_id: &JobId, next: Timestamp) -> Result<bool> {
        // Straight to its place: thousands of jobs may have a timer at the same instant.
        let slot_at = |slot| What::Slot { job_id: job_id.clone(), slot };
        let before = slot_at(next.minus(Duration::from_secs(1)));
        let just_before = Position::Behind(TimerKey { shard: timer.key.shard, fire_at: next, what: before });
        let page = self.ports.timers.due(timer.key.shard, &just_before, next, 1).await?;
        self.report_unknown(&page).await?;
        let what = slot_at(next);
        if page.timers.iter().any(|timer| timer.key.what == what) {
            return Ok(true);
        }
        let row = self.ports.executions.execution(&ExecutionId::scheduled(job_id, next)).await?;
        Ok(row.is_some_and(|row| proves_chain(&row, timer)))
    }

    /// Whether the job has a timer after `next`. It reads all timers of the job, which is slow, and is
    /// rarely needed.
    async fn has_later(&self, timer: &Timer, job_id: &JobId, next: Timestamp) -> Result<bool> {
        let slots = self.ports.timers.slots_of_job(job_id).await?;
        Ok(slots.iter().any(|later| later.version == timer.version && later.key.fire_at > next))
    }
}

/// Whether a slot's row says that the chain goes on behind it. One that a backfill made does not; nor does
/// one of an older version than the chain, which ran ahead of its time.
pub(crate) fn proves_chain(row: &Execution, timer: &Timer) -> bool {
    row.trigger != Trigger::Backfill && (row.job_version == 0 || row.job_version >= timer.version)
}
