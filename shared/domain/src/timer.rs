//! Timers: the durable rows that make sure that nothing is forgotten.
//!
//! Together they are one sharded min-heap, ordered by shard and instant. A tick reads them in order
//! behind its cursor. A timer that has fired stays, and guards what it started until that has ended for
//! good.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{BackfillId, ExecutionId, JobId, Timestamp};

/// Purpose of a timer. Two timers with the same key are the same timer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A slot of a job's schedule. Once fired it guards the slot's execution.
    Slot { job_id: JobId, slot: Timestamp },
    /// Start of this attempt of an execution, from the timer's instant on.
    Start { execution_id: ExecutionId, attempt: u32 },
    /// Later examination of an execution, which notices a lost message or a dead worker.
    ///
    /// The attempt that was under way or next is part of the key, here and in `Start`: so a timer that
    /// must stay never has the key of a timer that is about to be removed. The greatest (attempt,
    /// instant) among an execution's timers is removed only at the execution's end.
    Check { execution_id: ExecutionId, attempt: u32 },
    /// Backfill that is not over. The timer's instant is in the past when it is written, and it stays
    /// until the end, so every sweep looks at the backfill.
    Backfill { backfill_id: BackfillId },
    /// Instant by which a slot's execution must have ended. The timer guards nothing, and goes once the
    /// execution was examined.
    Deadline { execution_id: ExecutionId },
}

impl What {
    /// Execution that this timer starts or guards. `None` for a backfill, whose executions have timers
    /// of their own, and for a deadline.
    pub fn execution_id(&self) -> Option<ExecutionId> {
        match self {
            Self::Slot { job_id, slot } => Some(ExecutionId::scheduled(job_id, *slot)),
            Self::Start { execution_id, .. } | Self::Check { execution_id, .. } => Some(execution_id.clone()),
            Self::Backfill { .. } | Self::Deadline { .. } => None,
        }
    }

    pub fn attempt(&self) -> u32 {
        match self {
            Self::Slot { .. } | Self::Backfill { .. } | Self::Deadline { .. } => 1,
            Self::Start { attempt, .. } | Self::Check { attempt, .. } => *attempt,
        }
    }
}

/// Key of a timer. Stores order timers by shard, then instant, then the rest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimerKey {
    pub shard: u16,
    pub fire_at: Timestamp,
    pub what: What,
}

/// Error for a text that is no timer that this version knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a timer that this version knows")]
pub struct UnknownTimer(pub String);

/// Writes the form that stores keep: `slot job@2026-11-23T00:00:00Z`, `start job@slot 2`, `check
/// job@slot 1`, `backfill ULID`, `deadline job@slot`.
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot { job_id, slot } => write!(f, "slot {job_id}@{slot}"),
            Self::Start { execution_id, attempt } => write!(f, "start {execution_id} {attempt}"),
            Self::Check { execution_id, attempt } => write!(f, "check {execution_id} {attempt}"),
            Self::Backfill { backfill_id } => write!(f, "backfill {backfill_id}"),
            Self::Deadline { execution_id } => write!(f, "deadline {execution_id}"),
        }
    }
}

impl FromStr for What {
    type Err = UnknownTimer;

    fn from_str(text: &str) -> Result<Self, UnknownTimer> {
        parse(text).ok_or_else(|| UnknownTimer(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<What> {
    let mut words = text.split(' ');
    let (kind, id) = (words.next()?, words.next()?);
    if kind == "backfill" {
        return Some(What::Backfill { backfill_id: id.parse().ok()? });
    }
    let execution_id: ExecutionId = id.parse().ok()?;
    if kind == "slot" {
        return Some(What::Slot { job_id: execution_id.job_id(), slot: execution_id.slot().instant()? });
    }
    if kind == "deadline" {
        return Some(What::Deadline { execution_id });
    }
    let attempt = words.next()?.parse().ok()?;
    match kind {
        "start" => Some(What::Start { execution_id, attempt }),
        "check" => Some(What::Check { execution_id, attempt }),
        _ => None,
    }
}

/// Writes shard, instant and purpose, separated by blanks.
impl fmt::Display for TimerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.shard, self.fire_at.0, self.what)
    }
}

impl From<TimerKey> for String {
    fn from(key: TimerKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for TimerKey {
    type Error = UnknownTimer;

    fn try_from(text: String) -> Result<Self, UnknownTimer> {
        let mut parts = text.splitn(3, ' ');
        let mut key = || {
            let (shard, fire_at) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Some(Self { shard, fire_at: Timestamp(fire_at), what: parse(parts.next()?)? })
        };
        key().ok_or_else(|| UnknownTimer(text.clone()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    pub key: TimerKey,
    /// Version of the job that named the slot, for timers of a slot. 0 for other timers.
    pub version: u64,
    /// Number of times that the sweep has looked at the execution of a `Check`; the interval doubles
    /// each time. For a `Backfill`, the number of times that it could not be read.
    pub checks: u32,
}

impl Timer {
    /// Timer of a slot. It fires at the slot itself, so that a job's timers fire in the order of its
    /// slots; jitter delays the message.
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

    /// Timer of a backfill. `fired_at` is so long ago that the next sweep looks at it.
    pub fn backfill(shards: Shards, id: &BackfillId, fired_at: Timestamp) -> Self {
        let what = What::Backfill { backfill_id: id.clone() };
        Self::at(shards.of(id.as_str()), fired_at, what, 0)
    }

    pub fn deadline(shards: Shards, id: &ExecutionId, fire_at: Timestamp) -> Self {
        let what = What::Deadline { execution_id: id.clone() };
        Self::at(shards.of(id.as_str()), fire_at, what, 0)
    }

    fn at(shard: u16, fire_at: Timestamp, what: What, version: u64) -> Self {
        Self { key: TimerKey { shard, fire_at, what }, version, checks: 0 }
    }
}

/// Number of shards that the timers are spread over: 64 on DynamoDB, where a partition takes 1,000
/// writes a second, and 1 where the store has no partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards(pub u16);

impl Shards {
    pub fn of(self, key: &str) -> u16 {
        (crate::stable_hash(key.bytes()) % u64::from(self.0.max(1))) as u16
    }

    pub fn all(self) -> impl Iterator<Item = u16> {
        0..self.0.max(1)
    }
}
