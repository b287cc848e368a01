//! The audit: the last net below the protocol.

use std::collections::BTreeMap;

use belfry_domain::JobId;

use crate::{Engine, Result, slots::chain::first_slot};

impl Engine {
    /// Gives every active job that has none the timer of its next slot. This should never find
    /// one: it is the last net below the protocol. One whose zone matters gets it in any case: its
    /// timers may be from an older version of this program, which judged it by other zone data.
    pub async fn audit(&self) -> Result<u64> {
        if let Err(error) = self.adopt_zones().await {
            tracing::error!(%error, "the zone data in force stay as they are");
        }
        let counts: BTreeMap<JobId, u64> = self.ports.timers.timers_of_jobs().await?.into_iter().collect();
        let (_, mut jobs) = self.ports.jobs.all_jobs().await?;
        if self.align_again(&jobs).await? {
            (_, jobs) = self.ports.jobs.all_jobs().await?;
        }
        let now = self.now();
        let mut mended = 0;
        for job in jobs.iter().filter(|job| job.is_active()) {
            let has_none = !counts.contains_key(job.id());
            let is_sought = has_none || job.spec.has_zone();
            let Some(slot) = first_slot(job, now).filter(|_| is_sought) else { continue };
            self.ports.timers.put_timers(vec![self.slot_timer(job, slot)]).await?;
            self.fire_near(job, slot, &[]).await?;
            if has_none {
                let job_id = job.id().clone();
                self.ports.alerts.raise(crate::ports::Alert::TimerMissing { job_id }).await?;
                mended += 1;
            }
        }
        self.reconcile_second_clock(&jobs).await?;
        Ok(mended)
    }
}
