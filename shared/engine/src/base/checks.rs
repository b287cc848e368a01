//! Checks: timers for a later look at an execution.

use std::time::Duration;

use belfry_domain::{ExecutionId, Timer, TimerKey, Timestamp};

use crate::{
    Engine, Result,
    ports::{Alert, TimerPage},
};

/// The longest interval between two looks.
pub(crate) const LONGEST_CHECK: Duration = Duration::from_secs(3600);

impl Engine {
    /// Doubles with each look, up to an hour, and differs from execution to execution, so that
    /// what was fired together is not looked at together for ever. A look ahead of its time leaves
    /// the next one where it is.
    pub(crate) fn next_check(&self, timer: &Timer) -> Timestamp {
        if timer.key.fire_at > self.now() {
            return timer.key.fire_at;
        }
        let interval = self.settings.check_every.saturating_mul(1 << timer.checks.min(12)).min(LONGEST_CHECK);
        self.now().plus(interval.mul_f64(1.0 + self.ports.random.fraction() / 4.0))
    }

    /// Writes the timer of the next examination. The caller removes the timer of this one when all else
    /// is done.
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

    /// Timer for the examination after that of `timer`.
    pub(crate) fn later_check(&self, timer: &Timer, id: &ExecutionId, attempt: u32, at: Timestamp) -> Timer {
        let check = Timer::check(self.settings.shards, id, attempt, at, timer.checks + 1);
        Timer { version: timer.version, ..check }
    }

    /// Removes a timer that `next` has taken the place of. One that looks later than `next` stays:
    /// somebody may be about to remove `next` for it.
    pub(crate) async fn remove(&self, timer: &Timer, next: &TimerKey) -> Result<()> {
        let rank = |key: &TimerKey| (key.what.attempt(), key.fire_at);
        if rank(&timer.key) >= rank(next) {
            return Ok(());
        }
        Ok(self.ports.timers.remove_unchanged(timer).await?)
    }

    /// Raises an alert for timers that could not be read.
    pub(crate) async fn report_quarantined(&self, page: &TimerPage) -> Result<()> {
        for (what, why) in &page.quarantined {
            let alert = Alert::Quarantined { what: what.clone(), why: why.clone() };
            self.ports.alerts.raise(alert).await?;
        }
        Ok(())
    }
}
