//! Slots that the misfire policy passes over.

use belfry_domain::{Job, Timestamp};

use crate::{Engine, Result, ports::Fact};

pub(crate) const MISSED: &str = "missed by more than a minute";

impl Engine {
    /// Rows that say of missed slots that they won't run, where another job may wait for them.
    pub(crate) async fn name_missed(&self, job: &Job, missed: &[Timestamp]) -> Result<()> {
        if missed.is_empty() {
            return Ok(());
        }
        let dependents = self.ports.jobs.dependents(job.id(), u64::MAX).await?;
        let is_awaited = dependents.iter().any(|dependent| dependent.is_scheduled());
        for slot in missed {
            self.ports.observer.record(Fact::Misfired { job_id: job.id(), slot: *slot });
            if is_awaited {
                self.skip_slot(job, *slot, MISSED).await?;
            }
        }
        Ok(())
    }
}
