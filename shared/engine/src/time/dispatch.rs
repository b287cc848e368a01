//! Dispatch: from waves to the priority queues.

use std::time::Duration;

use belfry_domain::Wave;

use crate::{Engine, Result};

/// Longest wait for an instant. Queues are off by a second, and clocks differ.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

impl Engine {
    /// Sends the messages of a wave to the workers' queues, each at its instant. Queues deliver to the
    /// second and round down; the rest is waited out here. Where the clock was set back meanwhile, the
    /// rest is dropped: nothing else may wait for it, and a tick reads its timers again.
    ///
    /// # Errors
    /// The queue does not answer.
    pub async fn dispatch(&self, wave: Wave) -> Result<()> {
        let mut messages = wave.messages;
        messages.sort_by_key(|message| message.due);
        let mut rest = messages.into_iter().peekable();
        while let Some(first) = rest.next() {
            let due = first.due;
            let mut together = vec![first];
            while let Some(next) = rest.next_if(|next| next.due == due) {
                together.push(next);
            }
            if due.since(self.now()) > LONGEST_WAIT {
                tracing::warn!(%due, "a wave is dropped that came long before its time: the clock was set back");
                return Ok(());
            }
            self.wait_until(due).await;
            self.ports.queue.enqueue(together).await?;
        }
        Ok(())
    }
}
