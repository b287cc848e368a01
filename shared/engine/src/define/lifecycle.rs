//! Lifecycle of a job: delete, pause and resume.

use std::sync::Arc;

use belfry_domain::{Change, Job, JobId, Message, Pause, Timer, Timestamp};

use crate::{
    Engine, EngineError, Result,
    base::outbox::leave_to_sweep,
    define::{commit::Next, precondition::Precondition},
    slots::chain::first_slot,
};

impl Engine {
    /// Deletes a job. Executions that have not started are cancelled; running ones may finish.
    ///
    /// # Errors
    /// The job does not exist, other jobs depend on it, or the precondition fails.
    pub async fn delete_job(&self, id: &JobId, precondition: &Precondition) -> Result<()> {
        let deleted = self
            .commit_job(id, |job, revision| async move {
                precondition.check(Some(&job))?;
                let dependents = self.ports.jobs.dependents(id, u64::MAX).await?;
                if !dependents.is_empty() {
                    let names: Vec<&str> = dependents.iter().map(|job| job.id().as_str()).collect();
                    let message = format!(
                        "job {id} cannot be deleted, because these jobs depend on it: {}",
                        names.join(", ")
                    );
                    return Err(EngineError::Conflict(message));
                }
                let mut tombstone =
                    Job::new(job.spec.clone(), job.version + 1, revision, job.created_at, self.now());
                tombstone.deleted = true;
                tombstone.zones.clone_from(&job.zones);
                Ok(Some(tombstone.into()))
            })
            .await?;
        leave_to_sweep(self.cancel_unstarted_of(id).await);
        self.review_latest(&deleted.spec.dependencies).await
    }

    /// Pauses a job: slots after now don't start until it is resumed; earlier ones still do. A job that is
    /// paused already stays so since then, with the new note if there is one.
    ///
    /// # Errors
    /// The job does not exist, or other changes of the graph come first all the time.
    pub async fn pause_job(&self, id: &JobId, note: Option<&str>) -> Result<Arc<Job>> {
        self.commit_job(id, |job, _| async move {
            let before = job.pause.as_ref();
            let pause = Pause {
                at: before.map_or_else(|| self.now(), |pause| pause.at),
                note: note.or_else(|| before?.note.as_deref()).map(str::to_owned),
            };
            if before == Some(&pause) {
                return Ok(None);
            }
            let mut paused = (*job).clone();
            paused.pause = Some(pause);
            Ok(Some(paused.into()))
        })
        .await
    }

    /// Resumes a job. Slots of the pause are handled by the misfire policy. Resuming makes a new
    /// version, so that messages that were sent for slots of the pause before it began start nothing.
    ///
    /// # Errors
    /// The job does not exist, or other changes of the graph come first all the time.
    pub async fn resume_job(&self, id: &JobId) -> Result<Arc<Job>> {
        self.commit_job(id, |job, revision| async move {
            let Some(paused_at) = job.paused_at() else { return Ok(None) };
            let resumed = Job::new(job.spec.clone(), job.version + 1, revision, job.created_at, self.now())
                .judged_by(job.zones.clone());
            let (timers, messages) = self.catch_up(&resumed, paused_at).await?;
            Ok(Some(Next { job: resumed, timers, messages }))
        })
        .await
    }

    async fn catch_up(&self, job: &Job, paused_at: Timestamp) -> Result<(Vec<Timer>, Vec<Message>)> {
        let Some(first) = first_slot(job, paused_at) else { return Ok((vec![], vec![])) };
        let firing = self.fire_after_pause(job, first, self.now().plus(self.settings.near));
        self.name_missed(job, &firing).await?;
        Ok((firing.timers, firing.messages))
    }

    /// Cancels executions that have rows and have not started. Slots without rows find the tombstone
    /// when their message arrives.
    async fn cancel_unstarted_of(&self, id: &JobId) -> Result<()> {
        for row in self.unstarted_of(id).await? {
            let change = Change::cancelled(&row, "the job was deleted", self.now())?;
            self.end_unstarted(change, row.guard).await?;
        }
        Ok(())
    }
}
