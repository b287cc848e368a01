//! Clocks, and chance.

use std::time::Duration;

use async_trait::async_trait;
use belfry_domain::{Job, JobId, Timestamp};

use super::StoreError;

#[async_trait]
pub trait Clock: Send + Sync {
    /// Wall time. It may jump.
    fn now(&self) -> Timestamp;
    /// Time that never jumps; only differences mean something.
    fn monotonic(&self) -> Duration;
    /// Waits by the monotonic clock.
    async fn sleep(&self, duration: Duration);
}

pub trait Random: Send + Sync {
    fn next(&self) -> u64;

    /// Uniform in [0, 1).
    fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Calls the slots of jobs from outside, to [`Engine::called`](crate::Engine::called).
#[async_trait]
pub trait SecondClock: Send + Sync {
    /// Makes what it calls for this job what the job says now: nothing where there is none.
    async fn keep(&self, id: &JobId, job: Option<&Job>) -> Result<(), StoreError>;

    /// The jobs that it calls slots of.
    async fn kept(&self) -> Result<Vec<JobId>, StoreError>;
}
