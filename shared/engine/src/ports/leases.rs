//! Leases: the leadership of lanes, and how far their ticks have read.

use std::collections::BTreeMap;

use async_trait::async_trait;
use belfry_domain::Timestamp;

use super::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// Leadership of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub lane: u16,
    pub owner: String,
    /// Fencing token. It counts up with each change of leader.
    pub token: u64,
    pub until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    Leader(Lease),
    /// Another process leads, until this instant at least.
    HeldBy {
        owner: String,
        until: Timestamp,
    },
}

/// Instant up to which ticks have read each shard, by shard. The last number is no shard: it holds the
/// furthest cursor that there was before a clock went back.
pub type Cursors = BTreeMap<u16, Timestamp>;

#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Takes the leadership of a lane if it is free or its lease has ended. A lease that the caller
    /// holds already is renewed without a new token.
    ///
    /// # Errors
    /// The store does not answer.
    async fn acquire(&self, lane: u16, owner: &str, now: Timestamp, until: Timestamp) -> Result<Acquired>;

    /// Gives up the leadership, if it still is the caller's.
    ///
    /// # Errors
    /// The store does not answer.
    async fn release(&self, lease: &Lease) -> Result<()>;

    /// Cursors of the shards. A shard that no tick has read has none.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn cursors(&self) -> Result<Cursors>;

    /// Saves the cursors of these shards; the cursors of all other shards stay as they are. `false`
    /// where the lease is no longer the caller's.
    ///
    /// # Errors
    /// The store does not answer.
    async fn save_cursors(&self, lease: &Lease, cursors: &Cursors) -> Result<bool>;
}
