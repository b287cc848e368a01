//! Key figures.

use belfry_domain::Priority;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

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
