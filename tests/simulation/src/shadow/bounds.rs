//! When things happen, once nothing disturbs them: invariant 9.

use belfry_domain::{AttemptOutcome, Execution, Status, Trigger};

use crate::machine::State;

/// A lost attempt is taken up so long after its lease, counted in ticks: what the sweep waits for
/// comes on top.
const TAKEN_UP_TICKS: u64 = 1;
/// Calls that take their turns.
const SLACK_MS: u64 = 10_000;

impl State {
    /// From some time after now on, bounds hold again: what was under way has been tried again.
    pub fn disturb(&mut self, for_ms: u64) {
        let until_ms = self.time.now_ms + for_ms + self.pace.lead_ms + self.pace.tick_ms;
        self.disturbed_until_ms = self.disturbed_until_ms.max(until_ms);
    }

    /// How long it has been calm. What a clock that was ahead has written lasts too long for ever.
    fn calm_ms(&self) -> u64 {
        let is_promised = self.shadow.clocks_moved_ms.is_none() && !self.shadow.is_punctual;
        if is_promised { self.time.now_ms.saturating_sub(self.disturbed_until_ms) } else { 0 }
    }

    /// Whatever an attempt had waited or run before, its death is noticed in time.
    pub fn judge_taken_up(&mut self, process: usize, old: &Execution, new: &Execution) {
        let was_lost = new
            .attempts
            .last()
            .is_some_and(|last| last.number == old.attempt && last.outcome == AttemptOutcome::Lost);
        let Some(claim) = old.claim.as_ref().filter(|_| old.status == Status::Running && was_lost) else {
            return;
        };
        let over_ms = self.wall_of(process).since(claim.lease_until).as_millis() as u64;
        let waited_ms = over_ms.min(self.calm_ms());
        let bound_ms =
            self.pace.margin_ms + self.pace.grace_ms + TAKEN_UP_TICKS * self.pace.tick_ms + SLACK_MS;
        if waited_ms > 0 {
            self.coverage.add("bound: a lost attempt");
        }
        if waited_ms > bound_ms {
            self.violate(|| format!("9: {} was taken up {waited_ms} ms after its lease", new.id));
        }
    }

    /// A slot of calm times starts in time, whatever had been before.
    pub fn judge_slot_start(&mut self, process: usize, row: &Execution) {
        let is_slot = row.trigger == Trigger::Schedule && row.status == Status::Running;
        let calm_ms = self.calm_ms();
        let late_ms = self.wall_of(process).since(row.ready_at).as_millis() as u64;
        if !is_slot || late_ms >= calm_ms {
            return;
        }
        self.coverage.add("bound: a slot");
        // One whose chain was cut off goes on when the sweep comes to it.
        let bound_ms = self.pace.grace_ms + 2 * self.pace.tick_ms + SLACK_MS;
        if late_ms > bound_ms {
            self.violate(|| format!("9: {} started {late_ms} ms late", row.id));
        }
    }
}
