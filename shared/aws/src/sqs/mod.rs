//! Waves and messages on SQS.
//!
//! | concern | module |
//! |---|---|
//! | what stands in a message | `body` |
//! | requests within SQS's limits, delays | `batch` |
//! | where queues are | `urls` |
//! | sending, with what is refused tried again | `send` |
//! | receiving, for daemons | `source` |
//! | what a function gets of a queue, and answers | `event` |
//!
//! Messages are hints, so nothing here is kept at any price: what can't be sent at all is reported
//! and left to its timer, because an error would hold up all the others with it.

mod batch;
mod body;
mod event;
#[cfg(test)]
mod fixtures;
mod send;
mod source;
mod urls;

use std::{
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
use belfry_engine::ports::{Alert, Alerts, Clock, Queue, StoreError};
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

const DEPTH_LIVES: Duration = Duration::from_secs(10);

pub struct SqsQueue {
    client: Client,
    names: Names,
    /// Those whose queues are counted.
    pools: Vec<String>,
    clock: Arc<dyn Clock>,
    alerts: Arc<dyn Alerts>,
    urls: Urls,
    /// When it was asked, by the monotonic clock, and the answer.
    depth: Mutex<Option<(Duration, u64)>>,
}

impl SqsQueue {
    pub fn new(
        client: Client,
        names: Names,
        pools: Vec<String>,
        clock: Arc<dyn Clock>,
        alerts: Arc<dyn Alerts>,
    ) -> Self {
        Self { client, names, pools, clock, alerts, urls: Urls::default(), depth: Mutex::default() }
    }

    /// None where there is no such queue, which is reported.
    async fn url(&self, queue: &str) -> Result<Option<String>, StoreError> {
        match self.urls.locate(&self.client, queue, self.clock.monotonic()).await? {
            Located::At(url) => Ok(Some(url)),
            Located::Missing { is_news: false } => Ok(None),
            Located::Missing { is_news: true } => {
                let why = "there is no such queue: does the installation know the pool?".to_owned();
                self.alerts.raise(Alert::Quarantined { what: format!("messages for {queue}"), why }).await?;
                Ok(None)
            }
        }
    }

    async fn depth_of_pools(&self, pools: &[String]) -> Result<u64, StoreError> {
        let queues = pools.iter().flat_map(|pool| {
            Priority::ALL.into_iter().map(|priority| self.names.worker_queue(pool, priority))
        });
        let depths = try_join_all(queues.map(|queue| self.depth_of_queue(queue))).await?;
        Ok(depths.into_iter().sum())
    }

    async fn depth_of_queue(&self, queue: String) -> Result<u64, StoreError> {
        let Some(url) = self.url(&queue).await? else { return Ok(0) };
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self.client.get_queue_attributes().queue_url(url).attribute_names(name.clone());
        let answer = request.send().await.map_err(|error| unavailable(&error))?;
        let count = answer.attributes.and_then(|attributes| attributes.get(&name)?.parse().ok());
        Ok(count.unwrap_or(0))
    }

    fn remembered_depth(&self, now: Duration) -> Option<u64> {
        let depth = *self.depth.lock().unwrap_or_else(PoisonError::into_inner);
        depth.filter(|(asked, _)| now.saturating_sub(*asked) < DEPTH_LIVES).map(|(_, depth)| depth)
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
                tracing::debug!(wave.second, messages, "due later than SQS can wait: left to the timers");
            }
        }
        self.send(&self.names.dispatch_queue(), entries).await
    }

    async fn enqueue(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        let queues = by_queue(&self.names, messages, self.clock.now());
        let sends =
            queues.into_iter().map(|(queue, entries)| async move { self.send(&queue, entries).await });
        // All of them, also where one fails.
        join_all(sends).await.into_iter().collect()
    }

    async fn depth(&self) -> Result<u64, StoreError> {
        let now = self.clock.monotonic();
        if let Some(depth) = self.remembered_depth(now) {
            return Ok(depth);
        }
        let depth = self.depth_of_pools(&self.pools).await?;
        *self.depth.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, depth));
        Ok(depth)
    }
}

fn unavailable<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> StoreError {
    StoreError::Unavailable(DisplayErrorContext(error).to_string())
}
