use belfry_domain::{ExecutionId, JobId, Priority};
use belfry_engine::ports::DeadLetter;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;
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

/// Key figures. Rates and latencies are counted by this process, from `since` on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stats {
    /// Instant at which this process began to count.
    pub since: Instant,
    /// Seconds since this process started.
    pub uptime_seconds: u64,
    /// Share of successes among ended executions that succeeded, failed or timed out. `null` before the
    /// first.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub success_rate: Option<f64>,
    /// Milliseconds from due to start.
    pub start_latency_ms: Latency,
    /// Number of messages that wait for a worker, over all queues.
    pub queue_depth: u64,
    /// Depth of each queue. A push or trigger that would join a queue at its limit is refused with 429.
    pub queues: Vec<QueueView>,
    /// Load of the workers of this process.
    pub worker_utilisation: Utilisation,
    /// Share of retries among started attempts. `null` before the first.
    #[schema(minimum = 0.0)]
    pub retry_rate: Option<f64>,
    /// Number of dead letters that wait for a decision.
    pub dead_letters: u64,
}

/// Queue of one pool and priority.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Queue)]
pub struct QueueView {
    /// Pool whose workers take from the queue.
    #[schema(example = "default")]
    pub pool: String,
    /// Class of the messages.
    pub priority: Priority,
    /// Number of messages that wait.
    pub depth: u64,
    /// Depth from which on pushes and triggers are answered with 429.
    pub limit: u64,
}

/// Distribution in milliseconds, to within 4 %. The percentiles are `null` before the first start.
#[derive(Debug, Serialize, ToSchema)]
pub struct Latency {
    /// Number of starts.
    pub count: u64,
    /// Median, in milliseconds.
    pub p50: Option<f64>,
    /// 90th percentile, in milliseconds.
    pub p90: Option<f64>,
    /// 99th percentile, in milliseconds.
    pub p99: Option<f64>,
    /// Maximum, in milliseconds.
    pub max: Option<f64>,
}

/// Load of the workers of this process.
#[derive(Debug, Serialize, ToSchema)]
pub struct Utilisation {
    /// Number of attempts that run.
    pub running: u64,
    /// Number of attempts that can run at once; 0 where this process has no workers of its own.
    pub capacity: u64,
    /// `running` divided by `capacity`. `null` without capacity.
    #[schema(minimum = 0.0)]
    pub ratio: Option<f64>,
}

/// State of the process that answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// State of the process: `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Whether this process schedules.
    pub role: Role,
    /// Version of belfry.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// The version of the IANA time zone data that all schedules of this installation go by. `null`
    /// until the first definition with a time zone, or the first leader, puts one in force.
    #[schema(example = "2026f")]
    pub zone_data: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Leader,
    Standby,
}
