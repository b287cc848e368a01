//! Rows that stay beyond their retention, because somebody still needs them: a slot for which dependents
//! may ask until the job's next one, and an execution on whose dead letter a person is to decide.
//!
//! A slot is needed for as long as it is the latest one of its job. When that ends is known from the
//! schedule, so one write at the end of such a slot is enough, and only if the retention would end before.
//! Jobs that nobody depends on cost nothing.

use std::collections::BTreeSet;

use belfry_domain::{Execution, ExecutionId, Job, JobId, Timestamp};

use crate::{Engine, Result};

/// Time for which dependents need an ended slot beyond its retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needed {
    No,
    /// Until the next slot is due.
    Until(Timestamp),
    /// While there are dependents, because no slot follows.
    Always,
}

impl Engine {
    /// Keeps an ended slot for jobs that depend on it and run more often.
    pub(crate) async fn retain_for_dependents(&self, row: &Execution) -> Result<()> {
        match self.needed_by_dependents(row).await? {
            Needed::No => Ok(()),
            Needed::Until(next) => self.retain(&row.id, Some(next)).await,
            Needed::Always => self.retain(&row.id, None).await,
        }
    }

    /// Keeps an ended execution, and the results that it may have been given, until somebody decides on its
    /// dead letter.
    pub(crate) async fn retain_for_people(&self, row: &Execution) -> Result<()> {
        self.retain(&row.id, None).await?;
        for dependency in row.dependencies.values().filter(|dependency| dependency.outcome.is_some()) {
            self.retain(&dependency.execution_id, None).await?;
        }
        Ok(())
    }

    /// Lets the retention of an ended execution, and of what was kept with it, begin now, unless somebody else
    /// needs it for longer. The caller then closes the dead letter: after a crash in between, the letter is
    /// still there to be decided on.
    pub(crate) async fn retain_from_now(&self, row: &Execution) -> Result<()> {
        self.retain_from(row, self.now()).await?;
        for dependency in row.dependencies.values() {
            let id = &dependency.execution_id;
            if let Some(kept) = self.ports.executions.execution(id).await?
                && kept.status.is_terminal()
                && !self.is_open_letter(id).await?
            {
                self.retain_from(&kept, self.now()).await?;
            }
        }
        Ok(())
    }

    async fn retain_from(&self, row: &Execution, from: Timestamp) -> Result<()> {
        match self.needed_by_dependents(row).await? {
            Needed::No => self.retain(&row.id, Some(from)).await,
            Needed::Until(next) => self.retain(&row.id, Some(next.max(from))).await,
            Needed::Always => self.retain(&row.id, None).await,
        }
    }

    async fn retain(&self, id: &ExecutionId, from: Option<Timestamp>) -> Result<()> {
        Ok(self.ports.executions.retain_from(id, from).await?)
    }

    /// Looks again for how long the latest slots of these jobs are needed, after dependents have come or
    /// gone, or a schedule has changed. A slot whose row has gone already does not come back.
    pub(crate) async fn review_latest(&self, jobs: impl IntoIterator<Item = &JobId>) -> Result<()> {
        for job_id in jobs.into_iter().collect::<BTreeSet<_>>() {
            let Some((giver, slot)) = self.latest_slot(job_id, self.now()).await? else { continue };
            // The retention alone is enough for all that runs more often.
            if next_slot(&giver, slot).is_some_and(|next| next.since(slot) <= self.settings.retention / 2) {
                continue;
            }
            let row = self.ports.executions.execution(&ExecutionId::scheduled(job_id, slot)).await?;
            let Some((row, end)) = row.and_then(|row| row.end_time.map(|end| (row, end))) else { continue };
            if !self.is_open_letter(&row.id).await? {
                self.retain_from(&row, end).await?;
            }
        }
        Ok(())
    }

    async fn needed_by_dependents(&self, row: &Execution) -> Result<Needed> {
        let slot = row.id.first_of_slot().filter(|_| !row.is_pushed());
        let (Some(slot), Some(end)) = (slot, row.end_time) else { return Ok(Needed::No) };
        let dependents = self.ports.jobs.dependents(&row.job_id(), u64::MAX).await?;
        // Those without a schedule of their own run at this very slot.
        if !dependents.iter().any(|job| job.is_scheduled()) {
            return Ok(Needed::No);
        }
        let Some(giver) = self.schedule_giver(&row.job_id()).await? else { return Ok(Needed::No) };
        Ok(match next_slot(&giver, slot) {
            None => Needed::Always,
            Some(next) if next > end.plus(self.settings.retention / 2) => Needed::Until(next),
            Some(_) => Needed::No,
        })
    }
}

fn next_slot(giver: &Job, slot: Timestamp) -> Option<Timestamp> {
    giver.schedule()?.next_after(slot.to_utc()).map(Timestamp::from)
}
