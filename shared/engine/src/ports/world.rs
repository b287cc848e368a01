//! Clock, chance, and those who want to know.

use std::time::Duration;

use async_trait::async_trait;
use belfry_domain::{ExecutionId, Job, JobId, Status, Timestamp};

#[async_trait]
pub trait Clock: Send + Sync {
    /// Wall time. It may jump.
    fn now(&self) -> Timestamp;
    /// Time that never jumps; only differences mean something.
    fn monotonic(&self) -> Duration;
    /// Waits by the monotonic clock.
    async fn sleep(&self, duration: Duration);
}

pub trait Random: Send + Sync {
    fn next(&self) -> u64;

    /// Uniform in [0, 1).
    fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Things that happened, for metrics and logs. Nothing depends on their arrival.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fact<'a> {
    Accepted {
        count: u64,
    },
    Started {
        id: &'a ExecutionId,
        attempt: u32,
        lateness: Duration,
    },
    /// An attempt ended, in whatever way.
    AttemptEnded {
        id: &'a ExecutionId,
        took: Duration,
    },
    Retried {
        id: &'a ExecutionId,
        failures: u32,
        delay: Duration,
    },
    Lost {
        id: &'a ExecutionId,
        attempt: u32,
    },
    Ended {
        id: &'a ExecutionId,
        status: Status,
        /// It ended badly, and its job says `on_failure: record`: no alert counts it.
        is_only_recorded: bool,
    },
    Misfired {
        job_id: &'a JobId,
        slot: Timestamp,
    },
    /// The sweep sent a message again.
    Resent {
        id: &'a ExecutionId,
    },
    Ticked {
        timers: u64,
        took: Duration,
    },
}

pub trait Observer: Send + Sync {
    fn record(&self, fact: Fact<'_>);
}

/// Something that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alert {
    DeadLetter {
        id: ExecutionId,
        reason: String,
    },
    /// A row or message that can't be read, put aside.
    Quarantined {
        what: String,
        why: String,
    },
    /// A job keeps failing: its circuit breaker lets nothing start until then.
    CircuitOpened {
        job_id: JobId,
        until: Timestamp,
    },
    /// An execution had not ended when it was to have ended: see `must_finish_by` of its job.
    MissedDeadline {
        id: ExecutionId,
        deadline: Timestamp,
    },
    /// The audit found an active job without a timer and gave it one. This should never happen.
    TimerMissing {
        job_id: JobId,
    },
    /// Too little of what ended in a window of time succeeded.
    SuccessRate {
        summary: String,
    },
    /// Too many starts were too late: in this function, where functions are watched apart.
    Lateness {
        function: Option<String>,
        summary: String,
    },
    /// Somebody wants to see who is told.
    Test {
        by: String,
    },
}

#[async_trait]
pub trait Alerts: Send + Sync {
    /// Called at least once for each; the same alert may come again after a crash. When it returns,
    /// the alert is durable.
    async fn raise(&self, alert: Alert) -> Result<(), super::StoreError>;

    /// What was raised under this key is over, if it was; see [`key_of`](super::key_of).
    async fn resolve(&self, _key: &str) -> Result<(), super::StoreError> {
        Ok(())
    }
}

/// Calls the slots of jobs from outside, to [`Engine::called`](crate::Engine::called).
#[async_trait]
pub trait SecondClock: Send + Sync {
    /// Makes what it calls for this job what the job says now: nothing where there is none.
    async fn keep(&self, id: &JobId, job: Option<&Job>) -> Result<(), super::StoreError>;

    /// The jobs that it calls slots of.
    async fn kept(&self) -> Result<Vec<JobId>, super::StoreError>;
}
