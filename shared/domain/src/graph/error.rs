//! Errors in a dependency graph, each with its job and field.

use std::fmt;

use thiserror::Error;

/// Error in one job's place in the graph.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("job `{job}`: {field}: {problem}")]
pub struct GraphError {
    pub job: String,
    /// Field of the job, such as `dependencies[2]`; indexes count from 0.
    pub field: String,
    pub problem: GraphProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GraphProblem {
    #[error("two jobs have this id")]
    DuplicateJob,
    #[error("there is no job `{dependency}`")]
    UnknownJob { dependency: String },
    #[error("a job cannot depend on itself")]
    SelfDependency,
    #[error("`{dependency}` is named twice")]
    DuplicateDependency { dependency: String },
    /// Jobs of the cycle. The first is repeated at the end.
    #[error("closes a cycle: {} (each depends on the next)", path.join(" → "))]
    Cycle { path: Vec<String> },
    #[error("the job has {count} dependencies; at most {limit} are allowed")]
    TooManyDependencies { count: usize, limit: usize },
    #[error("{count} jobs depend on this job; at most {limit} are allowed")]
    TooManyDependents { count: usize, limit: usize },
    #[error("the job ends a chain of {depth} jobs; at most {limit} are allowed")]
    TooDeep { depth: usize, limit: usize },
    /// Roots with different schedules: for each schedule the one with the smallest id.
    #[error(
        "the jobs that start this job have different schedules: {}; give this job its own schedule",
        list(roots)
    )]
    DifferentSchedules { roots: Vec<Root> },
}

/// Job that gives its slots to the jobs that flow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    pub job: String,
    pub schedule: Option<String>,
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.job, self.schedule.as_deref().unwrap_or("no schedule"))
    }
}

fn list(roots: &[Root]) -> String {
    roots.iter().map(Root::to_string).collect::<Vec<_>>().join(", ")
}

impl GraphError {
    pub(super) fn new(job: &str, field: impl Into<String>, problem: GraphProblem) -> Self {
        Self { job: job.to_owned(), field: field.into(), problem }
    }

    pub(super) fn at_dependency(job: &str, position: usize, problem: GraphProblem) -> Self {
        Self::new(job, format!("dependencies[{position}]"), problem)
    }
}
