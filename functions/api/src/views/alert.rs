use std::collections::BTreeMap;

use belfry_domain::{ExecutionId, JobId};
use belfry_engine::ports::{AlertRow, DeliveryState};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// All alerts, in the order of their keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertList {
    /// Open alerts, and those resolved within the last day.
    pub items: Vec<AlertView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    Open,
    Resolved,
}

/// A condition that a person should know of, and the receivers that were told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertView {
    /// Name of the condition, `kind/subject`. While an alert is open, receivers are told again if the condition
    /// comes back after a success, and daily.
    #[schema(example = "dead_letter/daily_report")]
    pub key: String,
    /// Kind of condition: `dead_letter`, `missed_deadline`, `circuit_opened`, `success_rate`, `lateness`,
    /// `quarantined`, `timer_missing`, `clock`, `dead_letters_discarded` or `test`.
    #[schema(example = "dead_letter")]
    pub kind: &'static str,
    /// Urgency for the receivers: `critical`, `error`, `warning` or `info`.
    #[schema(example = "error")]
    pub severity: &'static str,
    /// Whether the condition lasts.
    pub state: AlertState,
    /// One line for people: what happened, and to which job.
    pub summary: String,
    /// Job that the alert is about. `null` where it concerns no single job.
    pub job_id: Option<JobId>,
    /// Execution that raised the alert last, to within a minute. `null` where no single execution did.
    pub execution_id: Option<ExecutionId>,
    /// Instant of the first occurrence.
    pub opened_at: Instant,
    /// Instant of the newest occurrence, to within a minute.
    pub last_at: Instant,
    /// Instant at which the condition ended; the alert is listed for one more day. `null` while it is open.
    pub resolved_at: Option<Instant>,
    /// Receivers that were told that the alert is open.
    pub told: Vec<String>,
    /// Receivers that could not be told, each with its last error. They are tried again.
    pub troubles: BTreeMap<String, String>,
    /// Number of rounds of notices since the alert was opened, told again or resolved.
    pub tries: u32,
    /// Number of times that receivers were told again of the open alert.
    pub repeats: u32,
    /// Key of the alert that receivers are told of instead of this one, because there are many like it. `null`
    /// where they are told of this one.
    #[schema(example = "dead_letter/=8f14e45fceea167a")]
    pub group: Option<String>,
    /// Number of alerts that this one stands for. `null` where it stands for itself.
    pub members: Option<usize>,
}

impl From<AlertRow> for AlertView {
    fn from(row: AlertRow) -> Self {
        let state = if row.is_open() { AlertState::Open } else { AlertState::Resolved };
        let (mut told, mut troubles) = (Vec::new(), BTreeMap::new());
        for (receiver, heard) in row.heard {
            match heard {
                DeliveryState::Open => told.push(receiver),
                DeliveryState::Failed(why) => drop(troubles.insert(receiver, why)),
                DeliveryState::Unsure => {}
            }
        }
        Self {
            kind: row.kind.as_str(),
            severity: row.kind.severity(),
            opened_at: row.opened_at.into(),
            last_at: row.last_at.into(),
            state,
            resolved_at: row.resolved_at.map(Into::into),
            told,
            key: row.key,
            summary: row.summary,
            job_id: row.job_id,
            execution_id: row.execution_id,
            troubles,
            tries: row.tries,
            repeats: row.repeats,
            group: row.group,
            members: row.members,
        }
    }
}
