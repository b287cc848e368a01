//! Leadership of lanes, and how far their ticks have read.

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
    /// The fencing token: counts up with each change of leader.
    pub token: u64,
    pub until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    Leader(Lease),
    /// Somebody else leads, for now.
    HeldBy {
        owner: String,
        until: Timestamp,
    },
}

/// By shard.
pub type Cursors = BTreeMap<u16, Timestamp>;

#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Takes the lane's leadership if it is free, over, or the caller's own already; renews it in
    /// the last case, without a new token.
    async fn acquire(&self, lane: u16, owner: &str, now: Timestamp, until: Timestamp) -> Result<Acquired>;

    /// Gives the leadership up, if it still is the caller's.
    async fn release(&self, lease: &Lease) -> Result<()>;

    /// Up to where ticks have read the shards; one that no tick has read yet isn't there.
    async fn cursors(&self) -> Result<Cursors>;

    /// Of these shards; others' stay as they are. False where the lease is no longer the caller's.
    async fn save_cursors(&self, lease: &Lease, cursors: &Cursors) -> Result<bool>;
}
