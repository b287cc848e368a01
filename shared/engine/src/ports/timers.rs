//! Timers, read shard by shard in the order in which they fire.

use async_trait::async_trait;
use belfry_domain::{JobId, Timer, TimerKey, Timestamp};

use super::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// Where a read of a shard's timers goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Behind everything that fires up to this instant.
    After(Timestamp),
    /// Behind this row.
    Behind(TimerKey),
}

/// Timers in the order of their keys.
#[derive(Debug, Clone, Default)]
pub struct TimerPage {
    pub timers: Vec<Timer>,
    /// Rows that this version could not read; the store has put them aside.
    pub quarantined: Vec<(String, String)>,
    /// There may be more.
    pub is_full: bool,
}

#[async_trait]
pub trait TimerStore: Send + Sync {
    /// A timer of the same key is replaced, unless it is a slot's of a later version: a process
    /// that stood still takes nothing away from what has come after it.
    async fn put_timers(&self, timers: Vec<Timer>) -> Result<()>;

    /// May return before it is durable: a timer too many does no harm. It never overtakes a write
    /// that had returned before it was called.
    async fn remove_timer(&self, key: &TimerKey) -> Result<()>;

    /// As `remove_timer`, but not where the timer was written anew for another version since it
    /// was read.
    async fn remove_unchanged(&self, timer: &Timer) -> Result<()>;

    async fn due(&self, shard: u16, from: &Position, until: Timestamp, limit: usize) -> Result<TimerPage>;

    /// The jobs' slot timers, whenever they fire: (job, how many). For the audit, may lag.
    async fn timers_of_jobs(&self) -> Result<Vec<(JobId, u64)>>;

    /// This job's unfired and guarding slot timers.
    async fn slots_of_job(&self, id: &JobId) -> Result<Vec<Timer>>;
}
