//! An execution has left its gates: the next may come.

use belfry_domain::{Circuit, Execution, Status};

use crate::{Engine, Result, ports::Alert};

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
}
