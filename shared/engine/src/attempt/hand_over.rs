//! Hand-over of an attempt to a target that has taken the work and will call back.

use belfry_domain::{Change, Execution, Status, Timer, TimerKey, Work};

use crate::{
    Engine, Result,
    attempt::run::cancelled,
    base::{deadlines::attempt_ends_by, writes::RESULT_PATIENCE},
};

impl Engine {
    /// Hands the attempt over to the target. It goes on without this worker, which leaves a timer
    /// behind for it.
    pub(crate) async fn hand_over(&self, row: Execution, work: &Work, guard: TimerKey) -> Result<Status> {
        let ends_by = attempt_ends_by(&row, work);
        let look_at = ends_by.plus(self.settings.takeover_margin);
        // The same key that a sweep would move the guard to.
        let check = Timer::check(self.settings.shards, &row.id, row.attempt, look_at, 1);
        self.persist(RESULT_PATIENCE, || self.ports.timers.put_timers(vec![check.clone()])).await?;
        let written = self
            .write_as_holder(row, |row, now| {
                if row.cancel_requested {
                    return Change::failed(row, &cancelled(row), now);
                }
                Ok(Change::handed_over(row, ends_by, check.key.clone()))
            })
            .await?;
        let Some(row) = written else { return Ok(Status::Running) };
        let status = row.status;
        if status.is_terminal() {
            self.persist_settled(row, guard).await?;
        } else if check.key.fire_at > guard.fire_at {
            // One that fires later must stay: somebody may be about to remove this one for it.
            self.ports.timers.remove_timer(&guard).await?;
        }
        Ok(status)
    }
}
