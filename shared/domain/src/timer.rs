//! Timers: the durable rows that make sure that nothing is forgotten.
//!
//! Together they are one sharded min-heap, ordered by shard and instant. A tick reads them in
//! order behind its cursor; a row that has fired stays where it is and guards what it started,
//! until that has ended for good.

use serde::{Deserialize, Serialize};

use crate::{ExecutionId, JobId, Timestamp};

/// What a timer is for. Two timers of the same key are the same timer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A slot of a job's schedule. Once fired it guards the slot's execution.
    Slot { job_id: JobId, slot: Timestamp },
    /// An instant from which an execution may start this attempt.
    Start { execution_id: ExecutionId, attempt: u32 },
    /// A later look at an execution, by which a lost message or a dead worker is noticed.
    ///
    /// The attempt that was under way or next is part of the key, here and above: so a timer that
    /// is to stay never has the key of one that somebody is about to remove. The greatest
    /// (attempt, instant) of an execution's timers is removed only at its end.
    Check { execution_id: ExecutionId, attempt: u32 },
}

impl What {
    /// The execution that this timer starts or guards.
    pub fn execution_id(&self) -> ExecutionId {
        match self {
            Self::Slot { job_id, slot } => ExecutionId::scheduled(job_id, *slot),
            Self::Start { execution_id, .. } | Self::Check { execution_id, .. } => execution_id.clone(),
        }
    }

    pub fn attempt(&self) -> u32 {
        match self {
            Self::Slot { .. } => 1,
            Self::Start { attempt, .. } | Self::Check { attempt, .. } => *attempt,
        }
    }
}

/// Where a timer stands: the store orders by shard, then instant, then the rest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerKey {
    pub shard: u16,
    pub fire_at: Timestamp,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    #[serde(flatten)]
    pub key: TimerKey,
    /// Of a `Slot`: the version of the job whose schedule named it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub version: u64,
    /// Of a `Check`: how often the execution was looked at already; the interval doubles.
    #[serde(default, skip_serializing_if = "is_zero_u32")]
    pub checks: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero_u32(n: &u32) -> bool {
    *n == 0
}

impl Timer {
    /// Fires at the slot itself, so that a job's timers fire in the order of its slots; jitter
    /// delays the message.
    pub fn slot(shards: Shards, job_id: JobId, version: u64, slot: Timestamp) -> Self {
        let shard = shards.of(job_id.as_str());
        Self::at(shard, slot, What::Slot { job_id, slot }, version)
    }

    pub fn start(shards: Shards, id: &ExecutionId, attempt: u32, fire_at: Timestamp) -> Self {
        let what = What::Start { execution_id: id.clone(), attempt };
        Self::at(shards.of(id.as_str()), fire_at, what, 0)
    }

    pub fn check(shards: Shards, id: &ExecutionId, attempt: u32, fire_at: Timestamp, checks: u32) -> Self {
        let what = What::Check { execution_id: id.clone(), attempt };
        Self { checks, ..Self::at(shards.of(id.as_str()), fire_at, what, 0) }
    }

    fn at(shard: u16, fire_at: Timestamp, what: What, version: u64) -> Self {
        Self { key: TimerKey { shard, fire_at, what }, version, checks: 0 }
    }
}

/// How many shards the timers are spread over: 64 on DynamoDB, where a partition takes 1,000
/// writes a second, and 1 where the store has no partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards(pub u16);

impl Shards {
    pub fn of(self, key: &str) -> u16 {
        (crate::stable_hash(key.as_bytes()) % u64::from(self.0.max(1))) as u16
    }

    pub fn all(self) -> impl Iterator<Item = u16> {
        0..self.0.max(1)
    }
}
