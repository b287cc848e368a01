use belfry_domain::ExecutionId;
use belfry_engine::Rerun;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problem::{ApiError, ProblemDetails};

/// The re-runs that it came to, or would come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RerunAnswer {
    pub dry_run: bool,
    pub results: Vec<RerunItem>,
    /// Of a filter: send it as `cursor`, with the same filter, for what is left; none at the end.
    pub next_cursor: Option<String>,
}

/// What is run again together, or why it isn't.
#[derive(Debug, Serialize, ToSchema)]
pub struct RerunItem {
    /// What it begins with. Named ones that follow from others of them are not listed here.
    pub execution_ids: Vec<ExecutionId>,
    /// 201 begun, 200 begun before for this key or in a dry run, or the status of the problem.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// Their new generation, in the same order.
    pub rerun_as: Vec<ExecutionId>,
    /// What runs again after them.
    pub follows: Vec<ExecutionId>,
    /// What is not run again, and counts as it is.
    pub keeps: Vec<ExecutionId>,
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
