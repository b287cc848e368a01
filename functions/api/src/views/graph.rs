//! Graph of the jobs.

use belfry_domain::JobId;
use serde::Serialize;
use utoipa::ToSchema;

/// Jobs, each after all of its dependencies.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Graph)]
pub struct GraphView {
    /// Number of changes of all jobs so far.
    pub revision: u64,
    /// Jobs, each after all of its dependencies.
    pub jobs: Vec<GraphJob>,
    /// Dependencies as pairs of jobs.
    pub edges: Vec<Edge>,
}

/// A job in the graph.
#[derive(Debug, Serialize, ToSchema)]
pub struct GraphJob {
    /// Name of the job.
    pub job_id: JobId,
    /// Jobs that must end before this one starts.
    pub dependencies: Vec<JobId>,
    /// Schedule of the job, or its single instant. `null` for a job that takes its slots from its
    /// dependencies, or is only triggered.
    pub schedule: Option<String>,
    /// Whether the job is paused.
    pub paused: bool,
}

/// A dependency: `to` starts after `from`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Edge {
    /// Job that must end first.
    pub from: JobId,
    /// Job that depends on it.
    pub to: JobId,
}
