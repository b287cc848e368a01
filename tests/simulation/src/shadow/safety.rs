//! Safety: nothing is forgotten. This is invariant 1, checked after every step.

use belfry_domain::{
    Dependency, Execution, ExecutionId, Job, JobId, Status, Timer, Timestamp, Trigger, Wait, What,
};

use super::{
    Shadow,
    rows::{End, elements_of},
};
use crate::machine::State;

type Verdict = Result<(), String>;

impl State {
    /// Checks what this step wrote.
    pub fn check_step(&mut self) {
        for id in std::mem::take(&mut self.shadow.touched) {
            let oracle = self.shadow.judge_guard(&id);
            self.judge(oracle);
        }
        if std::mem::take(&mut self.shadow.backfills_touched) {
            let oracle = self.shadow.judge_backfills();
            self.judge(oracle);
        }
        if std::mem::take(&mut self.shadow.chains_touched) {
            // A cursor beyond it was saved by a clock that has been set back: ticks read again.
            let horizon = Timestamp(self.time.wall().0 + self.pace.look_ahead_ms as i64);
            let is_repeated = self.is_repeated(self.pace.near_ms);
            let oracle = self.shadow.judge_chains(horizon, is_repeated);
            self.judge(oracle);
        }
    }
}

impl Shadow {
    /// Checks that an execution owns a timer until all that follows from its end is done.
    fn judge_guard(&self, id: &ExecutionId) -> Verdict {
        let Some(row) = self.rows.get(id) else { return Ok(()) };
        if self.owns_timer(id) {
            return Ok(());
        }
        match row.end {
            None => Err(format!("1: {id} is {} and owns no timer", row.execution.status)),
            Some(end) => self.judge_fan_out(&row.execution, end),
        }
    }

    pub fn judge_fan_out(&self, row: &Execution, end: End) -> Verdict {
        let is_dead = matches!(row.status, Status::Failed | Status::TimedOut);
        if is_dead && !self.dead_letters.contains(&row.id) {
            return Err(format!("1: {} is {}, has no timer and no dead letter", row.id, row.status));
        }
        if row.work.is_some() {
            return Ok(());
        }
        if row.id.whole().is_some() {
            return self.judge_waiters(row, end);
        }
        self.judge_cut_off(row)?;
        for job_id in self.flow_dependents(&row.id, row.run.graph) {
            self.judge_told(row, &dependent_of(row, &job_id))?;
        }
        self.judge_waiters(row, end)
    }

    /// Checks that an execution that has ended without a join leaves no element behind that nobody
    /// stops.
    fn judge_cut_off(&self, whole: &Execution) -> Verdict {
        if whole.status == Status::Success {
            return Ok(());
        }
        let rows = elements_of(whole).filter_map(|id| self.row(&id));
        match rows.into_iter().find(|row| !row.status.is_terminal() && !row.cancel_requested) {
            Some(row) => {
                Err(format!("1: {} is {}, and {} is still {}", whole.id, whole.status, row.id, row.status))
            }
            None => Ok(()),
        }
    }

    fn judge_told(&self, row: &Execution, dependent: &ExecutionId) -> Verdict {
        match self.row(dependent) {
            None => Err(format!("1: {} has ended, and its dependent {dependent} was not created", row.id)),
            Some(waiting) if is_untold(waiting, &row.id) => {
                Err(format!("1: {} has ended, and {dependent} was not told", row.id))
            }
            Some(_) if row.id.generation() > 1 => self.judge_counted(row, dependent),
            Some(_) => Ok(()),
        }
    }

    /// Checks that a waiter that noted its wait before the end was written has been told. Later waiters
    /// read the end themselves.
    fn judge_waiters(&self, row: &Execution, end: End) -> Verdict {
        if end.revision != self.revision {
            return Ok(());
        }
        let Some(waiters) = self.waiters.get(&row.id) else { return Ok(()) };
        for (waiter, _) in waiters.iter().filter(|(_, since)| **since < end.write) {
            // A wait for an element goes on to another when it is told.
            let is_left = |waiting: &Execution| {
                matches!(waiting.wait(), Some(Wait::Elements(_))) || is_untold(waiting, &row.id)
            };
            if self.row(waiter).is_some_and(is_left) {
                return Err(format!("1: {} has ended, and {waiter}, who waits for it, was not told", row.id));
            }
        }
        Ok(())
    }

    /// Checks that each active job has a timer from which its schedule goes on: one that no tick has
    /// read, or one whose slot no worker has started, which the sweep will find.
    fn judge_chains(&self, horizon: Timestamp, is_repeated: bool) -> Verdict {
        // A known hole: by a clock that was ahead, an earlier version has sent messages for slots beyond
        // those that its successor brought along, when the clock had been set back. The audit finds it.
        let is_judged = |job: &Job| !is_repeated || job.version == 1;
        for job in self.live_jobs().filter(|job| job.is_active() && goes_on_for_ever(job) && is_judged(job)) {
            let timers = self.slots_of.get(job.id()).into_iter().flatten().rev();
            let mut timers = timers.filter_map(|key| self.timers.get(key));
            if !timers.any(|timer| self.carries_on(job, timer, horizon)) {
                return Err(format!("1: job {} is active, and no timer carries its schedule on", job.id()));
            }
        }
        Ok(())
    }

    fn carries_on(&self, job: &Job, timer: &Timer, horizon: Timestamp) -> bool {
        let What::Slot { slot, .. } = timer.key.what else { return false };
        let is_current = timer.version == job.version
            || slot > job.updated_at
                && job.schedule().is_some_and(|schedule| schedule.contains(slot.to_utc()));
        let is_unread = timer.key.fire_at > self.cursor(timer.key.shard).min(horizon);
        // A row that a backfill made says nothing about the chain, and the sweep knows it.
        let is_unproven = || {
            let id = timer.key.what.execution_id();
            id.and_then(|id| self.row(&id)).is_none_or(|row| row.trigger == Trigger::Backfill)
        };
        is_current && (is_unread || is_unproven())
    }
}

fn goes_on_for_ever(job: &Job) -> bool {
    job.spec.schedule.is_some() && job.spec.end.is_none()
}

fn dependent_of(row: &Execution, job_id: &JobId) -> ExecutionId {
    ExecutionId::new(job_id, &row.slot()).with_generation(row.id.generation())
}

fn is_untold(waiting: &Execution, ended: &ExecutionId) -> bool {
    let is_open = |dependency: &Dependency| dependency.execution_id == *ended && dependency.outcome.is_none();
    waiting.wait() == Some(Wait::Dependencies) && waiting.dependencies.values().any(is_open)
}
