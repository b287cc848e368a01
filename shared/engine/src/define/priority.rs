//! Priority changes: a job's new priority also applies to its executions that have not started.

use belfry_domain::{Change, ExecutionId, Job, Trigger, Wait, What};

use crate::{Engine, Result};

impl Engine {
    /// Sends executions that are due and have not started to the queue of the job's new priority. The
    /// claim drops the message that comes second.
    pub(crate) async fn reprioritise(&self, job: &Job) -> Result<()> {
        let near = self.now().plus(self.settings.near);
        let mut messages = Vec::new();
        let unstarted = self.unstarted_of(job.id()).await?;
        // A backfill's stay behind all others, whatever the priority of the job.
        for row in unstarted.into_iter().filter(|row| row.trigger != Trigger::Backfill) {
            let change = Change::reprioritised(&row, job.spec.priority);
            let row = change.row.clone();
            let is_in_line = matches!(row.wait(), Some(Wait::Turn(_)));
            if self.apply(change).await? && !is_in_line && row.ready_at <= near {
                messages.extend(self.message_for(&row, row.guard.clone()).await?);
            }
        }
        for timer in self.ports.timers.slots_of_job(job.id()).await? {
            let What::Slot { slot, .. } = timer.key.what else { continue };
            let id = ExecutionId::scheduled(job.id(), slot);
            if timer.key.fire_at <= self.now() && self.ports.executions.execution(&id).await?.is_none() {
                // It may run before a tick has seen its timer, and takes that along when it has ended.
                if !self.carry_on(&timer, job.id(), slot).await? {
                    messages.extend(self.message_for_absent(&id, &timer).await?);
                }
            }
        }
        self.send(messages).await
    }
}
