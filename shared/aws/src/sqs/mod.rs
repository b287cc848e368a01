//! Waves and messages on SQS.
//!
//! | concern | module |
//! |---|---|
//! | bodies of messages | `body` |
//! | requests within SQS's limits, delays | `batch` |
//! | URLs of queues | `urls` |
//! | sending, with repetition of refused entries | `send` |
//! | receiving, for daemons | `source` |
//! | events of a queue for a function, and its answers | `event` |
//!
//! Messages are hints, so nothing here is kept at any price: a message that can't be sent at all is
//! reported and left to its timer, because an error would hold up all the others in the call.

mod batch;
mod body;
mod event;
#[cfg(test)]
mod fixtures;
mod send;
mod source;
mod urls;

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    config::http::HttpResponse,
    error::{DisplayErrorContext, SdkError},
    types::QueueAttributeName,
};
use belfry_domain::{Message, Priority, Wave};
use belfry_engine::ports::{Alert, Alerts, Backlog, Clock, Queue, StoreError};
use futures::future::{join_all, try_join_all};

pub use self::{
    batch::MAX_DELAY_SECONDS,
    body::{Body, DecodeError},
    event::{Answer, Event, Record},
};
use self::{
    batch::{by_queue, delay_seconds, wave_entries},
    urls::{Located, Urls},
};
use crate::Names;

/// Time for which a queue's depth is cached: one request per queue and process in this time, however
/// much is pushed.
const DEPTH_LIVES: Duration = Duration::from_secs(5);

pub struct SqsQueue {
    client: Client,
    names: Names,
    /// Pools whose queues are counted.
    pools: Vec<String>,
    clock: Arc<dyn Clock>,
    alerts: Arc<dyn Alerts>,
    ageing_step: Duration,
    urls: Urls,
    /// Last known depth of each queue, with the monotonic instant at which it was asked for.
    depths: Mutex<HashMap<String, (Duration, u64)>>,
}

impl SqsQueue {
    pub fn new(
        client: Client,
        names: Names,
        pools: Vec<String>,
        clock: Arc<dyn Clock>,
        alerts: Arc<dyn Alerts>,
        ageing_step: Duration,
    ) -> Self {
        let (urls, depths) = (Urls::default(), Mutex::default());
        Self { client, names, pools, clock, alerts, ageing_step, urls, depths }
    }

    /// URL of a queue. `None` where there is no such queue, which raises an alert.
    async fn url(&self, queue: &str) -> Result<Option<String>, StoreError> {
        match self.urls.locate(&self.client, queue, self.clock.monotonic()).await? {
            Located::At(url) => Ok(Some(url)),
            Located::Missing { is_news: false } => Ok(None),
            Located::Missing { is_news: true } => {
                let why = "there is no such queue; check that the installation has this pool".to_owned();
                self.alerts.raise(Alert::Quarantined { what: format!("messages for {queue}"), why }).await?;
                Ok(None)
            }
        }
    }

    async fn depth_of_pool(&self, pool: &str) -> Result<u64, StoreError> {
        let queues = Priority::ALL.map(|priority| self.names.worker_queue(pool, priority));
        Ok(try_join_all(queues.map(|queue| self.depth_of_queue(queue))).await?.into_iter().sum())
    }

    async fn depth_of_queue(&self, queue: String) -> Result<u64, StoreError> {
        let now = self.clock.monotonic();
        if let Some(depth) = self.remembered_depth(&queue, now) {
            return Ok(depth);
        }
        let Some(url) = self.url(&queue).await? else { return Ok(0) };
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client.get_queue_attributes().queue_url(url).attribute_names(name.clone());
        let answer = request.send().await.map_err(|error| unavailable(&error))?;
        let count = answer.attributes.and_then(|attributes| attributes.get(&name)?.parse().ok());
        let depth = count.unwrap_or(0);
        self.depths.lock().unwrap_or_else(PoisonError::into_inner).insert(queue, (now, depth));
        Ok(depth)
    }

    fn remembered_depth(&self, queue: &str, now: Duration) -> Option<u64> {
        let depths = self.depths.lock().unwrap_or_else(PoisonError::into_inner);
        let depth = depths.get(queue).filter(|(asked, _)| now.saturating_sub(*asked) < DEPTH_LIVES);
        depth.map(|(_, depth)| *depth)
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn defer(&self, waves: Vec<Wave>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut entries = Vec::new();
        for wave in waves {
            if let Some(delay) = delay_seconds(wave.second, now) {
                entries.extend(wave_entries(wave, delay));
            } else {
                let messages = wave.messages.len();
                tracing::debug!(wave.second, messages, "due later than SQS can delay; the timers keep it");
            }
        }
        self.send(&self.names.dispatch_queue(), entries).await
    }

    async fn enqueue(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        let queues = by_queue(&self.names, messages, self.clock.now(), self.ageing_step);
        let sends =
            queues.into_iter().map(|(queue, entries)| async move { self.send(&queue, entries).await });
        // All of them, also where one fails.
        join_all(sends).await.into_iter().collect()
    }

    async fn backlog(&self, pool: &str, priority: Priority) -> Result<u64, StoreError> {
        self.depth_of_queue(self.names.worker_queue(pool, priority)).await
    }

    async fn backlogs(&self) -> Result<Vec<Backlog>, StoreError> {
        let queues = self
            .pools
            .iter()
            .flat_map(|pool| Priority::ALL.into_iter().map(move |priority| (pool, priority)));
        let backlogs = queues.map(|(pool, priority)| async move {
            let depth = self.backlog(pool, priority).await?;
            Ok(Backlog { pool: pool.clone(), priority, depth })
        });
        try_join_all(backlogs).await
    }
}

fn unavailable<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> StoreError {
    StoreError::Unavailable(DisplayErrorContext(error).to_string())
}
