//! Cursors: up to where the ticks have read. Marks: up to where they were about to.

use belfry_domain::{Timestamp, misfire::GRACE};

use crate::{
    Engine, Result,
    ports::{Cursors, Lease, StoreError},
};

/// Place, beside those of the shards, of the furthest cursor that there was before a clock went back.
pub(crate) const FURTHEST: u16 = u16::MAX;

/// Place of a lane's mark: how far its tick was about to fire.
fn mark_of(lane: u16) -> u16 {
    FURTHEST - 1 - lane
}

impl Engine {
    /// Saves a mark before a tick fires up to `until`, if that lies further beyond what has been fired than
    /// ticks are apart. If the process dies before its cursors are saved, and its clock was ahead, the next
    /// leader sees the mark.
    pub(super) async fn mark(&self, lease: &Lease, cursors: &Cursors, until: Timestamp) -> Result<()> {
        if until.since(fired(cursors)) <= self.settings.look_ahead + GRACE {
            return Ok(());
        }
        self.save_cursor(lease, mark_of(lease.lane), until).await
    }

    /// Takes the mark back, after what lies between it and `until` was put right.
    pub(super) async fn unmark(&self, lease: &Lease, cursors: &Cursors, until: Timestamp) -> Result<()> {
        let mark = mark_of(lease.lane);
        if cursor_of(cursors, mark) <= until {
            return Ok(());
        }
        self.save_cursor(lease, mark, until).await
    }

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

/// Latest instant up to which ticks have fired, or were about to.
pub(crate) fn fired(cursors: &Cursors) -> Timestamp {
    let fired = cursors.iter().filter(|(shard, _)| **shard != FURTHEST);
    fired.map(|(_, cursor)| *cursor).max().unwrap_or(Timestamp::MIN)
}

/// Cursor of a shard. A shard that was never read is read from the beginning.
pub(crate) fn cursor_of(cursors: &Cursors, shard: u16) -> Timestamp {
    cursors.get(&shard).copied().unwrap_or(Timestamp::MIN)
}
