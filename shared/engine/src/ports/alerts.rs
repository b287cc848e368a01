//! Alerts: conditions that a person should know of, kept until all receivers have been told.
//!
//! The key of an alert names a condition and its subject. While the alert is open, raising it again
//! only changes the time of its last occurrence, so nobody is told twice. The row exists from the
//! decision until one day after the alert is resolved.

use std::collections::BTreeMap;

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Alert: a condition that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alert {
    DeadLetter {
        id: ExecutionId,
        reason: String,
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

/// Knowledge of one receiver about an alert. Receivers that were told that the alert is over, or were
/// never told of it, are not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The receiver knows that the alert is open.
    Open,
    /// The receiver is being told, or the process that was telling it has died.
    Unsure,
    /// The receiver could not be told, with the reason. The notice may have arrived all the same.
    Failed(String),
}

/// Row of an alert. Each write counts the revision up and is based on the revision that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRow {
    pub key: String,
    pub kind: AlertKind,
    /// One line for people, about the occurrence that opened the alert.
    pub summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
    pub opened_at: Timestamp,
    /// Instant of the newest occurrence, to within a minute.
    pub last_at: Timestamp,
    /// Whether the alert is about to be resolved. A new occurrence clears this, so that it is not
    /// overlooked.
    #[serde(default)]
    pub is_closing: bool,
    /// Instant at which the alert was resolved. `None` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Knowledge of each receiver, by the receiver's name.
    #[serde(default)]
    pub heard: BTreeMap<String, DeliveryState>,
    /// Number of rounds in which receivers have been tried since the alert was opened or resolved.
    #[serde(default)]
    pub tries: u32,
    pub next_try_at: Timestamp,
    pub revision: u64,
}

impl AlertRow {
    pub fn opened(alert: &Alert, now: Timestamp) -> Self {
        Self {
            key: alert.key(),
            kind: alert.kind(),
            summary: alert.summary(),
            job_id: alert.job_id(),
            execution_id: alert.execution_id(),
            opened_at: now,
            last_at: now,
            is_closing: false,
            resolved_at: None,
            heard: BTreeMap::new(),
            tries: 0,
            next_try_at: now,
            revision: 1,
        }
    }

    pub fn is_open(&self) -> bool {
        self.resolved_at.is_none()
    }

    /// Whether this receiver must still be told the alert's present state.
    pub fn is_news_to(&self, receiver: &str) -> bool {
        match self.heard.get(receiver) {
            Some(DeliveryState::Open) => !self.is_open(),
            Some(DeliveryState::Unsure | DeliveryState::Failed(_)) => true,
            None => self.is_open(),
        }
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
            Self::Test { .. } => AlertKind::Test,
        }
    }

    /// Key of the alert. Alerts about one trouble share it: a job has one open alert for all its dead
    /// letters.
    pub fn key(&self) -> String {
        match self {
            Self::MissedDeadline { id, .. } => key_of(self.kind(), Some(id.as_str())),
            Self::Lateness { function: Some(function), .. } => key_of(self.kind(), Some(function)),
            _ => key_of(self.kind(), self.job_id().as_ref().map(JobId::as_str)),
        }
    }

    pub fn job_id(&self) -> Option<JobId> {
        match self {
            Self::DeadLetter { id, .. } | Self::MissedDeadline { id, .. } => Some(id.job_id()),
            Self::CircuitOpened { job_id, .. } | Self::TimerMissing { job_id } => Some(job_id.clone()),
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

#[async_trait]
pub trait AlertStore: Send + Sync {
    /// Row of an alert. `None` where there is none.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn alert(&self, key: &str) -> Result<Option<AlertRow>, StoreError>;

    /// All rows, ordered by key. There are few: the open alerts, and those of the last day.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn alerts(&self) -> Result<Vec<AlertRow>, StoreError>;

    /// Writes a row if the stored row has the revision before it. Revision 1 requires that there is no
    /// row. `false` where another write came first.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn keep_alert(&self, row: &AlertRow) -> Result<bool, StoreError>;

    /// Removes the row if it still has this revision. `false` where it has not.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn forget_alert(&self, key: &str, revision: u64) -> Result<bool, StoreError>;
}

#[async_trait]
pub trait Alerts: Send + Sync {
    /// Raises an alert, which is durable when the call returns. After a crash the same alert may be
    /// raised again.
    ///
    /// # Errors
    /// The store does not answer.
    async fn raise(&self, alert: Alert) -> Result<(), StoreError>;

    /// Resolves the alert with this key, if it is open; see [`key_of`].
    ///
    /// # Errors
    /// The store does not answer.
    async fn resolve(&self, _key: &str) -> Result<(), StoreError> {
        Ok(())
    }
}
