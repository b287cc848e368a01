//! Commits of new versions of jobs, together with the timers of their first slots.

use std::{slice, sync::Arc};

use belfry_domain::{Job, JobId, Message, Timer, Timestamp};

use crate::{
    Engine, Result,
    base::{outbox::leave_to_sweep, retry::MANY_ATTEMPTS},
    ports::Committed,
};

/// Next state of a job.
pub(crate) struct Next {
    pub job: Job,
    /// Timers that are written with it.
    pub timers: Vec<Timer>,
    /// Messages that are sent when it is written.
    pub messages: Vec<Message>,
}

impl From<Job> for Next {
    fn from(job: Job) -> Self {
        Self { job, timers: vec![], messages: vec![] }
    }
}

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
        leave_to_sweep(self.fire_near(firsts, &timers).await);
        Ok(true)
    }

    /// Changes a job, and returns it as it is then. `change` makes the next state from the present one
    /// and from the revision that the graph will have; where it returns `None`, nothing is written. It
    /// is called again where another change of the graph came first.
    pub(crate) async fn commit_job<F>(
        &self,
        id: &JobId,
        change: impl Fn(Arc<Job>, u64) -> F,
    ) -> Result<Arc<Job>>
    where
        F: Future<Output = Result<Option<Next>>>,
    {
        let what = || format!("job {id}");
        let _queued = self.definitions.lock().await;
        self.retry_contended(what, MANY_ATTEMPTS, || async {
            let (revision, job) = self.live_job(id).await?;
            let Some(next) = change(Arc::clone(&job), revision + 1).await? else { return Ok(Some(job)) };
            let turn = self.graph_turn.read().await;
            let jobs = vec![next.job.clone()];
            if self.ports.jobs.commit(revision, jobs, next.timers).await? != Committed::Done {
                return Ok(None);
            }
            self.keep_in_step(slice::from_ref(&next.job)).await;
            drop(turn);
            let sent = async { self.send(self.with_rows_for_old(&next.job, next.messages).await?).await };
            leave_to_sweep(sent.await);
            Ok(Some(Arc::new(next.job)))
        })
        .await
    }
}

/// Name of the rows that keep changing, where a change of the graph comes second again and again.
pub(crate) fn the_jobs() -> String {
    "the jobs".to_owned()
}
