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
        let dependents = self.ports.jobs.dependents(job.id(), u64::MAX).await?;
        let is_awaited = dependents.iter().any(|dependent| dependent.is_scheduled());
        for (place, slot) in firing.missed.iter().enumerate() {
            self.ports.observer.record(Fact::Misfired { job_id: job.id(), slot: *slot });
            if is_awaited || place == 0 {
                self.skip_slot(job, *slot, &firing.reason).await?;
            }
        }
        Ok(())
    }
}
