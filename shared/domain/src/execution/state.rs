//! Status of an execution, and the events that change it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Outcome;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The execution waits for dependencies, for an instant (a delay or a retry), for its turn under a
    /// limit, or for its elements.
    Waiting,
    /// The execution may start. The worker that claims it moves it on.
    Queued,
    /// An attempt is under way. Its worker moves it on; once the lease has ended, the sweep does.
    Running,
    /// Final: an attempt succeeded.
    Success,
    /// Final: no attempts are left, or another attempt cannot help.
    Failed,
    /// Final: the last attempt, the wait, or the whole execution took longer than allowed.
    TimedOut,
    /// Final: somebody cancelled it, or its job was deleted.
    Cancelled,
    /// Final: it never started, because a dependency did not succeed.
    UpstreamFailed,
    /// Final: it never started, by rule, for example because a deadline had passed.
    Skipped,
}

impl Status {
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Queued,
        Self::Running,
        Self::Success,
        Self::Failed,
        Self::TimedOut,
        Self::Cancelled,
        Self::UpstreamFailed,
        Self::Skipped,
    ];

    pub fn is_terminal(self) -> bool {
        self.outcome().is_some()
    }

    /// Outcome of this status for dependents. `None` while the status can still change.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Waiting | Self::Queued | Self::Running => None,
            Self::Success => Some(Outcome::Success),
            Self::Failed | Self::TimedOut | Self::Cancelled => Some(Outcome::Failed),
            Self::UpstreamFailed => Some(Outcome::UpstreamFailed),
            Self::Skipped => Some(Outcome::Skipped),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::UpstreamFailed => "upstream_failed",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Events that can change an execution's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A worker starts an attempt.
    Claim,
    /// A limit is reached: the execution waits for its turn.
    Hold,
    /// The wait is over: the execution may start.
    Release,
    Succeed,
    Fail,
    /// An attempt failed, and another one is allowed.
    Retry,
    /// The lease of the running attempt ended without a renewal.
    Lose,
    /// The elements have executions of their own now.
    FanOut,
    /// All elements succeeded.
    Join,
    /// All elements ended, and some of them badly.
    FailJoin,
    TimeOut,
    Cancel,
    UpstreamFail,
    Skip,
}

impl Event {
    pub const ALL: [Self; 14] = [
        Self::Claim,
        Self::Hold,
        Self::Release,
        Self::Succeed,
        Self::Fail,
        Self::Retry,
        Self::Lose,
        Self::FanOut,
        Self::Join,
        Self::FailJoin,
        Self::TimeOut,
        Self::Cancel,
        Self::UpstreamFail,
        Self::Skip,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an execution that is {from} cannot take the event {event:?}")]
pub struct IllegalTransition {
    pub from: Status,
    pub event: Event,
}

/// Next status after an event. This is the only table of transitions.
///
/// # Errors
/// The event is illegal in this status.
pub fn transition(from: Status, event: Event) -> Result<Status, IllegalTransition> {
    match (from, event) {
        (Status::Waiting | Status::Queued, Event::Claim) => Ok(Status::Running),
        (Status::Waiting, Event::Release) | (Status::Running, Event::Lose) => Ok(Status::Queued),
        (Status::Waiting | Status::Queued, Event::Hold) | (Status::Running, Event::Retry | Event::FanOut) => {
            Ok(Status::Waiting)
        }
        (Status::Running, Event::Succeed) | (Status::Waiting, Event::Join) => Ok(Status::Success),
        (Status::Running, Event::Fail) | (Status::Waiting, Event::FailJoin) => Ok(Status::Failed),
        (Status::Waiting | Status::Queued | Status::Running, Event::TimeOut) => Ok(Status::TimedOut),
        (Status::Waiting | Status::Queued | Status::Running, Event::Cancel) => Ok(Status::Cancelled),
        (Status::Waiting, Event::UpstreamFail) => Ok(Status::UpstreamFailed),
        (Status::Waiting | Status::Queued, Event::Skip) => Ok(Status::Skipped),
        (from, event) => Err(IllegalTransition { from, event }),
    }
}
