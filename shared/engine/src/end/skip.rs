//! Skipped slots: each gets a row that says so, and never runs.

use std::time::Duration;

use belfry_domain::{Change, Execution, ExecutionId, Job, Status, Timer, Timestamp};

use crate::{
    Engine, Result,
    base::{deadlines::TOO_LATE, outbox::MessageOutcome},
    ports::{Creation, Fact},
};

impl Engine {
    /// Writes a row that keeps a slot from ever running, unless there is one. Returns the status of the
    /// row.
    pub(crate) async fn skip_slot(&self, job: &Job, slot: Timestamp, reason: &str) -> Result<Status> {
        let id = ExecutionId::scheduled(job.id(), slot);
        let guard = Timer::check(self.settings.shards, &id, 1, self.now(), 0);
        let key = guard.key.clone();
        let row = self.slot_row(job, slot, key.clone()).await?;
        let skipped = Change::skipped(&row, reason, self.now())?.row;
        match self.ports.executions.create(skipped.clone(), Some(guard)).await? {
            Creation::Created => {
                Box::pin(self.settle(skipped, key)).await?;
                Ok(Status::Skipped)
            }
            Creation::Exists(row) => Ok(row.status),
        }
    }

    /// Creates the row of a slot that is too late as skipped.
    pub(crate) async fn skip_late(
        &self,
        row: Execution,
        guard: Timer,
        began: Duration,
    ) -> Result<MessageOutcome> {
        let skipped = Change::skipped(&row, TOO_LATE, self.now())?.row;
        if self.create_guarded(skipped.clone(), guard.clone(), began).await? == Creation::Created {
            self.ports.observer.record(Fact::Ended {
                id: &skipped.id,
                status: skipped.status,
                is_only_recorded: false,
            });
            self.settle(skipped, guard.key).await?;
        }
        Ok(MessageOutcome::Dropped(None))
    }
}
