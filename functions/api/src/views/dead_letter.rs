//! Dead letters, and what became of those that were redriven.

use belfry_domain::{ExecutionId, JobId};
use belfry_engine::ports::DeadLetter;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;
use crate::http::problem::ProblemDetails;

/// An execution that failed finally.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub struct DeadLetterView {
    /// Execution that failed.
    pub execution_id: ExecutionId,
    /// Job of the execution, or the name that it was pushed under.
    pub job_id: JobId,
    /// Error of the last attempt, or why there was none.
    pub reason: String,
    /// Instant of the failure.
    pub failed_at: Instant,
    /// Number of attempts.
    pub attempts: u32,
}

impl From<DeadLetter> for DeadLetterView {
    fn from(letter: DeadLetter) -> Self {
        let DeadLetter { execution_id, job_id, reason, at, attempts, .. } = letter;
        Self { execution_id, job_id, reason, failed_at: at.into(), attempts }
    }
}

/// Dead letters, newest first, without those that were redriven.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterPage {
    /// Dead letters of this page.
    pub items: Vec<DeadLetterView>,
    /// Value of `cursor` for the next page. `null` on the last page.
    pub next_cursor: Option<String>,
}

/// Outcomes of a redrive.
#[derive(Debug, Serialize, ToSchema)]
pub struct RedriveAnswer {
    /// Outcomes by dead letter.
    pub results: Vec<RedriveItem>,
    /// Number of dead letters that are left, of the job where one was named. At most 1,000 are counted.
    pub remaining: u64,
}

/// Outcome for one dead letter.
#[derive(Debug, Serialize, ToSchema)]
pub struct RedriveItem {
    /// Execution that failed.
    pub execution_id: ExecutionId,
    /// HTTP status of the entry: 201 redriven, 200 redriven before for this key, or the status of its
    /// problem.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// Execution that runs instead, of the next generation. `null` where the dead letter was not redriven.
    pub redriven_as: Option<ExecutionId>,
    /// Problem of an entry that was refused. `null` otherwise.
    pub problem: Option<ProblemDetails>,
}
