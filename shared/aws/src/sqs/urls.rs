//! URLs of queues, which are asked for once and remembered.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_sdk_sqs::{Client, operation::get_queue_url::GetQueueUrlError};
use belfry_engine::ports::StoreError;

use super::unavailable;

/// Time after which a missing queue is looked for again. A pool's queues may be created after its first
/// job.
const ASK_AGAIN: Duration = Duration::from_secs(60);

#[derive(Clone)]
enum Known {
    At(String),
    MissingSince(Duration),
}

#[derive(Default)]
pub struct Urls {
    known: Mutex<HashMap<String, Known>>,
}

/// Place of a queue. `is_news` is set the first time that the queue is found missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    At(String),
    Missing { is_news: bool },
}

impl Urls {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn locate(&self, client: &Client, queue: &str, now: Duration) -> Result<Located, StoreError> {
        let known = self.lock().get(queue).cloned();
        match known {
            Some(Known::At(url)) => return Ok(Located::At(url)),
            Some(Known::MissingSince(since)) if now.saturating_sub(since) < ASK_AGAIN => {
                return Ok(Located::Missing { is_news: false });
            }
            _ => {}
        }
        match client.get_queue_url().queue_name(queue).send().await {
            Ok(found) => {
                let url = found.queue_url.unwrap_or_default();
                self.lock().insert(queue.to_owned(), Known::At(url.clone()));
                Ok(Located::At(url))
            }
            Err(error) if error.as_service_error().is_some_and(GetQueueUrlError::is_queue_does_not_exist) => {
                self.mark_missing(queue, now);
                Ok(Located::Missing { is_news: true })
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    pub fn mark_missing(&self, queue: &str, now: Duration) {
        self.lock().insert(queue.to_owned(), Known::MissingSince(now));
    }
}
