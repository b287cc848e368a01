use belfry_domain::{ExecutionId, JobId, Priority};
use belfry_engine::ports::DeadLetter;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;
use crate::http::problem::{ApiError, ProblemDetails};

/// Outcomes in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    pub results: Vec<BatchItem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItem {
    /// 201 accepted, 200 accepted before under this key, or the status of the problem.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<bool>,
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

/// An execution that ended badly for good.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub struct DeadLetterView {
    pub execution_id: ExecutionId,
    pub job_id: JobId,
    pub reason: String,
    pub failed_at: Instant,
    pub attempts: u32,
}

impl From<DeadLetter> for DeadLetterView {
    fn from(letter: DeadLetter) -> Self {
        let DeadLetter { execution_id, job_id, reason, at, attempts, .. } = letter;
        Self { execution_id, job_id, reason, failed_at: at.into(), attempts }
    }
}

/// Newest first; those redriven are left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterPage {
    pub items: Vec<DeadLetterView>,
    /// Send it as `cursor` for the next page; none after the last.
    pub next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RedriveAnswer {
    pub results: Vec<RedriveItem>,
    /// Dead letters that are left: of the job, if one was named; at most 1,000 of them are counted then.
    pub remaining: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RedriveItem {
    /// The dead letter.
    pub execution_id: ExecutionId,
    /// 201 redriven, 200 redriven before for this key, or the status of the problem.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// The new generation.
    pub redriven_as: Option<ExecutionId>,
    pub problem: Option<ProblemDetails>,
}

/// The jobs, each after all that it depends on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Graph)]
pub struct GraphView {
    /// Counts up with each change of any job.
    pub revision: u64,
    pub jobs: Vec<GraphJob>,
    pub edges: Vec<Edge>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GraphJob {
    pub job_id: JobId,
    pub dependencies: Vec<JobId>,
    /// Its own schedule, or its one instant; a job without one takes its slots from its roots.
    pub schedule: Option<String>,
    pub paused: bool,
}

/// `to` depends on `from`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Edge {
    pub from: JobId,
    pub to: JobId,
}

/// The six key metrics. What is counted over time counts from `since`, in this process.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stats {
    /// When this process began to count.
    pub since: Instant,
    pub uptime_seconds: u64,
    /// Successes among successes, failures and timeouts; none before the first.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub success_rate: Option<f64>,
    pub start_latency_ms: Latency,
    /// Messages that wait for a worker.
    pub queue_depth: u64,
    /// Where they wait. Pushes and triggers that would join a queue at its limit are refused.
    pub queues: Vec<QueueView>,
    pub worker_utilisation: Utilisation,
    /// Retries among attempts started; none before the first.
    #[schema(minimum = 0.0)]
    pub retry_rate: Option<f64>,
    pub dead_letters: u64,
}

/// One pool's queue of one priority.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Queue)]
pub struct QueueView {
    #[schema(example = "default")]
    pub pool: String,
    pub priority: Priority,
    pub depth: u64,
    /// Of `depth`, beyond which pushes and triggers are answered with 429.
    pub limit: u64,
}

/// From due to start, to within 4 %; none before the first start.
#[derive(Debug, Serialize, ToSchema)]
pub struct Latency {
    pub count: u64,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p99: Option<f64>,
    pub max: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Utilisation {
    pub running: u64,
    /// Attempts that fit in at once; 0 where this process doesn't know.
    pub capacity: u64,
    #[schema(minimum = 0.0)]
    pub ratio: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    pub status: &'static str,
    pub role: Role,
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
