//! Slots: every slot of every job that makes up for what it missed has run, once.

use belfry_domain::{ExecutionId, Job, MisfirePolicy, Timestamp};

use super::Verdict;
use crate::machine::State;

impl State {
    pub(super) fn judge_slots(&self) -> Verdict {
        for versions in self.shadow.jobs.values() {
            for (job, until) in windows(versions, self.time.wall()) {
                self.judge_window(job, until)?;
            }
        }
        Ok(())
    }

    fn judge_window(&self, job: &Job, until: Timestamp) -> Verdict {
        let Some(schedule) = job.schedule() else { return Ok(()) };
        let slots = schedule.upcoming(job.updated_at.to_utc()).map(Timestamp::from);
        for slot in slots.take_while(|slot| *slot <= until) {
            let id = ExecutionId::scheduled(job.id(), slot);
            if self.shadow.row(&id).is_none() {
                return Err(format!(
                    "liveness: {id} never came to be, version {} of its job named it",
                    job.version
                ));
            }
        }
        Ok(())
    }
}

/// Versions of a job, each with the last instant whose slots are its own. Slots that a pause held up
/// are made up for when it ends. Left out: jobs that were deleted or changed while they were paused,
/// and those whose versions a clock has put out of order.
fn windows(versions: &[Job], now: Timestamp) -> Vec<(&Job, Timestamp)> {
    let ends = versions.iter().skip(1).map(|next| next.updated_at);
    let last = versions.last().map(|job| job.paused_at().unwrap_or(now));
    let windows: Vec<_> = versions.iter().zip(ends.chain(last)).collect();
    let makes_up = |job: &Job| {
        job.spec.misfire == MisfirePolicy::All && job.spec.misfire_cap.is_some_and(|cap| cap >= 1000)
    };
    let is_simple = versions.iter().all(|job| !job.deleted && makes_up(job))
        && versions.windows(2).all(|pair| pair[0].paused_at().is_none() || pair[1].paused_at().is_none())
        && versions.iter().all(|job| job.paused_at().is_none_or(|paused_at| paused_at >= job.updated_at))
        && windows.iter().all(|(job, until)| job.updated_at <= *until);
    if is_simple { windows } else { Vec::new() }
}
