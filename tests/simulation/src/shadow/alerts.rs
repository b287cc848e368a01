//! Alerts, as written, and what their receiver believes.

use belfry_domain::{Circuit, GateKey, JobId};
use belfry_engine::ports::{AlertKind, AlertRow, key_of};

use super::Shadow;

pub const RECEIVER: &str = "receiver";

impl Shadow {
    pub fn hear(&mut self, alert: &AlertRow) {
        self.heard.insert(alert.key.clone());
        if alert.is_open() {
            self.believed.insert(alert.key.clone());
        } else {
            self.believed.remove(&alert.key);
        }
    }

    /// Alert that still has to be looked at, or to be sent to the receiver.
    pub fn untended_alert(&self) -> Option<&AlertRow> {
        self.alerts.values().find(|row| row.is_news_to(RECEIVER) || (row.is_open() && self.is_over(row)))
    }

    fn is_over(&self, row: &AlertRow) -> bool {
        match row.kind {
            AlertKind::DeadLetter => !self.open_letters.iter().any(|id| Some(id.job_id()) == row.job_id),
            AlertKind::MissedDeadline => row
                .execution_id
                .as_ref()
                .and_then(|id| self.row(id))
                .is_some_and(|row| row.status.is_terminal()),
            AlertKind::CircuitOpened => row.job_id.as_ref().is_some_and(|job_id| !self.is_broken_off(job_id)),
            _ => false,
        }
    }

    /// Whether the job's circuit breaker keeps it from starting.
    pub fn is_broken_off(&self, job_id: &JobId) -> bool {
        let has_circuit = self.newest(job_id).is_some_and(|job| !job.deleted && job.spec.circuit.is_some());
        let gate = self.gates.get(&GateKey { job_id: job_id.clone(), key: None });
        has_circuit && gate.is_some_and(|gate| !matches!(gate.circuit, Circuit::Closed { .. }))
    }

    pub fn has_open_alert(&self, kind: AlertKind, about: &str) -> bool {
        self.alerts.get(&key_of(kind, Some(about))).is_some_and(AlertRow::is_open)
    }
}
