use std::collections::BTreeMap;

use belfry_domain::{ExecutionId, JobId};
use belfry_engine::ports::{AlertRow, Heard};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// By key.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertList {
    pub items: Vec<AlertView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    Open,
    Resolved,
}

/// Something that a person should know, and who was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertView {
    /// The same for the same trouble: while it is open, nobody is told again.
    #[schema(example = "dead_letter/daily_report")]
    pub key: String,
    /// `dead_letter`, `missed_deadline`, `circuit_opened`, `success_rate`, `lateness`, `quarantined`, `timer_missing`, `test`.
    #[schema(example = "dead_letter")]
    pub kind: &'static str,
    #[schema(example = "error")]
    pub severity: &'static str,
    pub state: AlertState,
    pub summary: String,
    pub job_id: Option<JobId>,
    pub execution_id: Option<ExecutionId>,
    pub opened_at: Instant,
    /// The newest occurrence, to within a minute.
    pub last_at: Instant,
    /// Since when it is over; it is shown for a day more.
    pub resolved_at: Option<Instant>,
    /// The receivers that believe it open.
    pub told: Vec<String>,
    /// The receivers that could not be told, and why not. They are tried again.
    pub troubles: BTreeMap<String, String>,
    /// How often receivers were tried since it was opened or resolved.
    pub tries: u32,
}

impl From<AlertRow> for AlertView {
    fn from(row: AlertRow) -> Self {
        let state = if row.is_open() { AlertState::Open } else { AlertState::Resolved };
        let (mut told, mut troubles) = (Vec::new(), BTreeMap::new());
        for (receiver, heard) in row.heard {
            match heard {
                Heard::Open => told.push(receiver),
                Heard::Failed(why) => drop(troubles.insert(receiver, why)),
                Heard::Unsure => {}
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
        }
    }
}
