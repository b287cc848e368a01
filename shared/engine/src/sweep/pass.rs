//! A pass of the sweep over a lane's shards.

use belfry_domain::Timestamp;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    Engine, Result,
    ports::{Lease, Position},
    time::tick::cursor_of,
};

impl Engine {
    /// Looks at what fired more than the grace period ago; how many timers.
    pub async fn sweep(&self, shards: impl Iterator<Item = u16>) -> Result<u64> {
        let cursors = self.ports.leases.cursors().await?;
        let sweeps = stream::iter(shards).map(|shard| {
            let until = cursor_of(&cursors, shard).min(self.now().minus(self.settings.sweep_grace));
            async move { self.sweep_until(shard, until).await }
        });
        let swept: Vec<Result<u64>> = sweeps.buffer_unordered(self.settings.shards_at_once).collect().await;
        // After all have ended: one shard's failure must not cut short the others.
        swept.into_iter().sum()
    }

    /// For a new leader whose messages died with the old one: looks at everything that was fired,
    /// at once, and reads again what was fired ahead of its time.
    pub async fn recover(&self, lease: &Lease, shards: impl Iterator<Item = u16>) -> Result<u64> {
        let cursors = self.ports.leases.cursors().await?;
        let mut swept = 0;
        for shard in shards {
            let cursor = cursor_of(&cursors, shard).min(self.now());
            if cursor > Timestamp::MIN {
                self.save_cursor(lease, shard, cursor).await?;
            }
            swept += self.sweep_until(shard, cursor).await?;
        }
        Ok(swept)
    }

    async fn sweep_until(&self, shard: u16, until: Timestamp) -> Result<u64> {
        let mut position = Position::After(Timestamp::MIN);
        let mut swept = 0;
        // Sending more while workers are behind would only make copies of what waits already.
        while self.ports.queue.depth().await? < self.settings.queue_limit {
            let page = self.ports.timers.due(shard, &position, until, self.settings.page).await?;
            self.report_quarantined(&page).await?;
            swept += page.timers.len() as u64;
            let last = page.timers.last().filter(|_| page.is_full).map(|timer| timer.key.clone());
            let examinations =
                stream::iter(page.timers).map(|timer| async move { self.examine(&timer).await });
            examinations.buffer_unordered(self.settings.parallel).try_collect::<Vec<()>>().await?;
            let Some(last) = last else { break };
            position = Position::Behind(last);
        }
        Ok(swept)
    }
}
