//! Receiving, for daemons.

use std::{convert::Infallible, time::Duration};

use async_trait::async_trait;
use aws_sdk_sqs::{Client, types::Message as Raw};
use belfry_domain::{Message, Priority};
use belfry_engine::ports::{Alert, Delivery, Loan, Source, Stop, StoreError};
use futures::future::try_join_all;

use super::{
    SqsQueue,
    body::{Body, DecodeError},
    unavailable,
};

/// Maximum number of messages in one answer of SQS.
const MOST: usize = 10;
/// Time after which a message is delivered again if its daemon has vanished, in seconds.
const VISIBILITY_SECONDS: i32 = 120;
const HOLD_EVERY: Duration = Duration::from_secs(40);
/// Wait of a poll while all queues of the pool are empty, in seconds. A message in one queue waits for
/// the polls of the others, so the wait is short.
const IDLE_WAIT_SECONDS: i32 = 1;
const NO_WAIT: i32 = 0;

#[async_trait]
impl Source for SqsQueue {
    /// Receives messages, the most urgent class first. A low class waits while higher classes are full;
    /// the sweep raises messages that have waited long.
    async fn receive(
        &self,
        pool: &str,
        limit: usize,
        wait: Duration,
        closing: &Stop,
    ) -> Result<Vec<Delivery>, StoreError> {
        let queues = self.queues_of(pool).await?;
        let began = self.clock.monotonic();
        loop {
            let mut taken = Vec::new();
            for url in &queues {
                self.take(url, limit, &mut taken).await?;
            }
            // A poll that is given up may have taken messages along: so it is made, or not.
            let is_over = closing.is_cancelled() || self.clock.monotonic().saturating_sub(began) >= wait;
            if !taken.is_empty() || is_over {
                return Ok(taken);
            }
            let polls = queues.iter().map(|url| self.poll(url, limit, IDLE_WAIT_SECONDS));
            let mut taken: Vec<Delivery> = try_join_all(polls).await?.into_iter().flatten().collect();
            for surplus in taken.drain(limit.min(taken.len())..) {
                self.give_back(surplus).await;
            }
            if !taken.is_empty() {
                return Ok(taken);
            }
        }
    }

    async fn depth_of(&self, pool: &str) -> Result<u64, StoreError> {
        self.depth_of_pool(pool).await
    }
}

impl SqsQueue {
    /// URLs of a pool's queues, the most urgent class first.
    async fn queues_of(&self, pool: &str) -> Result<Vec<String>, StoreError> {
        let mut urls = Vec::new();
        for priority in Priority::ALL {
            urls.extend(self.url(&self.names.worker_queue(pool, priority)).await?);
        }
        if urls.is_empty() {
            return Err(StoreError::Unavailable(format!("pool {pool:?} has no queues")));
        }
        Ok(urls)
    }

    /// Takes all messages that the queue has at once, up to `limit` in all.
    async fn take(&self, url: &str, limit: usize, taken: &mut Vec<Delivery>) -> Result<(), StoreError> {
        while taken.len() < limit {
            let wanted = (limit - taken.len()).min(MOST);
            let polled = self.poll(url, wanted, NO_WAIT).await?;
            let is_last = polled.len() < wanted;
            taken.extend(polled);
            if is_last {
                break;
            }
        }
        Ok(())
    }

    async fn poll(&self, url: &str, limit: usize, wait_seconds: i32) -> Result<Vec<Delivery>, StoreError> {
        let request = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(limit.min(MOST) as i32)
            .visibility_timeout(VISIBILITY_SECONDS)
            .wait_time_seconds(wait_seconds);
        let answer = request.send().await.map_err(|error| unavailable(&error))?;
        let mut deliveries = Vec::new();
        for raw in answer.messages.unwrap_or_default() {
            deliveries.extend(self.delivery(url, raw).await?);
        }
        Ok(deliveries)
    }

    async fn delivery(&self, url: &str, raw: Raw) -> Result<Option<Delivery>, StoreError> {
        let loan = SqsLoan {
            client: self.client.clone(),
            url: url.to_owned(),
            receipt: raw.receipt_handle.unwrap_or_default(),
        };
        match worker_message(raw.body.as_deref().unwrap_or_default()) {
            Ok(message) => Ok(Some(Delivery { message, loan: Some(Box::new(loan)) })),
            Err(error @ DecodeError::Newer(_)) => {
                tracing::warn!(%error, "a newer worker will handle a message");
                Ok(None)
            }
            Err(error) => {
                let what = format!("message {}", raw.message_id.unwrap_or_default());
                self.alerts.raise(Alert::Quarantined { what, why: error.to_string() }).await?;
                loan.settle().await;
                Ok(None)
            }
        }
    }

    async fn give_back(&self, delivery: Delivery) {
        if let Some(loan) = delivery.loan {
            loan.give_back().await;
        }
    }
}

fn worker_message(text: &str) -> Result<Message, DecodeError> {
    match Body::decode(text)? {
        Body::Message(message) => Ok(message),
        _ => Err(DecodeError::Malformed("it is not for a worker".to_owned())),
    }
}

struct SqsLoan {
    client: Client,
    url: String,
    receipt: String,
}

impl SqsLoan {
    async fn hide_for(&self, seconds: i32) {
        let request = self.client.change_message_visibility().queue_url(&self.url);
        let outcome = request.receipt_handle(&self.receipt).visibility_timeout(seconds).send().await;
        if let Err(error) = outcome {
            // It comes again while it is being handled, which does no harm.
            tracing::debug!(error = %unavailable(&error), "a message's visibility was not changed");
        }
    }
}

#[async_trait]
impl Loan for SqsLoan {
    async fn hold(&self) -> Infallible {
        loop {
            tokio::time::sleep(HOLD_EVERY).await;
            self.hide_for(VISIBILITY_SECONDS).await;
        }
    }

    async fn give_back(&self) {
        self.hide_for(0).await;
    }

    async fn settle(&self) {
        let request = self.client.delete_message().queue_url(&self.url).receipt_handle(&self.receipt);
        if let Err(error) = request.send().await {
            tracing::debug!(error = %unavailable(&error), "a message was not deleted and will be delivered again");
        }
    }
}
