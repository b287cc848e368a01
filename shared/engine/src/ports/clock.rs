//! Clocks and random numbers.

use std::time::Duration;

use async_trait::async_trait;
use belfry_domain::{Job, JobId, Timestamp};

use super::StoreError;

#[async_trait]
pub trait Clock: Send + Sync {
    /// Wall time, which may jump.
    fn now(&self) -> Timestamp;
    /// Monotonic time, which never jumps. Only differences have a meaning.
    fn monotonic(&self) -> Duration;
    /// Waits for a duration of monotonic time.
    async fn sleep(&self, duration: Duration);
}

pub trait Random: Send + Sync {
    fn next(&self) -> u64;

    /// Random number, uniform in [0, 1).
    fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Second clock: it calls jobs' slots from outside, by [`Engine::called`](crate::Engine::called).
#[async_trait]
pub trait SecondClock: Send + Sync {
    /// Changes the calls for this job to what the job now says. Without a job there are none.
    ///
    /// # Errors
    /// The service of the clock does not answer.
    async fn keep(&self, id: &JobId, job: Option<&Job>) -> Result<(), StoreError>;

    /// Jobs whose slots the clock calls.
    ///
    /// # Errors
    /// The service of the clock does not answer.
    async fn kept(&self) -> Result<Vec<JobId>, StoreError>;
}
