//! Checks: timers for a later look at an execution.

use std::time::Duration;

use belfry_domain::{ExecutionId, Timer, TimerKey, Timestamp};

use crate::{Engine, Result};

/// Longest interval between two examinations of an execution.
pub(crate) const LONGEST_CHECK: Duration = Duration::from_secs(3600);

impl Engine {
    /// Instant of the next examination. The interval doubles each time, up to an hour, and varies
    /// between executions, so that executions that were fired together are not examined together for
    /// ever. An examination ahead of its time does not move the next one.
    pub(crate) fn next_check(&self, timer: &Timer) -> Timestamp {
        if timer.key.fire_at > self.now() {
            return timer.key.fire_at;
        }
        let interval = self.settings.check_every.saturating_mul(1 << timer.checks.min(12)).min(LONGEST_CHECK);
        self.now().plus(interval.mul_f64(1.0 + self.ports.random.fraction() / 4.0))
    }

    /// Instant of the next examination of an execution that must start by `deadline`, if it has one: no later
    /// than the instant after it, at which the execution can't start any more.
    pub(crate) fn next_check_by(&self, timer: &Timer, deadline: Option<Timestamp>) -> Timestamp {
        let next = self.next_check(timer);
        let over = deadline.map(|deadline| deadline.plus(Duration::from_millis(1)));
        over.filter(|over| *over > self.now()).map_or(next, |over| next.min(over))
    }

    /// Writes the timer of the next examination. The caller removes the present timer after everything
    /// else.
    pub(crate) async fn check_later(
        &self,
        timer: &Timer,
        id: &ExecutionId,
        attempt: u32,
        at: Timestamp,
    ) -> Result<TimerKey> {
        let check = self.later_check(timer, id, attempt, at);
        let key = check.key.clone();
        if key != timer.key {
            self.ports.timers.put_timers(vec![check]).await?;
        }
        Ok(key)
    }

    /// Timer for the examination that follows the one of `timer`.
    pub(crate) fn later_check(&self, timer: &Timer, id: &ExecutionId, attempt: u32, at: Timestamp) -> Timer {
        let check = Timer::check(self.settings.shards, id, attempt, at, timer.checks + 1);
        Timer { version: timer.version, ..check }
    }

    /// Removes a timer that `next` has replaced. A timer that fires later than `next` stays: another
    /// process may be about to remove `next` in favour of it.
    pub(crate) async fn remove(&self, timer: &Timer, next: &TimerKey) -> Result<()> {
        let rank = |key: &TimerKey| (key.what.attempt(), key.fire_at);
        if rank(&timer.key) >= rank(next) {
            return Ok(());
        }
        Ok(self.ports.timers.remove_unchanged(timer).await?)
    }
}
