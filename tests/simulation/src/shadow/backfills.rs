//! Backfills, as written: they keep their timer and their bound, and forget no slot.

use std::collections::BTreeSet;

use belfry_domain::{Backfill, BackfillId, BackfillStatus, Execution, ExecutionId, Trigger, What};

use super::Shadow;
use crate::machine::State;

type Verdict = Result<(), String>;

impl State {
    pub fn saw_backfill(&mut self, process: usize, row: &Backfill) {
        if self.shadow.backfills.get(&row.id) == Some(row) {
            self.coverage.add("backfill: the same was written");
            return;
        }
        let (status, open, next) = (row.status.as_str(), row.open.len(), row.next);
        self.note(process, || {
            format!("backfill {} {status} r{} open {open} next {next:?}", row.id, row.revision)
        });
        self.coverage.add(match row.status {
            BackfillStatus::Running => "backfill: running",
            BackfillStatus::Paused => "backfill: paused",
            BackfillStatus::Cancelled => "backfill: cancelled",
            BackfillStatus::Finished => "backfill: finished",
        });
        if row.open.iter().any(|id| id.generation() > 1) {
            self.coverage.add("backfill: a slot that was skipped");
        }
        let oracle = self.shadow.judge_backfill(row);
        self.shadow.backfills.insert(row.id.clone(), row.clone());
        self.shadow.backfills_touched = true;
        self.judge(oracle);
    }
}

impl Shadow {
    fn judge_backfill(&self, row: &Backfill) -> Verdict {
        let id = &row.id;
        if row.open.len() > row.concurrency as usize {
            return Err(format!("8: backfill {id} has {} open, beyond {}", row.open.len(), row.concurrency));
        }
        let names: BTreeSet<&ExecutionId> = row.open.iter().collect();
        if names.len() < row.open.len() {
            return Err(format!("2: backfill {id} names an execution twice"));
        }
        if row.tally.done() as usize + row.open.len() > row.slots as usize {
            return Err(format!("2: backfill {id} has counted more than its {} slots", row.slots));
        }
        let Some(old) = self.backfills.get(id) else { return Ok(()) };
        if row.revision <= old.revision || old.is_over() {
            return Err(format!("3: backfill {id}: revision {} after {}", row.revision, old.revision));
        }
        self.judge_closed(old, row)
    }

    /// Checks that executions leave the open ones only when they have ended, or when the backfill is
    /// cancelled and they never come to be.
    fn judge_closed(&self, old: &Backfill, new: &Backfill) -> Verdict {
        let is_cancelled = new.status == BackfillStatus::Cancelled;
        let is_settled = |id: &&ExecutionId| match self.row(id) {
            Some(row) => row.status.is_terminal() || is_cancelled,
            None => is_cancelled,
        };
        let closed = old.open.iter().filter(|id| !new.open.contains(id));
        match closed.into_iter().find(|id| !is_settled(id)) {
            Some(id) => Err(format!("1: backfill {} has let go of {id}, which has not ended", new.id)),
            None => Ok(()),
        }
    }

    /// Checks that each backfill that is not over has a timer.
    pub(super) fn judge_backfills(&self) -> Verdict {
        for row in self.backfills.values().filter(|row| !row.is_over()) {
            if !self.has_timer(&row.id) {
                return Err(format!("1: backfill {} is {} and has no timer", row.id, row.status.as_str()));
            }
        }
        Ok(())
    }

    pub fn has_timer(&self, id: &BackfillId) -> bool {
        let is_its = |what: &What| matches!(what, What::Backfill { backfill_id } if backfill_id == id);
        self.timers.keys().any(|key| is_its(&key.what))
    }

    /// Checks that a backfill's row named the execution before it was made.
    pub(super) fn judge_backfilled(&self, row: &Execution) -> Verdict {
        let is_named = || self.backfills.values().any(|backfill| backfill.open.contains(&row.id));
        // After a cancellation, one that was about to be created may still come.
        let is_late = || self.backfills.values().any(|one| one.status == BackfillStatus::Cancelled);
        if row.trigger != Trigger::Backfill || is_named() || is_late() {
            return Ok(());
        }
        Err(format!("1: {} was made by a backfill that does not name it", row.id))
    }
}
