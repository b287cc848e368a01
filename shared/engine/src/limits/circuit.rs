//! Circuits that people open and close by hand.

use std::time::Duration;

use belfry_domain::{Circuit, CircuitPolicy, Gate, GateKey, JobId, Timestamp};

use crate::{
    Engine, EngineError, Result,
    base::retry::MANY_ATTEMPTS,
    ports::{Passed, RowWrite},
};

/// Manual change of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitChange {
    /// Opens the circuit for this long, or for the job's `open_for` where no time is given.
    Open(Option<Duration>),
    /// Closes the circuit.
    Close,
}

impl Engine {
    /// Opens or closes a job's circuit by hand.
    ///
    /// # Errors
    /// The job does not exist, or has no circuit breaker.
    pub async fn set_circuit(&self, job_id: &JobId, change: CircuitChange) -> Result<Circuit> {
        let (_, job) = self.live_job(job_id).await?;
        let Some(policy) = job.spec.circuit else {
            let message =
                format!("job {job_id} has no circuit breaker; add `circuit: {{}}` to its definition");
            return Err(EngineError::Conflict(message));
        };
        let change =
            |gate: Gate| Gate { circuit: changed(gate.circuit, &policy, change, self.now()), ..gate };
        Ok(self.change_gate(job_id, change).await?.circuit)
    }

    /// Resets the gate for a new job with the name of a deleted one. Executions of the deleted job that
    /// still run keep their permits.
    pub(crate) async fn reset_gate(&self, job_id: &JobId) -> Result<()> {
        let change = |gate| Gate { circuit: Circuit::default(), next_start: None, ..gate };
        self.change_gate(job_id, change).await.map(drop)
    }

    async fn change_gate(&self, job_id: &JobId, change: impl Fn(Gate) -> Gate) -> Result<Gate> {
        let key = GateKey { job_id: job_id.clone(), key: None };
        let _turn = self.turns.take(job_id).await;
        let what = || format!("the limits of {job_id}");
        let changed = self
            .retry_contended(what, MANY_ATTEMPTS, || async {
                let gate = self.gate(&key).await?;
                let next = change(gate.clone());
                let (key, gate) = (std::slice::from_ref(&key), std::slice::from_ref(&gate));
                let writes = self.gate_writes(key, gate, vec![next.clone()]);
                let is_changed = writes.is_empty()
                    || self.ports.gates.pass(RowWrite::Nothing, writes).await? == Passed::Done;
                Ok(is_changed.then_some(next))
            })
            .await?;
        self.wake_next(&key).await?;
        Ok(changed)
    }
}

fn changed(circuit: Circuit, policy: &CircuitPolicy, change: CircuitChange, now: Timestamp) -> Circuit {
    match change {
        CircuitChange::Close => Circuit::default(),
        CircuitChange::Open(open_for) => Circuit::Open {
            until: now.plus(open_for.unwrap_or(policy.open_for)),
            failures: circuit.failures(),
            by_hand: true,
        },
    }
}
