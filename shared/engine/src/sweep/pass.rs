//! Pass of the sweep over a lane's shards.

use belfry_domain::{Timer, Timestamp, What};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    Engine, Result,
    base::checks::LONGEST_CHECK,
    ports::{Lease, Position},
    time::cursors::cursor_of,
};

impl Engine {
    /// Examines timers that fired more than the grace period ago, and returns their number.
    ///
    /// # Errors
    /// The store does not answer. All shards are tried first.
    pub async fn sweep(&self, shards: impl Iterator<Item = u16>) -> Result<u64> {
        let cursors = self.ports.leases.cursors().await?;
        let sweeps = stream::iter(shards).map(|shard| {
            let until = cursor_of(&cursors, shard).min(self.now().minus(self.settings.sweep_grace));
            async move { self.sweep_until(shard, until).await }
        });
        let swept: Vec<Result<u64>> = sweeps.buffer_unordered(self.settings.shards_at_once).collect().await;
        self.release_queues().await?;
        // After all have ended: one shard's failure must not cut short the others.
        swept.into_iter().sum()
    }

    /// Sets the cursors of these shards back to now, for a new leader in a single process, whose
    /// messages were lost with the old process. The first tick then reads again the timers that were
    /// fired ahead of their time.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    pub async fn rewind(&self, lease: &Lease, shards: impl Iterator<Item = u16>) -> Result<()> {
        let cursors = self.ports.leases.cursors().await?;
        self.put_right_after_step(lease, &cursors).await?;
        for shard in shards {
            let until = self.now().plus(self.settings.look_ahead);
            let cursor = self.tick_from(&cursors, shard, until).min(self.now());
            if cursor > Timestamp::MIN {
                self.save_cursor(lease, shard, cursor).await?;
            }
        }
        Ok(())
    }

    /// Examines, once after `rewind`, all timers that have fired, and all executions that wait or run,
    /// even if their next examination is not due. Returns the number of timers. Ticks and workers may
    /// run meanwhile.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn recover(&self, shards: impl Iterator<Item = u16>) -> Result<u64> {
        let cursors = self.ports.leases.cursors().await?;
        let mut swept = 0;
        for shard in shards {
            let now = self.now();
            let fired = cursor_of(&cursors, shard).min(now);
            swept += self.sweep_until(shard, fired).await?;
            let horizon = now.plus(2 * LONGEST_CHECK);
            swept += self.look_through(shard, Position::After(fired), horizon, is_check).await?;
        }
        // What lies beyond was planned by a clock that was ahead, or for work that was handed over.
        self.look_at_what_is_put_off(Timestamp::MIN).await?;
        Ok(swept)
    }

    async fn sweep_until(&self, shard: u16, until: Timestamp) -> Result<u64> {
        self.look_through(shard, Position::After(Timestamp::MIN), until, |_| true).await
    }

    async fn look_through(
        &self,
        shard: u16,
        mut position: Position,
        until: Timestamp,
        which: fn(&Timer) -> bool,
    ) -> Result<u64> {
        let mut swept = 0;
        loop {
            let page = self.ports.timers.due(shard, &position, until, self.settings.page).await?;
            self.report_unknown(&page).await?;
            let last = page.timers.last().filter(|_| page.is_full).map(|timer| timer.key.clone());
            let timers: Vec<Timer> = page.timers.into_iter().filter(which).collect();
            swept += timers.len() as u64;
            let examinations = stream::iter(timers).map(|timer| async move { self.examine(&timer).await });
            examinations.buffer_unordered(self.settings.parallel).try_collect::<Vec<()>>().await?;
            let Some(last) = last else { return Ok(swept) };
            position = Position::Behind(last);
        }
    }
}

/// Whether the timer is the later examination of an execution that waits or runs. Timers that have not
/// fired are left to the tick.
fn is_check(timer: &Timer) -> bool {
    matches!(timer.key.what, What::Check { .. })
}
