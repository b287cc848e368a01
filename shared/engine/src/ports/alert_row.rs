//! Rows of alerts: what is open, and what receivers know of it.
//!
//! An older version drops the fields that it does not know when it writes a row. Then an alert is told once
//! more, or alone, and no worse.

use std::collections::BTreeMap;

use belfry_domain::{ExecutionId, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Alert, AlertKind};

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
    /// One line for people, about the newest occurrence.
    pub summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
    pub opened_at: Timestamp,
    /// Instant of the newest occurrence, to within a minute.
    pub last_at: Timestamp,
    /// Key of the alert that stands for all of one cause: see [`Alert::cause`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Key of the alert that receivers are told of instead of this one, because there are many like it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Number of alerts that this one stands for. `None` for an alert that stands for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<usize>,
    /// Whether the condition came back after it had seemed to be over, and nobody was told of that yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_come_back: bool,
    /// Number of times that receivers were told again of the open alert.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeats: u32,
    /// Number of these times that followed each other within an hour. The pauses between them double.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pace: u32,
    /// Instant of the present notice of the open alert, whether it has arrived or not. `None` before the
    /// first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_at: Option<Timestamp>,
    /// Instant of the last notice to each receiver, by the receiver's name, for the limit of notices.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notified: BTreeMap<String, Timestamp>,
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
    /// Number of rounds in which receivers have been tried since the alert was opened, told again or resolved.
    #[serde(default)]
    pub tries: u32,
    pub next_try_at: Timestamp,
    pub revision: u64,
}

impl AlertRow {
    pub fn opened(alert: &Alert, now: Timestamp) -> Self {
        Self {
            job_id: alert.job_id(),
            execution_id: alert.execution_id(),
            cause: alert.cause(),
            ..Self::new(alert.key(), alert.kind(), alert.summary(), now)
        }
    }

    /// Row of an alert that opens.
    pub(crate) fn new(key: String, kind: AlertKind, summary: String, now: Timestamp) -> Self {
        Self {
            key,
            kind,
            summary,
            job_id: None,
            execution_id: None,
            opened_at: now,
            last_at: now,
            cause: None,
            group: None,
            members: None,
            has_come_back: false,
            repeats: 0,
            pace: 0,
            announced_at: None,
            notified: BTreeMap::new(),
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
            None => self.is_open() && self.group.is_none(),
        }
    }

    /// Instant of the last notice of the open alert.
    pub fn announced(&self) -> Timestamp {
        self.announced_at.unwrap_or(self.opened_at)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}
