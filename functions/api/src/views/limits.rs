use belfry_domain::{Circuit, ExecutionId, Gate, Place};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// How a job's limits stand. Only in the answer for a single job, and only of one with limits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitsState)]
pub struct LimitsView {
    /// Those that hold a permit of `max_concurrency`.
    pub running: Vec<ExecutionId>,
    /// The first of those that wait for their turn under a limit of the job, at most 100. What waits for a place
    /// of its key is listed with its executions.
    pub waiting: Vec<ExecutionId>,
    /// By the rate limit: nothing starts before.
    pub next_start_at: Option<Instant>,
    /// Of a job with a circuit breaker.
    pub circuit: Option<CircuitView>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CircuitState {
    /// Everything starts.
    Closed,
    /// Slots are skipped, what was accepted waits.
    Open,
    /// One execution is tried.
    HalfOpen,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Circuit)]
pub struct CircuitView {
    pub state: CircuitState,
    /// Failed executions in a row.
    pub failures: u32,
    /// Of an open one: when it lets one execution through.
    pub until: Option<Instant>,
    /// Somebody has opened it, and no success closes it before then.
    pub by_hand: bool,
}

impl LimitsView {
    pub fn of(gate: Gate, line: Vec<(Place, ExecutionId)>, has_circuit: bool) -> Self {
        Self {
            running: gate.holders.into_iter().collect(),
            waiting: line.into_iter().map(|(_, id)| id).collect(),
            next_start_at: gate.next_start.map(Instant),
            circuit: has_circuit.then(|| gate.circuit.into()),
        }
    }
}

impl From<Circuit> for CircuitView {
    fn from(circuit: Circuit) -> Self {
        let (state, until) = match circuit {
            Circuit::Closed { .. } => (CircuitState::Closed, None),
            Circuit::Open { until, .. } => (CircuitState::Open, Some(Instant(until))),
            Circuit::HalfOpen { .. } => (CircuitState::HalfOpen, None),
        };
        let by_hand = matches!(circuit, Circuit::Open { by_hand: true, .. });
        Self { state, failures: circuit.failures(), until, by_hand }
    }
}
