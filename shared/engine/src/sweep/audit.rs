//! Audit of timers: the last net below the protocol.

use std::collections::{BTreeMap, BTreeSet};

use belfry_domain::{Job, JobId, Timer, Timestamp};

use crate::{Engine, Result, ports::Alert, slots::chain::first_slot, time::set_back::names};

impl Engine {
    /// Gives every active job without a timer the timer of its next slot, and returns the number of such
    /// jobs. There should never be one: the audit is the last safety net below the protocol. Jobs with a
    /// time zone get the timer in any case, because an older belfry may have written their timers by
    /// other zone data. Jobs whose timers a clock that was ahead has put off get the timer of their next
    /// slot too; other timers that lie further ahead than they can mean are looked at soon. Timers that an
    /// older version has put aside come back. Dead letters beyond the cap are discarded.
    ///
    /// # Errors
    /// The store does not answer, or other changes of the graph come first all the time.
    pub async fn audit(&self) -> Result<u64> {
        let (revision, zones) = self.ports.zones.in_force().await?;
        if let Err(error) = self.tend_zones(revision, zones.as_ref()).await {
            tracing::error!(%error, "cannot change the zone data in force");
        }
        let back = self.ports.timers.take_back().await?;
        if back > 0 {
            tracing::warn!(timers = back, "timers that an older version had put aside are back");
        }
        self.bring_jobs_to_now().await?;
        let counts: BTreeMap<JobId, u64> = self.ports.timers.timers_of_jobs().await?.into_iter().collect();
        let (now, (_, jobs)) = (self.now(), self.ports.jobs.all_jobs().await?);
        let next = self.look_at_what_is_put_off(Timestamp::MIN).await?;
        let has_none = |job: &Job| !counts.contains_key(job.id());
        // A chain that ends behind the cursor is the sweep's.
        let still = self.standing_still(&jobs, &next, now).map(|job| job.id());
        let still: BTreeSet<&JobId> = still.filter(|job| next.contains_key(*job)).collect();
        let is_sought = |job: &Job| has_none(job) || still.contains(job.id()) || job.spec.has_zone();
        let sought = jobs.iter().filter(|job| job.is_active() && is_sought(job));
        let firsts: Vec<(Job, Timestamp)> =
            sought.filter_map(|job| Some(((**job).clone(), first_slot(job, now)?))).collect();
        let mut mended = 0;
        for firsts in firsts.chunks(self.settings.page) {
            let timers: Vec<Timer> = firsts.iter().map(|(job, slot)| self.slot_timer(job, *slot)).collect();
            self.ports.timers.put_timers(timers.clone()).await?;
            self.fire_near(firsts, &timers).await?;
            for (job, _) in firsts.iter().filter(|(job, _)| has_none(job)) {
                let job_id = job.id().clone();
                self.ports.alerts.raise(Alert::TimerMissing { job_id }).await?;
                mended += 1;
            }
        }
        if !still.is_empty() {
            let put_off: Vec<&JobId> = still.into_iter().collect();
            let summary = format!(
                "{} stood still, put off by a clock that was ahead, and had to be started again",
                names(&put_off)
            );
            self.ports.alerts.raise(Alert::Clock { summary }).await?;
            mended += put_off.len() as u64;
        }
        self.cap_dead_letters().await?;
        self.reconcile_second_clock(&jobs).await?;
        Ok(mended)
    }
}
