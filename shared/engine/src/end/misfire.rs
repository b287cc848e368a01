//! Slots that the misfire policy passes over.

use belfry_domain::Job;

use crate::{Engine, Result, ports::Fact, slots::fire::Firing};

impl Engine {
    /// Writes rows for missed slots that will not run: for all of them where other jobs may wait for
    /// them, otherwise for the newest one, to inform people.
    pub(crate) async fn name_missed(&self, job: &Job, firing: &Firing) -> Result<()> {
        if firing.missed.is_empty() {
            return Ok(());
        }
        let has_dependents = !self.ports.jobs.dependents(job.id(), u64::MAX).await?.is_empty();
        let is_awaited = has_dependents && self.has_other_roots(job).await?;
        for (place, slot) in firing.missed.iter().enumerate() {
            self.ports.observer.record(Fact::Misfired { job_id: job.id(), slot: *slot });
            if is_awaited || place == 0 {
                self.skip_slot(job, *slot, &firing.reason).await?;
            }
        }
        Ok(())
    }

    /// Whether other jobs of the graph have schedules, too: some job may wait for a slot of both, and each
    /// passes over slots by its own policy and at its own moment.
    async fn has_other_roots(&self, job: &Job) -> Result<bool> {
        let (_, jobs) = self.ports.jobs.connected(&[job.id().clone()]).await?;
        Ok(jobs.iter().any(|other| other.id() != job.id() && other.is_scheduled()))
    }
}
