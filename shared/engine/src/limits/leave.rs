//! Departures from gates: when an execution has left, the next may come.

use belfry_domain::{Circuit, Execution, Status};

use crate::{Engine, Result, ports::Alert};

impl Engine {
    /// Calls `after_gates` unless the execution has kept its permits (`concurrency: forbid` and
    /// `replace` hold them across retries).
    pub(crate) async fn after_leaving_gates(&self, row: &Execution) -> Result<()> {
        let has_left = row.admission.as_ref().is_some_and(|admission| !admission.holds);
        if has_left { self.after_gates(row).await } else { Ok(()) }
    }

    /// Follows up after an execution has left its gates: sends messages to the next executions in line,
    /// and raises an alert if the circuit has opened.
    pub(crate) async fn after_gates(&self, row: &Execution) -> Result<()> {
        for key in row.gates() {
            self.wake_next(key).await?;
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
}
