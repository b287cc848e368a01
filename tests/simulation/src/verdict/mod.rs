//! What must be true once faults have stopped and everything has come to rest.

mod slots;
mod store;

use belfry_domain::{Timestamp, What};

use crate::machine::State;

pub use self::store::compare;

type Verdict = Result<(), String>;

impl State {
    /// Nothing is under way any more.
    pub fn is_at_rest(&self) -> bool {
        self.unfinished().is_none() && self.leftover().is_none()
    }

    /// A row that has not ended.
    fn unfinished(&self) -> Option<String> {
        let row = self.mirror.rows.values().find(|row| row.end.is_none())?;
        Some(format!("{} is still {}", row.execution.id, row.execution.status))
    }

    /// A timer that has work to do, or that nobody has cleared away.
    fn leftover(&self) -> Option<String> {
        let now = self.time.wall();
        let timer = self.mirror.timers.values().find(|timer| !self.may_stay(&timer.key.what, timer.key.fire_at, now))?;
        Some(format!("a timer is left: {} at {}", timer.key.what, timer.key.fire_at))
    }

    /// The next slot of a paused job: the tick that reads it will remove it.
    fn may_stay(&self, what: &What, fire_at: Timestamp, now: Timestamp) -> bool {
        matches!(what, What::Slot { .. }) && fire_at > now && self.mirror.row(&what.execution_id()).is_none()
    }

    /// Everything ended, every slot once, all dependents told, all failures kept.
    pub fn judge_end(&self) -> Verdict {
        let stuck = self.unfinished().or_else(|| self.leftover());
        stuck.map_or(Ok(()), |what| Err(format!("liveness: long after the last fault, {what}")))?;
        for row in self.mirror.rows.values() {
            if let Some(end) = row.end {
                self.mirror.judge_fan_out(&row.execution, end)?;
            }
        }
        self.judge_slots()
    }
}
