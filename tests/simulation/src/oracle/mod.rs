//! Verdict on a run: rules that must hold once faults have stopped and everything has come to rest.

mod alerts;
mod backfills;
mod local_time;
mod slots;
mod store;

use belfry_domain::{ExecutionId, Job, Timestamp, What};

use crate::machine::State;

pub use self::store::compare;

type Verdict = Result<(), String>;

impl State {
    /// Whether nothing is under way any more.
    pub fn is_at_rest(&self) -> bool {
        self.stuck().is_none()
    }

    fn stuck(&self) -> Option<String> {
        let untended = || self.shadow.untended_alert();
        self.unfinished()
            .or_else(|| self.leftover())
            .or_else(|| untended().map(|alert| format!("the alert {} is not tended", alert.key)))
    }

    /// A row, or a backfill, that has not ended.
    fn unfinished(&self) -> Option<String> {
        let row = self.shadow.rows.values().find(|row| row.end.is_none());
        let backfill = || self.shadow.backfills.values().find(|row| !row.is_over());
        match row {
            Some(row) => Some(format!("{} is still {}", row.execution.id, row.execution.status)),
            None => backfill().map(|row| format!("backfill {} is still {}", row.id, row.status.as_str())),
        }
    }

    /// Timer that has work to do, or that has not been cleared away.
    fn leftover(&self) -> Option<String> {
        let now = self.time.wall();
        let timer = self
            .shadow
            .timers
            .values()
            .find(|timer| !self.may_stay(&timer.key.what, timer.key.fire_at, now))?;
        Some(format!("a timer is left: {} at {}", timer.key.what, timer.key.fire_at))
    }

    /// Whether a timer may stay at the end: the next slot of a paused job will not start, and the sweep
    /// will clear it away.
    fn may_stay(&self, what: &What, fire_at: Timestamp, now: Timestamp) -> bool {
        let What::Slot { job_id, slot } = what else { return false };
        let id = ExecutionId::scheduled(job_id, *slot);
        let pause = self.shadow.newest(job_id).filter(|job| !job.deleted).map(Job::paused_at);
        let is_dead = pause.is_none_or(|paused_at| paused_at.is_some_and(|paused_at| *slot > paused_at));
        is_dead && fire_at > now && self.shadow.row(&id).is_none()
    }

    /// Checks the end: everything has ended, every slot ran once, all dependents were told, and all
    /// failures were kept.
    pub fn judge_end(&mut self) -> Verdict {
        self.stuck().map_or(Ok(()), |what| Err(format!("liveness: long after the last fault, {what}")))?;
        for row in self.shadow.rows.values() {
            if let Some(end) = row.end {
                self.shadow.judge_fan_out(&row.execution, end)?;
            }
        }
        self.shadow.judge_gates_at_rest()?;
        self.judge_slots()?;
        self.judge_backfilled_slots()?;
        self.judge_local_time()?;
        self.judge_alerts()
    }
}
