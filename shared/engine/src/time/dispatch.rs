//! Dispatch: from waves to the priority queues.

use belfry_domain::Wave;

use crate::{Engine, Result};

impl Engine {
    /// Sends the messages of a wave to the workers' queues, each at its instant. Queues deliver to the
    /// second and round down; the rest is waited out here.
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
            self.wait_until(due).await;
            self.ports.queue.enqueue(together).await?;
        }
        Ok(())
    }
}
