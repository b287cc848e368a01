//! Observers of the facts of an engine.

use std::time::Duration;

use belfry_domain::{ExecutionId, JobId, Status, Timestamp};

/// Fact for metrics and logs. Nothing depends on its arrival.
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
    /// An attempt ended, with success or not.
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
        /// Whether the execution failed and its job says `on_failure: record`: no alert counts it.
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
    /// The sweep did not send a message again, because its queue is too long.
    HeldBack {
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
