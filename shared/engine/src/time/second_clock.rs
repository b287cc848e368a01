//! Second clock beside the tick, for jobs that ask for one with `clock: both`.
//!
//! It calls each slot of a job. The clock that comes first starts the slot; the other finds it started.
//! Every call is checked against the job's own schedule, so a clock that is wrong, late or forged
//! starts nothing that is not due.

use std::{collections::BTreeSet, sync::Arc};

use belfry_domain::{ExecutionId, Job, JobId, SlotClock, Timestamp};

use crate::{Engine, Result, ports::SecondClock};

impl Engine {
    pub fn with_second_clock(self, clock: Arc<dyn SecondClock>) -> Self {
        Self { second_clock: Some(clock), ..self }
    }

    /// Brings the second clock in step with jobs that were just written. The audit repairs what fails
    /// here.
    pub(crate) async fn keep_in_step(&self, jobs: &[Job]) {
        let Some(clock) = &self.second_clock else { return };
        for job in jobs {
            if let Err(why) = clock.keep(job.id(), wants_second_clock(job).then_some(job)).await {
                tracing::error!(job.id = %job.id(), %why, "cannot update the second clock of a job; the audit will retry");
            }
        }
    }

    pub(crate) async fn reconcile_second_clock(&self, jobs: &[Arc<Job>]) -> Result<()> {
        let Some(clock) = &self.second_clock else { return Ok(()) };
        let wanted: BTreeSet<&JobId> =
            jobs.iter().filter(|job| wants_second_clock(job)).map(|job| job.id()).collect();
        for id in clock.kept().await?.iter().filter(|id| !wanted.contains(id)) {
            clock.keep(id, None).await?;
        }
        for job in jobs.iter().filter(|job| wanted.contains(job.id())) {
            clock.keep(job.id(), Some(job)).await?;
        }
        Ok(())
    }

    /// Fires a slot that the second clock has called. Returns whether the slot may start.
    ///
    /// # Errors
    /// The store or the queue does not answer.
    pub async fn called(&self, job_id: &JobId, slot: Timestamp) -> Result<bool> {
        let Some(job) = self.ports.jobs.job(job_id).await?.filter(|job| job.is_active()) else {
            return Ok(false);
        };
        let is_slot = job.schedule().is_some_and(|schedule| schedule.contains(slot.to_utc()));
        // Slots up to the definition belong to the version before it, which the tick knows.
        let is_own = slot > job.updated_at && slot <= self.now().plus(self.settings.near);
        let id = ExecutionId::scheduled(job_id, slot);
        if !is_slot || !is_own || self.ports.executions.execution(&id).await?.is_some() {
            return Ok(false);
        }
        let firing = self.fire(&job, slot, slot, self.now());
        self.ports.timers.put_timers(firing.timers).await?;
        self.send(firing.messages).await?;
        Ok(true)
    }
}

fn wants_second_clock(job: &Job) -> bool {
    job.spec.clock == SlotClock::Both && job.is_active() && job.is_scheduled()
}
