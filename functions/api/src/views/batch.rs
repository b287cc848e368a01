//! Answers to a batch of pushes.

use belfry_domain::ExecutionId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problem::{ApiError, ProblemDetails};

/// Outcomes of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// Outcomes in the order of the request.
    pub results: Vec<BatchItem>,
}

/// Outcome of one entry of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItem {
    /// HTTP status of the entry: 201 accepted, 200 accepted before under this key, or the status of its
    /// problem.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// Execution that was accepted. Absent for a refused entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
    /// Whether this request created the execution. Absent for a refused entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<bool>,
    /// Problem of a refused entry. Absent for an accepted one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDetails>,
}

impl BatchItem {
    pub fn accepted(execution_id: ExecutionId, is_new: bool) -> Self {
        let status = if is_new { 201 } else { 200 };
        Self { status, execution_id: Some(execution_id), created: Some(is_new), problem: None }
    }

    pub fn refused(error: ApiError) -> Self {
        let problem = error.into_details();
        Self { status: problem.status, execution_id: None, created: None, problem: Some(problem) }
    }
}
