//! Timers, read shard by shard in the order in which they fire.

use async_trait::async_trait;
use belfry_domain::{JobId, Timer, TimerKey, Timestamp};

use super::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// Position from which a read of a shard's timers goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Behind all timers that fire up to this instant.
    After(Timestamp),
    /// Behind this timer.
    Behind(TimerKey),
}

/// Page of timers, in the order of their keys.
#[derive(Debug, Clone, Default)]
pub struct TimerPage {
    pub timers: Vec<Timer>,
    /// Rows among them that this version can't read, each with the reason. They stay where they are, for
    /// a version that can.
    pub unknown: Vec<(String, String)>,
    /// Whether there may be more timers.
    pub is_full: bool,
}

/// Reason why a store can't read a timer.
pub const UNKNOWN_TIMER: &str = "not a timer that this version knows; it stays, and is read again";

#[async_trait]
pub trait TimerStore: Send + Sync {
    /// Writes timers. A timer with the same key is replaced, unless it is a slot's timer of a later
    /// version: a process that stood still must not undo a later write.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn put_timers(&self, timers: Vec<Timer>) -> Result<()>;

    /// Removes a timer. It may return before the removal is durable: one timer too many does no harm.
    /// The removal never overtakes a write that had returned before.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn remove_timer(&self, key: &TimerKey) -> Result<()>;

    /// Removes a timer as `remove_timer` does, unless it was written for another version since it was
    /// read.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn remove_unchanged(&self, timer: &Timer) -> Result<()>;

    /// Timers of a shard behind `from` that fire up to `until`, at most `limit`.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn due(&self, shard: u16, from: &Position, until: Timestamp, limit: usize) -> Result<TimerPage>;

    /// Number of slot timers of each job, whenever they fire. For the audit; may lag behind writes.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn timers_of_jobs(&self) -> Result<Vec<(JobId, u64)>>;

    /// Puts timers back that an earlier version has put aside because it could not read them, as far as
    /// this version can. Returns their number.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn take_back(&self) -> Result<u64>;

    /// Slot timers of this job, both those that have not fired and those that guard an execution.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn slots_of_job(&self, id: &JobId) -> Result<Vec<Timer>>;
}
