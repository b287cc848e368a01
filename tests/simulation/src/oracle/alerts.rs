//! Alerts: they are what people should know, not more and not less, and the receiver believes them.

use std::collections::BTreeSet;

use belfry_domain::{Status, Trigger};
use belfry_engine::ports::{AlertKind, key_of};

use super::Verdict;
use crate::{machine::State, shadow::Row};

impl State {
    pub(super) fn judge_alerts(&self) -> Verdict {
        for id in &self.shadow.open_letters {
            if !self.shadow.has_open_alert(&self.shadow.alert_of_letter(id)) {
                return Err(format!("alerts: the dead letter {id} has none"));
            }
        }
        for row in self.shadow.rows.values().filter(|row| self.is_late(row)) {
            let id = &row.execution.id;
            if !self.shadow.has_heard_of(&key_of(AlertKind::MissedDeadline, Some(id.as_str()))) {
                return Err(format!("alerts: {id} missed its deadline and nobody heard of it"));
            }
        }
        // Nobody opens one by hand here.
        for job in self.shadow.live_jobs().filter(|job| self.shadow.is_broken_off(&job.spec.job_id)) {
            let key = key_of(AlertKind::CircuitOpened, Some(job.spec.job_id.as_str()));
            if !self.shadow.has_open_alert(&key) {
                return Err(format!(
                    "alerts: the circuit of {} is open and nobody heard of it",
                    job.spec.job_id
                ));
            }
        }
        let open = || self.shadow.alerts.values().filter(|row| row.is_open());
        for row in open() {
            if let Some(group) = row.group.as_ref().filter(|group| !self.shadow.has_open_alert(group)) {
                return Err(format!("alerts: {group} stands for {}, and is not open", row.key));
            }
        }
        let open: BTreeSet<&String> = open().filter(|row| row.group.is_none()).map(|row| &row.key).collect();
        let believed: BTreeSet<&String> = self.shadow.believed.iter().collect();
        match open.symmetric_difference(&believed).next() {
            None => Ok(()),
            Some(key) => Err(format!("alerts: {key} is not what its receiver believes")),
        }
    }

    /// Whether a fired slot's execution ended after the job's `must_finish_by`. Executions that were
    /// cancelled or skipped had no such deadline.
    fn is_late(&self, row: &Row) -> bool {
        let row = &row.execution;
        let by = self.shadow.newest(&row.job_id()).and_then(|job| job.spec.must_finish_by);
        let ran = matches!(row.status, Status::Success | Status::Failed | Status::TimedOut);
        let (Trigger::Schedule, true, Some(by), Some(slot)) = (row.trigger, ran, by, row.id.first_of_slot())
        else {
            return false;
        };
        row.end_time.is_some_and(|end| end > slot.plus(by.0))
    }
}
