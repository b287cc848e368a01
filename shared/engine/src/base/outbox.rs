//! Outbox: the messages that start attempts, and the way on which they go.

use belfry_domain::{Execution, Message, Origin, Refusal, Status, TimerKey, Trigger, Wait, Wave};

use crate::{Engine, Result, ports::Fact};

/// Outcome of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageOutcome {
    /// The message started an attempt, which left its execution in this status.
    Ran(Status),
    /// The message started nothing: it was a copy, too late, or overtaken by a change.
    Dropped(Option<Refusal>),
    /// The execution waits for dependencies now.
    Waits,
}

impl Engine {
    /// Sends messages: as waves where they are due later, to the workers' queues where they are due
    /// now.
    pub(crate) async fn send(&self, messages: Vec<Message>) -> Result<()> {
        let now = self.now();
        let (later, due): (Vec<_>, Vec<_>) = messages.into_iter().partition(|message| message.due > now);
        if !due.is_empty() {
            self.ports.queue.enqueue(due).await?;
        }
        if !later.is_empty() {
            self.ports.queue.defer(Wave::group(later)).await?;
        }
        Ok(())
    }

    /// Sends the messages of rows that were just accepted, where they are near.
    pub(crate) async fn send_accepted(&self, rows: &[&Execution]) {
        self.ports.observer.record(Fact::Accepted { count: rows.len() as u64 });
        leave_to_sweep(self.send_near(rows).await);
    }

    async fn send_near(&self, rows: &[&Execution]) -> Result<()> {
        // Read again: the write may have taken a while.
        let near = self.now().plus(self.settings.near);
        let mut messages = Vec::with_capacity(rows.len());
        for row in rows.iter().filter(|row| row.ready_at <= near) {
            messages.extend(self.message_for(row, row.guard.clone()).await?);
        }
        self.send(messages).await
    }

    /// Sends the message of a near attempt. No tick reads a timer that is written behind its cursor, so
    /// the writer of the timer sends the message.
    pub(crate) async fn send_if_near(&self, row: &Execution, guard: TimerKey) -> Result<()> {
        if row.ready_at > self.now().plus(self.settings.near) {
            return Ok(());
        }
        match self.message_for(row, guard).await? {
            Some(message) => self.send(vec![message]).await,
            None => Ok(()),
        }
    }

    /// Message that may start the next attempt of a row. `None` where nothing may start.
    pub(crate) async fn message_for(&self, row: &Execution, guard: TimerKey) -> Result<Option<Message>> {
        let may_start = match row.wait() {
            Some(Wait::Turn(_) | Wait::Until(_)) => true,
            Some(Wait::Dependencies | Wait::Elements(_)) => false,
            None => row.status == Status::Queued,
        };
        if !may_start {
            return Ok(None);
        }
        let Some(work) = self.work_of(row).await? else { return Ok(None) };
        Ok(Some(Message {
            execution_id: row.id.clone(),
            attempt: row.attempt + 1,
            due: row.ready_at,
            pool: work.pool,
            priority: row.priority,
            guard,
            origin: origin_of(row),
        }))
    }
}

/// Logs why something that follows from a durable write failed. The caller must not take the write for
/// failed: its guards make the sweep do the rest.
pub(crate) fn leave_to_sweep(outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "a write is durable, but what follows from it failed; the sweep will retry");
    }
}

fn origin_of(row: &Execution) -> Origin {
    match row.trigger {
        _ if row.work.is_some() => Origin::Push,
        Trigger::Backfill => Origin::Backfill,
        _ => Origin::Job,
    }
}
