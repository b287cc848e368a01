//! Versions and pauses of jobs that a clock that was ahead has written: they count from now.

use std::sync::Arc;

use belfry_domain::{Job, Pause, Timestamp, misfire::GRACE};

use crate::{Engine, Result, base::retry::ATTEMPTS, define::commit::the_jobs, slots::chain::first_slot};

impl Engine {
    /// Gives jobs whose newest version or pause begins in the future a version that begins now.
    pub(crate) async fn bring_jobs_to_now(&self) -> Result<()> {
        self.retry_contended(the_jobs, ATTEMPTS, || async {
            let (now, (revision, jobs)) = (self.now(), self.ports.jobs.all_jobs().await?);
            let ahead = jobs.iter().filter(|job| begins_ahead(job, now));
            let moved: Vec<Job> = ahead.map(|job| begun_now(job, revision + 1, now)).collect();
            if moved.is_empty() {
                return Ok(Some(()));
            }
            for job in &moved {
                tracing::warn!(job.id = %job.id(), "a clock that was ahead has changed this job: the change counts from now");
            }
            let active = moved.iter().filter(|job| job.is_active());
            let firsts: Vec<(Job, Timestamp)> =
                active.filter_map(|job| Some((job.clone(), first_slot(job, now)?))).collect();
            let _turn = self.graph_turn.read().await;
            Ok(self.commit_versions(revision, moved, &firsts, |_| true).await?.then_some(()))
        })
        .await
    }
}

pub(crate) fn begins_ahead(job: &Arc<Job>, now: Timestamp) -> bool {
    let latest = job.paused_at().map_or(job.updated_at, |paused_at| paused_at.max(job.updated_at));
    latest > now.plus(GRACE)
}

fn begun_now(job: &Job, revision: u64, now: Timestamp) -> Job {
    let created_at = job.created_at.min(now);
    let version = Job::new(job.spec.clone(), job.version + 1, revision, created_at, now);
    let mut version = version.judged_by(job.zones.clone());
    version.pause = job.pause.clone().map(|pause| Pause { at: pause.at.min(now), ..pause });
    version
}
