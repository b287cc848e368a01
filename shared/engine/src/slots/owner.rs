//! Version of a job that a slot belongs to, and whether the slot may start.

use std::sync::Arc;

use belfry_domain::{Job, Timestamp};

use crate::{Engine, Result};

/// Version of a job, and the last instant that belongs to it. `None` for the newest version.
pub(crate) struct Owner {
    pub job: Arc<Job>,
    pub ends: Option<Timestamp>,
}

impl Engine {
    /// Whether a slot without a row that `version` or an earlier one named may still start.
    pub(crate) async fn may_start(&self, job: &Arc<Job>, version: u64, slot: Timestamp) -> Result<bool> {
        Ok(!self.is_past_retention(slot) && self.is_wanted(job, version, slot).await?)
    }

    /// Whether the slot is so old that its row may have been removed: without a row nobody knows whether it
    /// has run.
    pub(crate) fn is_past_retention(&self, slot: Timestamp) -> bool {
        slot.plus(self.settings.retention) < self.now()
    }

    /// Whether the job, as it is now, wants a slot that `version` or an earlier one named.
    pub(crate) async fn is_wanted(&self, job: &Arc<Job>, version: u64, slot: Timestamp) -> Result<bool> {
        if job.deleted || is_paused_at(job, slot) {
            return Ok(false);
        }
        Ok(self.owner_of(job, version, slot).await?.is_some())
    }

    /// Version that a slot belongs to, among those from `version` up to the newest one, `job`. `None`
    /// where that version's schedule does not name the slot.
    pub(crate) async fn owner_of(
        &self,
        job: &Arc<Job>,
        version: u64,
        slot: Timestamp,
    ) -> Result<Option<Owner>> {
        let mut owner = Owner { job: Arc::clone(job), ends: None };
        while slot <= owner.job.updated_at && owner.job.version > version {
            let before = self.ports.jobs.job_version(job.id(), owner.job.version - 1).await?;
            // A deletion cancels what had not started, whatever came after it.
            let Some(before) = before.filter(|before| !before.deleted) else { return Ok(None) };
            owner = Owner { ends: Some(owner.job.updated_at), job: before };
        }
        let is_named = || owner.job.schedule().is_some_and(|schedule| schedule.contains(slot.to_utc()));
        // A timer of its own version may be from a process that judged its zone by other data.
        let is_trusted = owner.job.version == version && !owner.job.spec.has_zone();
        let is_wanted = is_trusted || is_named();
        Ok(Some(owner).filter(|owner| is_wanted && !owner.job.deleted && !is_paused_at(&owner.job, slot)))
    }
}

fn is_paused_at(job: &Job, slot: Timestamp) -> bool {
    job.paused_at().is_some_and(|paused_at| slot > paused_at)
}
