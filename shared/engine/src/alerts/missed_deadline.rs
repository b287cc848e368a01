//! Deadlines: an alert is raised for an execution that has not ended by `must_finish_by` after its
//! slot.
//!
//! Firing a slot of such a job also writes a timer for the deadline, beside the slot's own timer: so
//! the timer exists whether or not the execution ever starts, and jobs without a deadline cost nothing.
//! It fires one look-ahead after the deadline, and so is read when the deadline has passed.
//! [`Engine::tend_alerts`] notices when the execution has ended after all.

use belfry_domain::{ExecutionId, Timer};

use crate::{Engine, Result, ports::Alert};

impl Engine {
    /// Examines a deadline, and raises an alert if it was missed. An execution that ended late raises
    /// one too, however late the examination is.
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

    /// Whether an execution has ended, or will never exist.
    pub(crate) async fn is_over_or_off(&self, id: &ExecutionId) -> Result<bool> {
        match self.ports.executions.execution(id).await? {
            Some(row) => Ok(row.status.is_terminal()),
            None => Ok(self.slot_to_come(id, 0).await?.is_none()),
        }
    }
}
