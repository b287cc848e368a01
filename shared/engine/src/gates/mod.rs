//! Limits: who may pass a job's gates, who waits before them, and who is called up next.
//!
//! An execution's row and the rows of its gates change in one write, when it starts and when it
//! leaves `running` (or ends, for policies that count until the end). So the permits in a gate's
//! row are held by what runs, in every state of the store.
//!
//! Nobody waits for ever. Who is turned away writes that it waits, takes its place in line, and
//! then looks at the gate; who leaves a gate writes that, and then looks at the line: one of the
//! two sees the other. Both call up as many as may pass, which costs a message each and changes
//! nothing: the one called up must still pass. Who starts from the line calls up the next. What a
//! crash leaves uncalled is found by its own timer, at the latest an hour later, mostly within a
//! minute or two, and by everyone else who comes to the gate.
//!
//! | what | module |
//! |---|---|
//! | an execution comes to its gates | `arrive` |
//! | what becomes of one that can't pass | `turned_away` |
//! | the line, and who is called up | `line` |
//! | leaving, and the circuit by hand | here |

pub(crate) mod arrive;
pub(crate) mod line;
pub(crate) mod turned_away;

use std::time::Duration;

use belfry_domain::{Circuit, CircuitPolicy, Execution, Gate, GateKey, JobId, Status, Timestamp};

use crate::{
    Engine, EngineError, Result,
    base::gates::ATTEMPTS,
    ports::{Alert, Passed, RowWrite},
};

/// What a person does to a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitChange {
    /// Nothing starts for this long; for as long as the job says where not given.
    Open(Option<Duration>),
    /// Everything starts again.
    Close,
}

impl Engine {
    /// The same, for one that has not ended and may have kept its permits.
    pub(crate) async fn after_leaving_gates(&self, row: &Execution) -> Result<()> {
        let has_left = row.admission.as_ref().is_some_and(|admission| !admission.holds);
        if has_left { self.after_gates(row).await } else { Ok(()) }
    }

    /// After an execution has left its gates: the next may come, and people may want to know.
    pub(crate) async fn after_gates(&self, row: &Execution) -> Result<()> {
        for key in row.gates() {
            self.call_up(key).await?;
        }
        let has_circuit = row.admission.as_ref().is_some_and(|admission| admission.circuit.is_some());
        if !has_circuit || !matches!(row.status, Status::Failed | Status::TimedOut) {
            return Ok(());
        }
        let gate = self.job_gate(&row.job_id()).await?;
        if let Circuit::Open { until, by_hand: false, .. } = gate.circuit {
            self.ports.alerts.raise(Alert::CircuitOpened { job_id: row.job_id(), until }).await?;
        }
        Ok(())
    }

    /// Opens or closes a job's circuit by hand.
    pub async fn set_circuit(&self, job_id: &JobId, change: CircuitChange) -> Result<Circuit> {
        let (_, job) = self.live_job(job_id).await?;
        let Some(policy) = job.spec.circuit else {
            let message = format!("job {job_id} has no circuit breaker; give it one with `circuit: {{}}`");
            return Err(EngineError::Conflict(message));
        };
        let change =
            |gate: Gate| Gate { circuit: changed(gate.circuit, &policy, change, self.now()), ..gate };
        Ok(self.change_gate(job_id, change).await?.circuit)
    }

    /// A job that takes the name of one that was deleted begins anew. What still runs of that keeps
    /// its permits.
    pub(crate) async fn reset_gate(&self, job_id: &JobId) -> Result<()> {
        let change = |gate| Gate { circuit: Circuit::default(), next_start: None, ..gate };
        self.change_gate(job_id, change).await.map(drop)
    }

    async fn change_gate(&self, job_id: &JobId, change: impl Fn(Gate) -> Gate) -> Result<Gate> {
        let key = GateKey { job_id: job_id.clone(), key: None };
        let _turn = self.turns.take(job_id).await;
        for attempt in 0..ATTEMPTS {
            let gate = self.gate(&key).await?;
            let next = change(gate.clone());
            let writes =
                self.gate_writes(std::slice::from_ref(&key), std::slice::from_ref(&gate), vec![next.clone()]);
            if writes.is_empty() || self.ports.gates.pass(RowWrite::Nothing, writes).await? == Passed::Done {
                self.call_up(&key).await?;
                return Ok(next);
            }
            self.pause_at_gate(attempt).await;
        }
        Err(EngineError::Conflict(format!("the gate of {job_id} changes all the time; try again")))
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
