//! Alerts, as written, and what their receiver believes.

use belfry_domain::{Circuit, ExecutionId, GateKey, JobId};
use belfry_engine::ports::{Alert, AlertKind, AlertRow};

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

    /// Takes in the row of an alert, as written.
    pub fn keep_alert(&mut self, row: &AlertRow) {
        if let Some(group) = &row.group {
            self.groups.insert(row.key.clone(), group.clone());
        }
        self.alerts.insert(row.key.clone(), row.clone());
    }

    /// Whether the receiver has heard of this alert, or of one that stands for it.
    pub fn has_heard_of(&self, key: &str) -> bool {
        self.heard.contains(key) || self.groups.get(key).is_some_and(|group| self.heard.contains(group))
    }

    /// Key of the alert that a dead letter raises.
    pub fn alert_of_letter(&self, id: &ExecutionId) -> String {
        let reason = self.row(id).and_then(|row| row.reason.clone()).unwrap_or_default();
        Alert::DeadLetter { id: id.clone(), reason }.key()
    }

    /// Alert that still has to be looked at, or to be sent to the receiver.
    pub fn untended_alert(&self) -> Option<&AlertRow> {
        self.alerts.values().find(|row| row.is_news_to(RECEIVER) || (row.is_open() && self.is_over(row)))
    }

    fn is_over(&self, row: &AlertRow) -> bool {
        if row.members.is_some() {
            return !self
                .alerts
                .values()
                .any(|other| other.is_open() && other.group.as_ref() == Some(&row.key));
        }
        match row.kind {
            AlertKind::DeadLetter => !self.open_letters.iter().any(|id| self.alert_of_letter(id) == row.key),
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

    pub fn has_open_alert(&self, key: &str) -> bool {
        self.alerts.get(key).is_some_and(AlertRow::is_open)
    }
}
