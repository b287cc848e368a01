//! From waves to the priority queues.

use belfry_domain::Wave;

use crate::{Engine, Result};

impl Engine {
    /// Hands on what a wave holds, each message at its instant: queues deliver to the second and
    /// round down, the rest is waited out here.
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
