//! Sending. A batch may succeed in part; failed entries are sent again.

use std::time::Duration;

use aws_sdk_sqs::{
    operation::send_message_batch::SendMessageBatchError,
    types::{BatchResultErrorEntry, SendMessageBatchRequestEntry},
};
use belfry_engine::ports::{Alert, StoreError};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    SqsQueue,
    batch::{Entry, batches},
    unavailable,
};

const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Number of requests to one queue at the same time.
const PARALLEL: usize = 16;

impl SqsQueue {
    pub(super) async fn send(&self, queue: &str, entries: Vec<Entry>) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let Some(url) = self.url(queue).await? else { return Ok(()) };
        let url = url.as_str();
        stream::iter(batches(entries))
            .map(|batch| self.send_batch(queue, url, batch))
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await
    }

    async fn send_batch(&self, queue: &str, url: &str, mut batch: Vec<Entry>) -> Result<(), StoreError> {
        let mut why = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.clock.sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await;
            }
            let request = self.client.send_message_batch().queue_url(url);
            let answer = match request.set_entries(Some(requests(&batch)?)).send().await {
                Ok(answer) => answer,
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(SendMessageBatchError::is_queue_does_not_exist) =>
                {
                    self.urls.mark_missing(queue, self.clock.monotonic());
                    return self.refuse(queue, "the queue is gone").await;
                }
                Err(error) => return Err(unavailable(&error)),
            };
            if answer.failed.is_empty() {
                return Ok(());
            }
            why = answer.failed.iter().map(reason).next().unwrap_or_default();
            if answer.failed.iter().any(|failure| failure.sender_fault) {
                self.refuse(queue, &why).await?;
            }
            batch = to_repeat(&batch, &answer.failed);
            if batch.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable(format!("{queue} does not accept messages: {why}")))
    }

    async fn refuse(&self, queue: &str, why: &str) -> Result<(), StoreError> {
        let what = format!("messages for {queue}");
        self.alerts.raise(Alert::Quarantined { what, why: why.to_owned() }).await
    }
}

fn requests(batch: &[Entry]) -> Result<Vec<SendMessageBatchRequestEntry>, StoreError> {
    let request = |(index, entry): (usize, &Entry)| {
        SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(&entry.body)
            .set_delay_seconds(Some(entry.delay_seconds).filter(|delay| *delay > 0))
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    };
    batch.iter().enumerate().map(request).collect()
}

/// Entries that SQS failed to take and that are worth another try. Entries at which the sender is at
/// fault are left out.
fn to_repeat(batch: &[Entry], failed: &[BatchResultErrorEntry]) -> Vec<Entry> {
    let index = |failure: &BatchResultErrorEntry| failure.id.parse::<usize>().ok();
    let repeatable = failed.iter().filter(|failure| !failure.sender_fault).filter_map(index);
    repeatable.filter_map(|index| batch.get(index).cloned()).collect()
}

fn reason(failure: &BatchResultErrorEntry) -> String {
    failure.message.clone().unwrap_or_else(|| failure.code.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_succeed_is_repeated() {
        let batch: Vec<Entry> =
            (0..4).map(|number| Entry { body: number.to_string(), delay_seconds: number }).collect();
        let failure = |id: &str, sender_fault| {
            let entry = BatchResultErrorEntry::builder().id(id).code("c").sender_fault(sender_fault);
            entry.build().unwrap()
        };
        let failed = [failure("1", false), failure("2", true), failure("3", false), failure("x", false)];
        let again: Vec<String> = to_repeat(&batch, &failed).into_iter().map(|entry| entry.body).collect();
        assert_eq!(again, ["1", "3"]);
    }

    #[test]
    fn a_delay_of_nothing_is_left_to_the_queue() {
        let batch = [0, 7].map(|delay_seconds| Entry { body: "x".to_owned(), delay_seconds });
        let delays: Vec<Option<i32>> =
            requests(&batch).unwrap().iter().map(SendMessageBatchRequestEntry::delay_seconds).collect();
        assert_eq!(delays, [None, Some(7)]);
    }
}
