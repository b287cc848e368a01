use belfry_domain::{ClaimToken, ExecutionId, JobId, Priority, Target, Timestamp};
use belfry_engine::{HeartbeatReply, Leased};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Instant;

/// Attempts for a worker.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaseAnswer {
    /// Attempts that the worker now holds; empty when there was no work.
    pub attempts: Vec<LeasedAttempt>,
    /// Whether the worker is being drained: it should finish its attempts and exit.
    pub draining: bool,
}

/// One attempt to run once, and the token that proves the lease.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeasedAttempt {
    /// Execution of the attempt; also the idempotency key for what the attempt does.
    pub execution_id: ExecutionId,
    /// Job of the execution, or the name that it was pushed under.
    pub job_id: JobId,
    /// Run that the execution belongs to.
    pub run_id: String,
    /// Number of the attempt, from 1. A receiver that has seen a higher number for this execution must
    /// ignore this attempt.
    #[schema(minimum = 1)]
    pub attempt: u32,
    /// Class in which the execution waited.
    pub priority: Priority,
    /// Proof of the lease, for heartbeats and `:finish`.
    pub token: ClaimToken,
    /// Work to do.
    pub target: Target,
    /// Input of the execution. `null` where there is none.
    pub input: Value,
    /// End of the lease. A heartbeat must arrive before it.
    pub lease_until: Instant,
    /// Time limit of the attempt in milliseconds, from its start. Heartbeats do not extend it.
    pub timeout_ms: u64,
}

impl LeaseAnswer {
    pub fn of(leased: Vec<Leased>) -> Self {
        Self { attempts: leased.into_iter().map(LeasedAttempt::from).collect(), draining: false }
    }
}

impl From<Leased> for LeasedAttempt {
    fn from(leased: Leased) -> Self {
        let Leased { execution, token, work, input, timeout } = leased;
        Self {
            job_id: execution.job_id(),
            run_id: execution.run.id,
            attempt: token.attempt,
            priority: execution.priority,
            token,
            target: work.target,
            input,
            lease_until: execution.claim.map_or(Timestamp::MIN, |claim| claim.lease_until).into(),
            timeout_ms: timeout.as_millis() as u64,
            execution_id: execution.id,
        }
    }
}

/// State of a leased attempt after a heartbeat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeartbeatReply)]
pub struct HeartbeatReplyView {
    /// New end of the lease. The next heartbeat must arrive before it.
    pub lease_until: Instant,
    /// End of the attempt by its timeout. Heartbeats do not extend it.
    pub ends_by: Instant,
    /// Whether the attempt should stop and be finished as failed.
    pub cancel_requested: bool,
    /// Whether the worker is being drained: it should finish its attempts and exit.
    pub draining: bool,
}

impl HeartbeatReplyView {
    pub fn of(HeartbeatReply { execution, ends_by }: &HeartbeatReply, draining: bool) -> Self {
        let lease_until = execution.claim.as_ref().map_or(*ends_by, |claim| claim.lease_until);
        Self {
            lease_until: lease_until.into(),
            ends_by: (*ends_by).into(),
            cancel_requested: execution.cancel_requested,
            draining,
        }
    }
}
