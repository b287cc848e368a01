//! Backfills: every slot of one that came to its end has run, or was left alone because it had run
//! before.

use belfry_domain::{Backfill, BackfillStatus, ExecutionId};

use super::Verdict;
use crate::machine::State;

impl State {
    pub(super) fn judge_backfilled_slots(&self) -> Verdict {
        let finished = |row: &&Backfill| row.status == BackfillStatus::Finished;
        for row in self.shadow.backfills.values().filter(finished) {
            self.judge_range(row)?;
            if row.tally.done() != row.slots {
                return Err(format!(
                    "backfill {} has counted {:?} of {} slots",
                    row.id, row.tally, row.slots
                ));
            }
        }
        Ok(())
    }

    fn judge_range(&self, row: &Backfill) -> Verdict {
        let versions = self.shadow.jobs.get(&row.job_id);
        let pinned = versions.and_then(|all| all.iter().find(|job| job.version == row.job_version));
        let Some(schedule) = pinned.and_then(|job| job.schedule()) else { return Ok(()) };
        let following = |slot: &_| row.range.following(schedule, *slot);
        for slot in std::iter::successors(row.range.first(schedule), following) {
            let id = ExecutionId::scheduled(&row.job_id, slot);
            if self.shadow.row(&id).is_none() {
                return Err(format!("liveness: {id} never came to be, backfill {} named it", row.id));
            }
        }
        Ok(())
    }
}
