use std::collections::BTreeMap;

use belfry_domain::{ExecutionId, JobId};
use belfry_engine::ports::AlertRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// By key.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertList {
    pub items: Vec<AlertView>,
}

/// Something that a person should know, and who was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertView {
    /// The same for the same trouble: while it is open, nobody is told again.
    #[schema(example = "dead_letter/daily_report")]
    pub key: String,
    /// `dead_letter`, `circuit_opened`, `success_rate`, `lateness`, `quarantined`, `timer_missing`, `test`.
    #[schema(example = "dead_letter")]
    pub kind: &'static str,
    #[schema(example = "error")]
    pub severity: &'static str,
    pub summary: String,
    pub job_id: Option<JobId>,
    pub execution_id: Option<ExecutionId>,
    pub opened_at: Instant,
    /// The newest occurrence, to within a minute.
    pub last_at: Instant,
    /// Since when it is over; it is shown until all who were told of it have heard so.
    pub resolved_at: Option<Instant>,
    /// The receivers that believe it open.
    pub told: Vec<String>,
    /// The receivers that could not be told, and why not. They are tried again.
    pub troubles: BTreeMap<String, String>,
    /// How often receivers were tried.
    pub tries: u32,
}

impl From<AlertRow> for AlertView {
    fn from(row: AlertRow) -> Self {
        Self {
            kind: row.kind.as_str(),
            severity: row.kind.severity(),
            opened_at: row.opened_at.into(),
            last_at: row.last_at.into(),
            resolved_at: row.resolved_at.map(Into::into),
            told: row.told.into_iter().collect(),
            key: row.key,
            summary: row.summary,
            job_id: row.job_id,
            execution_id: row.execution_id,
            troubles: row.troubles,
            tries: row.tries,
        }
    }
}
