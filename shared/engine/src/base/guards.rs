//! Rows of slots, created under the timer that guards them, and guards that fire soon enough.
//!
//! The sweep looks at what waits ever more rarely, up to an hour apart. So the guard of what begins
//! to move again (a claim, the end of a wait, a call from a line) may be far off, and a death after
//! that would be noticed by nobody before. Whoever moves it on writes another guard beside that one,
//! which fires soon. The far one stays: somebody may be about to remove another timer for it.

use std::time::Duration;

use belfry_domain::{Execution, ExecutionId, Timer, TimerKey, Timestamp};

use crate::{Engine, Result, base::writes::PATIENCE, ports::Creation};

impl Engine {
    /// Creates the row of a slot whose guard exists already. If this process was suspended before the
    /// write reached the store, the guard is written again.
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

    /// Writes another guard for a slot's new row, if the first guard may have been removed or is about
    /// to be. The new guard is another timer, with another key.
    pub(crate) async fn guard_again(&self, id: &ExecutionId, guard: &Timer, began: Duration) -> Result<()> {
        if self.is_stale(began) {
            let check = self.later_check(guard, id, 1, self.next_check(guard));
            self.persist(PATIENCE, || self.ports.timers.put_timers(vec![check.clone()])).await?;
        }
        Ok(())
    }

    /// Guard that fires at `at`. `None` where the present guard, as a message or a row names it, fires
    /// by then anyway, as it does for an execution that has not waited long.
    pub(crate) fn nearer_guard(
        &self,
        guard: &TimerKey,
        id: &ExecutionId,
        attempt: u32,
        at: Timestamp,
    ) -> Option<Timer> {
        let is_near = guard.fire_at <= at && !self.may_have_moved(guard);
        (!is_near).then(|| Timer::check(self.settings.shards, id, attempt, at, 0))
    }

    /// Whether a sweep may have replaced the guard already. Its clock may be a little ahead of this one.
    fn may_have_moved(&self, guard: &TimerKey) -> bool {
        self.now() > guard.fire_at.plus(self.settings.sweep_grace * 3 / 4)
    }

    /// Whether the job was read so long ago that the sweep may have removed the guard since.
    pub(crate) fn is_stale(&self, began: Duration) -> bool {
        self.ports.clock.monotonic().saturating_sub(began) > self.settings.lease / 2
    }
}
