//! Slots that were missed, or lay in a pause: the policy of their job decides which of them are fired.

use std::collections::BTreeMap;

use belfry_domain::{
    Job, JobId, Misfire, MisfirePolicy, Timer, Timestamp, What, misfire::missed_before_under,
};

use crate::machine::State;

impl State {
    /// Checks that of the slots that this write fires for the first time, no more were missed than the
    /// policy makes up for: by the clock as it was when the same task read the job, which is before it
    /// looked at the clock to decide. What lies before slots that were fired already fills a hole.
    pub fn judge_misfires(&mut self, timers: &[Timer]) {
        let mut missed: BTreeMap<JobId, usize> = BTreeMap::new();
        for timer in timers {
            let What::Slot { job_id, slot } = &timer.key.what else { continue };
            if self.is_news(timer, job_id) && self.is_missed(job_id, *slot) {
                *missed.entry(job_id.clone()).or_default() += 1;
            }
        }
        for (job_id, count) in missed {
            let Some(job) = self.shadow.newest(&job_id).cloned() else { continue };
            self.judge_count(&job, count, "were missed");
        }
    }

    /// Checks that of the slots that a pause covered no more are fired than the policy makes up for,
    /// however young they are.
    pub fn judge_resumed(&mut self, jobs: &[Job], timers: &[Timer]) {
        for job in jobs {
            let before = self.shadow.newest(job.id()).filter(|before| before.paused_at().is_some());
            let Some(before) = before.cloned() else { continue };
            if job.paused_at().is_some() || job.deleted {
                continue;
            }
            let is_of_pause = |timer: &&Timer| matches!(&timer.key.what, What::Slot { job_id, slot } if job_id == job.id() && *slot <= job.updated_at);
            let count = timers.iter().filter(is_of_pause).count();
            self.judge_count(&before, count, "lay in a pause");
        }
    }

    pub fn passed_over(&mut self, job_id: &JobId) {
        match self.shadow.newest(job_id).map(|job| job.spec.misfire) {
            Some(MisfirePolicy::Skip) => self.met("misfire: skip"),
            Some(MisfirePolicy::Latest) => self.met("misfire: latest"),
            Some(MisfirePolicy::All) => self.met("misfire: all"),
            None => {}
        }
    }

    fn judge_count(&mut self, job: &Job, count: usize, how: &str) {
        let (policy, cap) = (job.spec.misfire, job.spec.misfire_cap.unwrap_or(Misfire::default().cap));
        let (name, most) = match policy {
            MisfirePolicy::Skip => ("misfire: skip", 0),
            MisfirePolicy::Latest => ("misfire: latest", 1),
            MisfirePolicy::All => ("misfire: all", cap as usize),
        };
        if count > 0 {
            self.met(name);
        }
        if count > most {
            self.violate(|| {
                format!(
                    "misfire: {count} slots of {} that {how} are fired, its policy is {policy:?}",
                    job.id()
                )
            });
        }
    }

    fn is_news(&self, timer: &Timer, job_id: &JobId) -> bool {
        let known = self.shadow.slots_of.get(job_id).into_iter().flatten();
        let later = known.filter(|key| key.fire_at >= timer.key.fire_at);
        later.into_iter().next().is_none()
    }

    fn is_missed(&self, job_id: &JobId, slot: Timestamp) -> bool {
        let Some((job, read)) =
            self.shadow.newest(job_id).zip(self.shadow.reads.get(&(self.current_task, job_id.clone())))
        else {
            return false;
        };
        let Some(schedule) = job.schedule() else { return false };
        // Nobody has missed what is younger than a minute, of a job that has just been defined.
        let is_new = job.updated_at.0 + 60_000 > read.at.0;
        let policy = if is_new { MisfirePolicy::Latest } else { job.spec.misfire };
        let latest = |at| schedule.latest_at_or_before(at);
        let has_moved = self.shadow.clocks_moved_ms.is_some_and(|at| at >= read.at_ms);
        !has_moved && slot < Timestamp::from(missed_before_under(policy, read.at.to_utc(), latest))
    }
}
