//! Rows of slots, created under the timer that guards them.

use std::time::Duration;

use belfry_domain::{Execution, ExecutionId, Timer};

use crate::{Engine, Result, base::writes::PATIENCE, ports::Creation};

impl Engine {
    /// Creates the row of a slot, whose guard is there already; unless this host stood still on
    /// its way to the store.
    pub(crate) async fn create_guarded(
        &self,
        row: Execution,
        guard: Timer,
        began: Duration,
    ) -> Result<Creation> {
        let id = row.id.clone();
        let created = self.ports.executions.create(row, None).await?;
        if created == Creation::Created {
            self.guard_again(&id, &guard, began).await?;
        }
        Ok(created)
    }

    /// Another guard for a slot's row that has just been written, if its own may have been cleared
    /// away, or is about to be: so it is another timer.
    pub(crate) async fn guard_again(&self, id: &ExecutionId, guard: &Timer, began: Duration) -> Result<()> {
        if self.is_stale(began) {
            let check = self.later_check(guard, id, 1, self.next_check(guard));
            self.persist(PATIENCE, || self.ports.timers.put_timers(vec![check.clone()])).await?;
        }
        Ok(())
    }

    /// By a look at the job that is this old, the sweep may have cleared the guard away.
    pub(crate) fn is_stale(&self, began: Duration) -> bool {
        self.ports.clock.monotonic().saturating_sub(began) > self.settings.lease / 2
    }
}
