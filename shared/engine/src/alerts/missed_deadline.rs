//! Deadlines: an execution that has not ended so long after its slot is an alert.
//!
//! Whoever fires a slot of a job with `must_finish_by` writes a timer for the deadline beside the
//! slot's own: so it is there whether the execution ever starts or not, and a job without one pays
//! nothing. It fires a look-ahead after the deadline, and so is read when the deadline has come.
//! That the execution has ended after all is for [`Engine::tend_alerts`] to see.

use belfry_domain::{ExecutionId, Timer};

use crate::{Engine, Result, ports::Alert};

impl Engine {
    /// One that ended late is told of too, whoever is late to look at it.
    pub(crate) async fn examine_deadline(&self, timer: &Timer, id: &ExecutionId) -> Result<()> {
        let deadline = timer.key.fire_at.minus(self.settings.look_ahead);
        let is_missed = match self.ports.executions.execution(id).await? {
            Some(row) => row.end_time.is_none_or(|end| end > deadline),
            None => self.slot_to_come(id, timer.version).await?.is_some(),
        };
        if is_missed {
            self.ports.alerts.raise(Alert::MissedDeadline { id: id.clone(), deadline }).await?;
        }
        // A later version may want the slot that this one did not, and has written its own.
        Ok(self.ports.timers.remove_unchanged(timer).await?)
    }

    /// Whether an execution has ended, or will never come to be.
    pub(crate) async fn is_over_or_off(&self, id: &ExecutionId) -> Result<bool> {
        match self.ports.executions.execution(id).await? {
            Some(row) => Ok(row.status.is_terminal()),
            None => Ok(self.slot_to_come(id, 0).await?.is_none()),
        }
    }
}
