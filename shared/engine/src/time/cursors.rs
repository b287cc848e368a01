//! Cursors: up to where the ticks have read.

use belfry_domain::Timestamp;

use crate::{
    Engine, Result,
    ports::{Cursors, Lease, StoreError},
};

/// Place, beside those of the shards, of the furthest cursor that there was before a clock went back.
pub(crate) const FURTHEST: u16 = u16::MAX;

impl Engine {
    pub(crate) async fn save_cursor(&self, lease: &Lease, shard: u16, cursor: Timestamp) -> Result<()> {
        self.save_cursors(lease, &Cursors::from([(shard, cursor)])).await
    }

    pub(super) async fn save_cursors(&self, lease: &Lease, cursors: &Cursors) -> Result<()> {
        if self.ports.leases.save_cursors(lease, cursors).await? {
            return Ok(());
        }
        Err(StoreError::Fenced.into())
    }
}

/// Cursor of a shard. A shard that was never read is read from the beginning.
pub(crate) fn cursor_of(cursors: &Cursors, shard: u16) -> Timestamp {
    cursors.get(&shard).copied().unwrap_or(Timestamp::MIN)
}
