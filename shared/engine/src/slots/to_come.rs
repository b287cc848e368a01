//! Slots that have no row yet.

use std::sync::Arc;

use belfry_domain::{ExecutionId, Job, Message, Origin, Timer, TimerKey, Timestamp};

use crate::{Engine, Result};

impl Engine {
    /// Slot of a scheduled execution without a row. `None` if it must not start. Version 0 stands for
    /// the newest one.
    pub(crate) async fn slot_to_come(
        &self,
        id: &ExecutionId,
        version: u64,
    ) -> Result<Option<(Arc<Job>, Timestamp)>> {
        let wanted = self.wanted_slot(id, version).await?;
        Ok(wanted.filter(|(_, slot)| !self.is_past_retention(*slot)))
    }

    /// Slot of a scheduled execution without a row that nobody has taken within the retention.
    pub(crate) async fn slot_gone_by(
        &self,
        id: &ExecutionId,
        version: u64,
    ) -> Result<Option<(Arc<Job>, Timestamp)>> {
        let wanted = self.wanted_slot(id, version).await?;
        Ok(wanted.filter(|(_, slot)| self.is_past_retention(*slot)))
    }

    async fn wanted_slot(&self, id: &ExecutionId, version: u64) -> Result<Option<(Arc<Job>, Timestamp)>> {
        let Some(slot) = id.first_of_slot() else { return Ok(None) };
        let Some(job) = self.ports.jobs.job(&id.job_id()).await? else { return Ok(None) };
        let version = if version == 0 { job.version } else { version };
        let is_wanted = job.is_scheduled() && self.is_wanted(&job, version, slot).await?;
        Ok(is_wanted.then_some((job, slot)))
    }

    /// Message that starts a scheduled execution without a row. `None` if it must not start.
    pub(crate) async fn message_for_absent(
        &self,
        id: &ExecutionId,
        timer: &Timer,
    ) -> Result<Option<Message>> {
        let Some((job, slot)) = self.slot_to_come(id, timer.version).await? else { return Ok(None) };
        let message = slot_message(&job, slot, timer.key.clone());
        // The slot goes on being that of the version which has named it.
        let version = if timer.version == 0 { job.version } else { timer.version };
        Ok(Some(Message { origin: Origin::Slot { version }, ..message }))
    }
}

/// Message for a slot that has no row yet.
pub(crate) fn slot_message(job: &Job, slot: Timestamp, guard: TimerKey) -> Message {
    Message {
        execution_id: ExecutionId::scheduled(job.id(), slot),
        attempt: 1,
        due: job.spec.fire_at(slot),
        pool: job.work().pool.clone(),
        priority: job.spec.priority,
        guard,
        origin: Origin::Slot { version: job.version },
    }
}
