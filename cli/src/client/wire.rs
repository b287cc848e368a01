//! Parts of the API's answers that tables show. `--json` prints the whole answer instead.

use belfry_domain::Progress;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub struct Page {
    pub items: Vec<Value>,
    #[serde(default)]
    pub next_cursor: Option<String>,
}

#[expect(clippy::struct_field_names, reason = "named as in the API")]
#[derive(Debug, Clone, Deserialize)]
pub struct Execution {
    pub execution_id: String,
    pub status: String,
    pub run_id: Option<String>,
    #[serde(default)]
    pub trigger: String,
    #[serde(default)]
    pub priority: String,
    pub created_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    pub ready_at: Option<DateTime<Utc>>,
    pub start_time: Option<DateTime<Utc>>,
    pub end_time: Option<DateTime<Utc>>,
    pub duration_ms: Option<i64>,
    pub lateness_ms: Option<i64>,
    pub worker_id: Option<String>,
    #[serde(default)]
    pub attempt: u32,
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    #[serde(default)]
    pub dependencies: Value,
    pub elements: Option<u32>,
    pub reason: Option<String>,
    #[serde(default)]
    pub input: Value,
    #[serde(default)]
    pub result: Value,
    pub rerun_of: Option<String>,
    pub backfill_id: Option<String>,
    pub progress: Option<Progress>,
}

impl Execution {
    pub fn has_ended(&self) -> bool {
        !matches!(self.status.as_str(), "waiting" | "queued" | "running")
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Attempt {
    pub number: u32,
    /// Outcome of the attempt. `None` while it runs.
    pub outcome: Option<String>,
    pub start_time: Option<DateTime<Utc>>,
    pub end_time: Option<DateTime<Utc>>,
    pub duration_ms: Option<i64>,
    pub waited_ms: Option<i64>,
    pub error: Option<String>,
    pub output: Option<Output>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Output {
    pub tail: String,
    #[serde(default)]
    pub bytes: u64,
    pub log: Option<String>,
}

#[expect(clippy::struct_field_names, reason = "named as in the API")]
#[derive(Debug, Clone, Deserialize)]
pub struct Backfill {
    pub backfill_id: String,
    pub job_id: String,
    pub status: String,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    #[serde(default)]
    pub order: String,
    #[serde(default)]
    pub concurrency: u32,
    pub created_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    pub next_slot: Option<DateTime<Utc>>,
    pub progress: BackfillProgress,
}

#[derive(Debug, Clone, Deserialize)]
pub struct BackfillProgress {
    pub slots: u32,
    pub existing: u32,
    pub open: u32,
    pub succeeded: u32,
    pub failed: u32,
    pub not_run: u32,
    pub left: u32,
    pub percent: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct DeadLetter {
    pub execution_id: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub attempts: u32,
    pub failed_at: Option<DateTime<Utc>>,
}
