use belfry_domain::{ClaimToken, ExecutionId, JobId, Priority, Target, Timestamp};
use belfry_engine::{Leased, Pulse};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Instant;

#[derive(Debug, Serialize, ToSchema)]
pub struct LeaseAnswer {
    /// None where there was nothing to do.
    pub attempts: Vec<LeasedAttempt>,
    /// The worker is to take nothing new: let it finish what it has, and end.
    pub draining: bool,
}

/// What to run, once, and the token that it is run by.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeasedAttempt {
    /// The idempotency key.
    pub execution_id: ExecutionId,
    pub job_id: JobId,
    pub run_id: String,
    /// The fence: who has seen a higher one for this execution drops this.
    #[schema(minimum = 1)]
    pub attempt: u32,
    pub priority: Priority,
    /// For heartbeats and `:finish`.
    pub token: ClaimToken,
    pub target: Target,
    /// Null where there is none.
    pub input: Value,
    /// A heartbeat must come before.
    pub lease_until: Instant,
    /// No heartbeat prolongs it.
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

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pulse)]
pub struct PulseView {
    /// The next heartbeat must come before.
    pub lease_until: Instant,
    /// The attempt's timeout: no heartbeat prolongs it.
    pub ends_by: Instant,
    /// The attempt is to stop, and to be finished as failed.
    pub cancel_requested: bool,
    /// The worker is to take nothing new after this.
    pub draining: bool,
}

impl PulseView {
    pub fn of(Pulse { execution, ends_by }: &Pulse, draining: bool) -> Self {
        let lease_until = execution.claim.as_ref().map_or(*ends_by, |claim| claim.lease_until);
        Self {
            lease_until: lease_until.into(),
            ends_by: (*ends_by).into(),
            cancel_requested: execution.cancel_requested,
            draining,
        }
    }
}
