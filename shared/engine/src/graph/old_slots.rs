//! Slots that are older than the retention when the misfire policy chooses them, after an outage or a
//! pause.
//!
//! Such a slot never starts without a row: nobody would know whether it has run before, and its row was
//! removed. So whoever fires it writes the row. That is the first time that anybody fires it, because its
//! timer lies beyond the cursor, or was written by the very change that ended the pause.

use belfry_domain::{Job, Message, Status, Timestamp};

use crate::{Engine, Result, ports::Creation};

impl Engine {
    /// Gives those slots their rows that are too old to start without one, and returns the messages that
    /// start them. Messages of other slots stay as they are. The timers of all slots must be durable.
    pub(crate) async fn with_rows_for_old(&self, job: &Job, messages: Vec<Message>) -> Result<Vec<Message>> {
        let mut all = Vec::with_capacity(messages.len());
        for message in messages {
            match message.execution_id.first_of_slot().filter(|slot| self.is_past_retention(*slot)) {
                Some(slot) => all.extend(self.begin_old(job, slot, message).await?),
                None => all.push(message),
            }
        }
        Ok(all)
    }

    async fn begin_old(&self, job: &Job, slot: Timestamp, message: Message) -> Result<Option<Message>> {
        let mut row = self.slot_row(job, slot, message.guard.clone()).await?;
        if !job.spec.dependencies.is_empty() {
            row.status = Status::Waiting;
            row.dependencies = self.dependencies_at(job, slot).await?;
        }
        let row = match self.ports.executions.create(row.clone(), None).await? {
            Creation::Created => row,
            Creation::Exists(row) => *row,
        };
        // The sweep reads the dependencies that have ended by now.
        for dependency in row.dependencies.values().filter(|dependency| dependency.outcome.is_none()) {
            self.ports.executions.add_waiter(&dependency.execution_id, &row.id).await?;
        }
        self.message_for(&row, message.guard).await
    }
}
