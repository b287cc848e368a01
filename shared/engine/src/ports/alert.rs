//! Alerts: conditions that a person should know of, kept until all receivers have been told.
//!
//! The key of an alert names a condition and its subject. While the alert is open, raising it again
//! only notes its last occurrence, so nobody is told twice of one occurrence. The row exists from the
//! decision until one day after the alert is resolved.

use belfry_domain::{ExecutionId, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::alert_cause::cause_of;

/// Alert: a condition that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alert {
    DeadLetter {
        id: ExecutionId,
        reason: String,
    },
    /// A job had more dead letters than are kept, and the oldest were discarded.
    DeadLettersDiscarded {
        job_id: JobId,
        most: usize,
    },
    /// A row or message can't be read. Rows stay as they are, for a version that can.
    Quarantined {
        what: String,
        why: String,
    },
    /// A job keeps failing, and its circuit breaker lets nothing start until this instant.
    CircuitOpened {
        job_id: JobId,
        until: Timestamp,
    },
    /// An execution had not ended by its deadline: see `must_finish_by` of its job.
    MissedDeadline {
        id: ExecutionId,
        deadline: Timestamp,
    },
    /// The audit found an active job without a timer and gave it one. This should never happen.
    TimerMissing {
        job_id: JobId,
    },
    /// A clock was ahead, or is behind, and schedules stood still for it or would have.
    Clock {
        summary: String,
    },
    /// Too few of the executions that ended in a window of time succeeded.
    SuccessRate {
        summary: String,
    },
    /// Too many starts were late, or a queue is so long that no lost message is sent again into it.
    /// `function` names the function or queue, where these are watched separately.
    Lateness {
        function: Option<String>,
        summary: String,
    },
    /// No tick succeeds, so due jobs don't start. The alert is kept in memory, because the store may be
    /// what fails.
    Stalled {
        summary: String,
    },
    /// A person asked for a test, to see which receivers are told.
    Test {
        by: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertKind {
    DeadLetter,
    MissedDeadline,
    CircuitOpened,
    SuccessRate,
    Lateness,
    Quarantined,
    TimerMissing,
    Stalled,
    Clock,
    DeadLettersDiscarded,
    Test,
}

impl AlertKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeadLetter => "dead_letter",
            Self::MissedDeadline => "missed_deadline",
            Self::CircuitOpened => "circuit_opened",
            Self::SuccessRate => "success_rate",
            Self::Lateness => "lateness",
            Self::Quarantined => "quarantined",
            Self::TimerMissing => "timer_missing",
            Self::Stalled => "stalled",
            Self::Clock => "clock",
            Self::DeadLettersDiscarded => "dead_letters_discarded",
            Self::Test => "test",
        }
    }

    /// Severity of alerts of this kind, in PagerDuty's words.
    pub const fn severity(self) -> &'static str {
        match self {
            Self::SuccessRate | Self::TimerMissing | Self::Stalled => "critical",
            Self::DeadLetter
            | Self::MissedDeadline
            | Self::CircuitOpened
            | Self::Quarantined
            | Self::DeadLettersDiscarded
            | Self::Clock => "error",
            Self::Lateness => "warning",
            Self::Test => "info",
        }
    }

    /// Whether the alert may open again after it was resolved. A deadline is missed once.
    pub const fn recurs(self) -> bool {
        !matches!(self, Self::MissedDeadline)
    }
}

impl Alert {
    pub fn kind(&self) -> AlertKind {
        match self {
            Self::DeadLetter { .. } => AlertKind::DeadLetter,
            Self::MissedDeadline { .. } => AlertKind::MissedDeadline,
            Self::CircuitOpened { .. } => AlertKind::CircuitOpened,
            Self::SuccessRate { .. } => AlertKind::SuccessRate,
            Self::Lateness { .. } => AlertKind::Lateness,
            Self::Quarantined { .. } => AlertKind::Quarantined,
            Self::TimerMissing { .. } => AlertKind::TimerMissing,
            Self::Stalled { .. } => AlertKind::Stalled,
            Self::Clock { .. } => AlertKind::Clock,
            Self::DeadLettersDiscarded { .. } => AlertKind::DeadLettersDiscarded,
            Self::Test { .. } => AlertKind::Test,
        }
    }

    /// Key of the alert. Alerts about one trouble share it: a job has one open alert for all its dead
    /// letters. Pushes without a name have nothing in common but their cause.
    pub fn key(&self) -> String {
        match self {
            Self::DeadLetter { id, reason } if id.job_id().as_str() == JobId::PUSH => {
                let about = format!("{}/{}", JobId::PUSH, cause_of(reason, &id.job_id()));
                key_of(self.kind(), Some(&about))
            }
            Self::MissedDeadline { id, .. } => key_of(self.kind(), Some(id.as_str())),
            Self::Lateness { function: Some(function), .. } => key_of(self.kind(), Some(function)),
            _ => key_of(self.kind(), self.job_id().as_ref().map(JobId::as_str)),
        }
    }

    /// Key of the alert that stands for all alerts of this one's cause, when there are many. `None` where
    /// the alert has no others like it.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::DeadLetter { id, reason } => {
                Some(format!("{}{}", any_cause(self.kind()), cause_of(reason, &id.job_id())))
            }
            Self::MissedDeadline { .. } | Self::CircuitOpened { .. } | Self::TimerMissing { .. } => {
                Some(any_cause(self.kind()))
            }
            _ => None,
        }
    }

    pub fn job_id(&self) -> Option<JobId> {
        match self {
            Self::DeadLetter { id, .. } | Self::MissedDeadline { id, .. } => Some(id.job_id()),
            Self::CircuitOpened { job_id, .. }
            | Self::TimerMissing { job_id }
            | Self::DeadLettersDiscarded { job_id, .. } => Some(job_id.clone()),
            _ => None,
        }
    }

    pub fn execution_id(&self) -> Option<ExecutionId> {
        match self {
            Self::DeadLetter { id, .. } | Self::MissedDeadline { id, .. } => Some(id.clone()),
            _ => None,
        }
    }

    pub fn summary(&self) -> String {
        match self {
            Self::DeadLetter { id, reason } => format!("{id} failed for good: {reason}"),
            Self::MissedDeadline { id, deadline } => {
                format!("{id} did not end by {deadline} (must_finish_by)")
            }
            Self::CircuitOpened { job_id, until } => {
                format!("{job_id} keeps failing: its circuit breaker is open until {until}")
            }
            Self::Clock { summary }
            | Self::SuccessRate { summary }
            | Self::Lateness { summary, .. }
            | Self::Stalled { summary } => summary.clone(),
            Self::DeadLettersDiscarded { job_id, most } => {
                format!("{job_id} had more than {most} dead letters, and the oldest of them were discarded")
            }
            Self::Quarantined { what, why } => format!("{what} cannot be read: {why}"),
            Self::TimerMissing { job_id } => {
                format!("{job_id} had no timer, and belfry added the timer; please report this defect")
            }
            Self::Test { by } => format!("test alert, requested by {by}"),
        }
    }
}

/// Key of the condition `kind`, such as `dead_letter/nightly`. Without a subject it is the kind alone.
pub fn key_of(kind: AlertKind, about: Option<&str>) -> String {
    about.map_or_else(|| kind.as_str().to_owned(), |about| format!("{}/{about}", kind.as_str()))
}

/// Key of the alert that stands for many of this kind, whatever their causes. No job's name has this sign.
pub(crate) fn any_cause(kind: AlertKind) -> String {
    key_of(kind, Some("="))
}
