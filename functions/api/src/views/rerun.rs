use belfry_domain::ExecutionId;
use belfry_engine::Rerun;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problem::{ApiError, ProblemDetails};

/// Re-runs that were started or, in a dry run, would be.
#[derive(Debug, Serialize, ToSchema)]
pub struct RerunAnswer {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Re-runs, each with its outcome.
    pub results: Vec<RerunItem>,
    /// Value of `cursor` for the rest, with the same filter. `null` at the end, and without a filter.
    pub next_cursor: Option<String>,
}

/// Executions that run again together, or the problem that prevents it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RerunItem {
    /// Executions that the re-run starts with. A named execution that follows from another named one is not
    /// listed here.
    pub execution_ids: Vec<ExecutionId>,
    /// HTTP status of the entry: 201 started, 200 started before for this key or a dry run, or the status
    /// of its problem.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// New generations of `execution_ids`, in the same order.
    pub rerun_as: Vec<ExecutionId>,
    /// Executions that run after them.
    pub follows: Vec<ExecutionId>,
    /// Executions that do not run again; their outcomes and results count.
    pub keeps: Vec<ExecutionId>,
    /// Problem that prevents the re-run. `null` otherwise.
    pub problem: Option<ProblemDetails>,
}

impl RerunItem {
    pub fn of(rerun: &Rerun, keeps: Vec<ExecutionId>, status: u16) -> Self {
        Self {
            execution_ids: rerun.starts.iter().map(|old| old.id.clone()).collect(),
            status,
            rerun_as: rerun.begins().collect(),
            follows: rerun.follows().collect(),
            keeps,
            problem: None,
        }
    }

    pub fn refused(execution_ids: Vec<ExecutionId>, error: ApiError) -> Self {
        let problem = error.into_details();
        Self {
            execution_ids,
            status: problem.status,
            rerun_as: Vec::new(),
            follows: Vec::new(),
            keeps: Vec::new(),
            problem: Some(problem),
        }
    }
}
