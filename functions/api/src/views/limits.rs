use belfry_domain::{Circuit, ExecutionId, Gate, Place};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// State of a job's limits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitsState)]
pub struct LimitsView {
    /// Executions that hold a permit of `max_concurrency`.
    pub running: Vec<ExecutionId>,
    /// Executions that wait for their turn under a limit of the job, the first 100. An execution that waits
    /// under a limit per key is not listed here.
    pub waiting: Vec<ExecutionId>,
    /// Earliest next start by the rate limit. `null` where one may start now.
    pub next_start_at: Option<Instant>,
    /// State of the circuit breaker. `null` for a job without one.
    pub circuit: Option<CircuitView>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CircuitState {
    /// Executions start.
    Closed,
    /// Slots are skipped, and accepted executions wait.
    Open,
    /// One execution is tried.
    HalfOpen,
}

/// State of a circuit breaker.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Circuit)]
pub struct CircuitView {
    /// Whether executions start.
    pub state: CircuitState,
    /// Number of failed executions in a row.
    pub failures: u32,
    /// Instant at which an open circuit lets one execution through. `null` unless it is open.
    pub until: Option<Instant>,
    /// Whether a person opened the circuit; then no success closes it before `until`.
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
