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

mod arrive;
mod line;
mod turned_away;

use std::time::Duration;

use belfry_domain::{
    Change, Circuit, CircuitPolicy, Execution, Gate, GateKey, JobId, Status, Timestamp, leave_all,
    stable_hash,
};
use futures::lock::{Mutex, MutexGuard};

pub(crate) use self::arrive::{Arrival, Arrived, Fresh};
use crate::{
    Engine, EngineError, Result,
    ports::{Alert, Applied, GateWrite, Passed, RowWrite, StoreError},
};

/// Gates change under each other's hands: so often one is looked at again.
const ATTEMPTS: u32 = 100;
/// The longest pause before that.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Within a process, those who come to the gates of one job do so one after another: they would
/// only be in each other's way.
pub(crate) struct Turns([Mutex<()>; 64]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Turns {
    async fn take(&self, job_id: &JobId) -> MutexGuard<'_, ()> {
        let place = stable_hash(job_id.as_str().bytes()) % self.0.len() as u64;
        self.0[place as usize].lock().await
    }
}

/// What a person does to a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitChange {
    /// Nothing starts for this long; for as long as the job says where not given.
    Open(Option<Duration>),
    /// Everything starts again.
    Close,
}

impl Engine {
    /// A change of a row, with what it means for the row's gates. What changes no gate costs what
    /// any write of a row does.
    pub(crate) async fn write(&self, change: Change) -> std::result::Result<Applied, StoreError> {
        let Some(exit) = change.exit else { return self.ports.executions.apply(change).await };
        let keys = change.row.gates().to_vec();
        let _turn = self.turns.take(&change.row.job_id()).await;
        for attempt in 0..ATTEMPTS {
            let gates = self.ports.gates.gates(&keys).await?;
            let left = leave_all(&gates, &change.row.id, exit, self.now());
            let writes = self.gate_writes(&keys, &gates, left);
            if writes.is_empty() {
                return self.ports.executions.apply(change).await;
            }
            match self.ports.gates.pass(RowWrite::Changed(Box::new(change.clone())), writes).await? {
                Passed::Done => return Ok(Applied::Won),
                Passed::RowMoved(row) => return Ok(Applied::Lost(row)),
                Passed::GateMoved => self.pause_at_gate(attempt).await,
            }
        }
        Err(StoreError::Unavailable(format!("the gates of {} change all the time", change.row.id)))
    }

    /// What is to be written, of gates that were read and what they are to become.
    fn gate_writes(&self, keys: &[GateKey], read: &[Gate], next: Vec<Gate>) -> Vec<GateWrite> {
        let now = self.now();
        let pairs = keys.iter().zip(read).zip(next).filter(|((_, read), next)| **read != *next);
        pairs
            .map(|((key, read), next)| {
                // Below 2^63, for stores whose numbers have a sign; and never the one of no row.
                let gate = Gate { revision: (self.ports.random.next() >> 1).max(1), ..next };
                let gate = Some(gate).filter(|gate| !gate.is_blank(now));
                GateWrite { key: key.clone(), expected: read.revision, gate }
            })
            .collect()
    }

    async fn pause_at_gate(&self, attempt: u32) {
        let longest = Duration::from_millis(1 << attempt.min(10)).min(LONGEST_PAUSE);
        self.ports.clock.sleep(longest.mul_f64(self.ports.random.fraction())).await;
    }

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

    async fn gate(&self, key: &GateKey) -> Result<Gate> {
        Ok(self.ports.gates.gates(std::slice::from_ref(key)).await?.pop().unwrap_or_default())
    }

    /// How a job's limits stand.
    pub async fn job_gate(&self, job_id: &JobId) -> Result<Gate> {
        self.gate(&GateKey { job_id: job_id.clone(), key: None }).await
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
