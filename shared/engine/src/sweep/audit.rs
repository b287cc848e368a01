//! Audit of timers: the last net below the protocol.

use std::collections::BTreeMap;

use belfry_domain::{Job, JobId, Timer, Timestamp};

use crate::{Engine, Result, slots::chain::first_slot};

impl Engine {
    /// Gives every active job without a timer the timer of its next slot, and returns the number of such
    /// jobs. There should never be one: the audit is the last safety net below the protocol. Jobs with a
    /// time zone get the timer in any case, because an older belfry may have written their timers by
    /// other zone data.
    ///
    /// # Errors
    /// The store does not answer, or other changes of the graph come first all the time.
    pub async fn audit(&self) -> Result<u64> {
        let (revision, zones) = self.ports.zones.in_force().await?;
        if let Err(error) = self.tend_zones(revision, zones.as_ref()).await {
            tracing::error!(%error, "cannot change the zone data in force");
        }
        let counts: BTreeMap<JobId, u64> = self.ports.timers.timers_of_jobs().await?.into_iter().collect();
        let (_, jobs) = self.ports.jobs.all_jobs().await?;
        let now = self.now();
        let has_none = |job: &Job| !counts.contains_key(job.id());
        let sought = jobs.iter().filter(|job| job.is_active() && (has_none(job) || job.spec.has_zone()));
        let firsts: Vec<(Job, Timestamp)> =
            sought.filter_map(|job| Some(((**job).clone(), first_slot(job, now)?))).collect();
        let mut mended = 0;
        for firsts in firsts.chunks(self.settings.page) {
            let timers: Vec<Timer> = firsts.iter().map(|(job, slot)| self.slot_timer(job, *slot)).collect();
            self.ports.timers.put_timers(timers.clone()).await?;
            self.fire_near(firsts, &timers).await?;
            for (job, _) in firsts.iter().filter(|(job, _)| has_none(job)) {
                let job_id = job.id().clone();
                self.ports.alerts.raise(crate::ports::Alert::TimerMissing { job_id }).await?;
                mended += 1;
            }
        }
        self.reconcile_second_clock(&jobs).await?;
        Ok(mended)
    }
}
