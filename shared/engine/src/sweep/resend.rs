//! Messages that the sweep sends again, and queues that have enough of them.
//!
//! Where more waits than the limit, the message is most likely among it, and a second one would
//! only be a copy. So a limit holds back messages into that one queue, and says so; it never holds
//! back a look, and what was held back is looked at again as soon as before.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use belfry_domain::{Message, Timer};

use crate::{
    Engine, Result,
    ports::{Alert, AlertKind, Fact, key_of},
};

/// Queues into which the sweep sends no message again for now, because they are too long. Named as in
/// their alerts.
#[derive(Default)]
pub(crate) struct HeldBack(Mutex<BTreeSet<String>>);

impl HeldBack {
    fn names(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.names())
    }
}

impl Engine {
    /// Sends a message again, unless its queue is too long.
    pub(crate) async fn resend(&self, message: Message) -> Result<()> {
        if self.is_held_back(&message).await? {
            return Ok(());
        }
        self.ports.observer.record(Fact::Resent { id: &message.execution_id });
        self.send(vec![message]).await
    }

    /// Timer from which the interval to the next examination is computed. While the message is held
    /// back, the interval does not grow.
    pub(crate) async fn paced(&self, timer: &Timer, message: &Message) -> Result<Timer> {
        let checks = timer.checks.saturating_sub(u32::from(self.is_held_back(message).await?));
        Ok(Timer { checks, ..timer.clone() })
    }

    async fn is_held_back(&self, message: &Message) -> Result<bool> {
        let (pool, class) = (&message.pool, message.urgency(self.now(), self.settings.ageing_step));
        let (depth, limit) = (self.backlog(pool, class).await, self.settings.queue_limit);
        if depth < limit {
            return Ok(false);
        }
        let queue = format!("queue {pool}/{class}");
        let is_news = self.held_back.names().insert(queue.clone());
        if is_news {
            let summary = format!(
                "{depth} messages wait in the {queue}, whose limit is {limit}: lost messages are not sent again"
            );
            tracing::warn!(pool, priority = %class, depth, limit, "a queue is too long: lost messages are not sent again");
            self.ports.alerts.raise(Alert::Lateness { function: Some(queue), summary }).await?;
        }
        self.ports.observer.record(Fact::HeldBack { id: &message.execution_id });
        Ok(true)
    }

    /// Resolves the alerts of queues that were held back in the last sweep (`before`) and are not held
    /// back now.
    pub(crate) async fn release_queues(&self, before: BTreeSet<String>) -> Result<()> {
        let over: Vec<String> = before.difference(&self.held_back.names()).cloned().collect();
        for queue in over {
            self.ports.alerts.resolve(&key_of(AlertKind::Lateness, Some(&queue))).await?;
        }
        Ok(())
    }
}
