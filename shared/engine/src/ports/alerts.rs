//! Alerts: what a person should know, kept until all who are to hear of it have heard.
//!
//! An alert has a key that says what is wrong with what. While it is open, whatever raises it
//! again changes nothing but the time of its last occurrence: so nobody is told twice. Its row is
//! there from the decision until a day after it is over.

use std::collections::BTreeMap;

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::StoreError;

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
    /// Too many starts were too late, or nothing is sent again into a queue that is too long: in this
    /// function or queue, where they are watched apart.
    Lateness {
        function: Option<String>,
        summary: String,
    },
    /// Somebody wants to see who is told.
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
            Self::Test => "test",
        }
    }

    /// What an alert of this kind means for whoever is called: in the words of PagerDuty.
    pub const fn severity(self) -> &'static str {
        match self {
            Self::SuccessRate | Self::TimerMissing => "critical",
            Self::DeadLetter | Self::MissedDeadline | Self::CircuitOpened | Self::Quarantined => "error",
            Self::Lateness => "warning",
            Self::Test => "info",
        }
    }

    /// Whether it may open again once it is over. A deadline is missed once.
    pub const fn recurs(self) -> bool {
        !matches!(self, Self::MissedDeadline)
    }
}

/// What a receiver believes of an alert. One that believes it over, or never heard of it, is not
/// listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// That it is open.
    Open,
    /// It is being told something, unless who tells it has died.
    Unsure,
    /// It could not be told something, and why not. It may have heard it all the same.
    Failed(String),
}

/// One alert. Every write counts its revision up, and is made from the one that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRow {
    pub key: String,
    pub kind: AlertKind,
    /// One line for people, of the occurrence that opened it.
    pub summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
    pub opened_at: Timestamp,
    /// The newest occurrence, to within a minute.
    pub last_at: Timestamp,
    /// Somebody is about to resolve it. Whoever raises it clears this, and so is not overlooked.
    #[serde(default)]
    pub is_closing: bool,
    /// Since when it is over; none while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// By the names of receivers.
    #[serde(default)]
    pub heard: BTreeMap<String, Heard>,
    /// How often receivers have been tried since it was opened or resolved.
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

    /// Whether this receiver is still to be told how it stands.
    pub fn is_news_to(&self, receiver: &str) -> bool {
        match self.heard.get(receiver) {
            Some(Heard::Open) => !self.is_open(),
            Some(Heard::Unsure | Heard::Failed(_)) => true,
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
            Self::Test { .. } => AlertKind::Test,
        }
    }

    /// The same for whatever is the same trouble: one open alert for each job's dead letters, not
    /// one for each letter.
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
            Self::MissedDeadline { id, deadline } => format!("{id} had not ended by {deadline}"),
            Self::CircuitOpened { job_id, until } => {
                format!("{job_id} keeps failing: its circuit breaker is open until {until}")
            }
            Self::SuccessRate { summary } | Self::Lateness { summary, .. } => summary.clone(),
            Self::Quarantined { what, why } => format!("{what} was put aside: {why}"),
            Self::TimerMissing { job_id } => {
                format!("{job_id} had no timer and was given one; this should never happen, please report it")
            }
            Self::Test { by } => format!("a test, asked for by {by}"),
        }
    }
}

/// Such as `dead_letter/nightly`; the kind alone where it is about all there is.
pub fn key_of(kind: AlertKind, about: Option<&str>) -> String {
    about.map_or_else(|| kind.as_str().to_owned(), |about| format!("{}/{about}", kind.as_str()))
}

#[async_trait]
pub trait AlertStore: Send + Sync {
    async fn alert(&self, key: &str) -> Result<Option<AlertRow>, StoreError>;

    /// All rows, by key. They are few: one for each trouble, and those of the last day.
    async fn alerts(&self) -> Result<Vec<AlertRow>, StoreError>;

    /// Writes a row if the one that is there has the revision before; revision 1 needs that there
    /// is none. False where somebody was faster.
    async fn keep_alert(&self, row: &AlertRow) -> Result<bool, StoreError>;

    /// Removes a row if it still has this revision.
    async fn forget_alert(&self, key: &str, revision: u64) -> Result<bool, StoreError>;
}

#[async_trait]
pub trait Alerts: Send + Sync {
    /// Called at least once for each; the same alert may come again after a crash. When it returns,
    /// the alert is durable.
    async fn raise(&self, alert: Alert) -> Result<(), StoreError>;

    /// What was raised under this key is over, if it was; see [`key_of`].
    async fn resolve(&self, _key: &str) -> Result<(), StoreError> {
        Ok(())
    }
}
