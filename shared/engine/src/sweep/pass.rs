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

    /// For a new leader whose messages died with the old one: its first tick reads again what was
    /// fired ahead of its time.
    pub async fn rewind(&self, lease: &Lease, shards: impl Iterator<Item = u16>) -> Result<()> {
        let cursors = self.ports.leases.cursors().await?;
        self.put_right_after_step(lease, &cursors).await?;
        for shard in shards {
            let until = self.now().plus(self.settings.look_ahead);
            let cursor = self.tick_from(cursor_of(&cursors, shard), until).min(self.now());
            if cursor > Timestamp::MIN {
                self.save_cursor(lease, shard, cursor).await?;
            }
        }
        Ok(())
    }

    /// After `rewind`: looks at everything that was fired, and at all that waits or runs, however far
    /// off its next look is; how many timers. Ticks and workers need not wait for it.
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
            self.report_quarantined(&page).await?;
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

/// Looks at what waits or runs; what is still to be fired is the tick's.
fn is_check(timer: &Timer) -> bool {
    matches!(timer.key.what, What::Check { .. })
}
