//! Commits of new versions of jobs, together with the timers of their first slots.

use std::slice;

use belfry_domain::{Job, Timer, Timestamp};

use crate::{Engine, Result, ports::Committed};

/// Number of tries under concurrent changes of the graph, before a change fails.
pub(crate) const COMMIT_ATTEMPTS: usize = 20;

impl Engine {
    /// Writes new versions with the timers of their first slots, tells the second clock of the jobs that
    /// ask for it, and fires slots that are near. `false` where the graph has changed.
    pub(crate) async fn commit_versions(
        &self,
        revision: u64,
        jobs: Vec<Job>,
        firsts: &[(Job, Timestamp)],
        is_told: impl Fn(&Job) -> bool,
    ) -> Result<bool> {
        // Up to one that no tick has passed: the first slots may have executions already.
        let timers: Vec<Vec<Timer>> = firsts.iter().map(|(job, slot)| self.near(job, *slot).timers).collect();
        let timers = timers.concat();
        let told: Vec<Job> = jobs.iter().filter(|job| is_told(job)).cloned().collect();
        if self.ports.jobs.commit(revision, jobs, timers.clone()).await? != Committed::Done {
            return Ok(false);
        }
        self.keep_in_step(&told).await;
        self.fire_near(firsts, &timers).await?;
        Ok(true)
    }

    /// Writes the version of one job with these timers. `false` where the graph has changed.
    pub(crate) async fn commit_one(&self, revision: u64, job: &Job, timers: Vec<Timer>) -> Result<bool> {
        let _turn = self.graph_turn.read().await;
        let is_done = self.ports.jobs.commit(revision, vec![job.clone()], timers).await? == Committed::Done;
        if is_done {
            self.keep_in_step(slice::from_ref(job)).await;
        }
        Ok(is_done)
    }
}
