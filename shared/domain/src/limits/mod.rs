//! Limits: how many executions of a job may run at once, how often they may start, and whether they may
//! start at all.
//!
//! Every execution of a job with limits passes gates: the job's gate and, where the job has a
//! concurrency key, the gate of that key. A gate is a row of the store. It holds the executions that
//! have a permit, the instant of the next allowed start, and the circuit breaker. The rows of the
//! execution and of its gates change in one transaction, so the gates always agree with what runs.
//! Permits are a set of ids, never a counter: taking or returning a permit twice is harmless, and the
//! set can be checked against the executions.

mod admission;
mod gate;
mod key;
mod rate;

use serde::{Deserialize, Serialize};

pub use self::{
    admission::{Admission, Exit, Place},
    gate::{Closed, Gate, GateKey, Why, leave_all},
    key::KeyExpression,
    rate::RateLimit,
};
use crate::{CircuitPolicy, Execution, JobId, Timestamp};

/// Maximum number of permits of one gate. Its row holds an id for each permit, and is billed by its
/// size.
pub const MAX_CONCURRENCY: u32 = 1000;

/// Policy for an execution that finds `max_concurrency` others of its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Concurrency {
    /// Executions overlap without a limit.
    Allow,
    /// The execution waits for a permit. Running executions hold one; an execution that waits for a retry
    /// does not.
    #[default]
    Queue,
    /// The execution is skipped while another one has started and not ended; the wait for a retry counts as
    /// started.
    Forbid,
    /// The oldest execution is cancelled; the new one starts when it has ended.
    Replace,
}

/// Limits of one gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cap {
    pub permits: Option<u32>,
    pub rate: Option<RateLimit>,
    pub circuit: Option<CircuitPolicy>,
}

/// Limits of a job. At least one of them is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub concurrency: Concurrency,
    pub job: Cap,
    /// Expression that gives the key, and the limits of each key.
    pub key: Option<(KeyExpression, Cap)>,
}

impl Cap {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Limits {
    /// Limits, or `None` where nothing is limited.
    pub fn new(concurrency: Concurrency, job: Cap, key: Option<(KeyExpression, Cap)>) -> Option<Self> {
        let is_limited = !job.is_none() || key.as_ref().is_some_and(|(_, cap)| !cap.is_none());
        is_limited.then_some(Self { concurrency, job, key })
    }

    /// Gates that an execution with this input passes, the job's first.
    pub fn gates(&self, job_id: &JobId, input: &serde_json::Value) -> Vec<GateKey> {
        let job = GateKey { job_id: job_id.clone(), key: None };
        let key = self.key.as_ref().map(|(expression, _)| {
            let key = Some(expression.value_in(input));
            GateKey { job_id: job_id.clone(), key }
        });
        std::iter::once(job).chain(key).collect()
    }

    /// Limits of this gate.
    pub fn cap(&self, gate: &GateKey) -> Cap {
        match (&gate.key, &self.key) {
            (None, _) => self.job,
            (Some(_), Some((_, cap))) => *cap,
            (Some(_), None) => Cap::default(),
        }
    }

    /// Lets a row that starts at `now` through its gates, and returns the gates after that. `place` is where
    /// it has waited in line. An execution that has kept its permits passes no gates.
    ///
    /// # Errors
    /// The first gate that the execution can't pass, with the reason.
    pub fn admit(
        &self,
        started: &mut Execution,
        place: Option<&Place>,
        keys: &[GateKey],
        gates: &[Gate],
        now: Timestamp,
    ) -> Result<Vec<Gate>, Closed> {
        let admission = started.admission.take().unwrap_or_default();
        if admission.holds {
            started.admission = Some(admission);
            return Ok(vec![]);
        }
        let (has_waited, rank) = (place.is_some(), place.map_or(0, |place| place.rank));
        let mut passed = Vec::with_capacity(gates.len());
        for (index, (key, gate)) in keys.iter().zip(gates).enumerate() {
            let entered = gate.enter(&started.id, &self.cap(key), started.attempt == 1, now);
            let mut next = entered.map_err(|why| Closed { gate: index, why })?;
            if key.key.is_none() {
                next.rank = next.rank.max(rank);
            }
            passed.push(next);
        }
        started.admission =
            Some(Box::new(Admission { holds: true, has_waited, ..Admission::new(self, keys.to_vec()) }));
        Ok(passed)
    }

    /// Whether permits are kept until the execution's end, not only while an attempt runs.
    pub fn holds_until_end(&self) -> bool {
        matches!(self.concurrency, Concurrency::Forbid | Concurrency::Replace)
    }
}
