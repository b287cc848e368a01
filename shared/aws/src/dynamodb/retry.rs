//! Retries: a short, random wait while a row is busy, or a transaction is throttled.

use std::{
    future::Future,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use super::{Result, error::Failure};

/// Number of tries. With pauses that double up to the longest, they take about four seconds.
const ATTEMPTS: u32 = 12;
const FIRST_PAUSE_MS: u64 = 10;
const LONGEST_PAUSE_MS: u64 = 1_000;

/// Repeats a call while another write of the same rows is under way, or the call is throttled in a way
/// that the SDK does not repeat.
pub(crate) async fn patiently<T, F>(call: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = std::result::Result<T, Failure>>,
{
    for attempt in 0..ATTEMPTS {
        match call().await {
            Err(Failure::Busy(_)) => pause(attempt).await,
            outcome => return outcome.map_err(Failure::into_error),
        }
    }
    call().await.map_err(Failure::into_error)
}

/// Waits before another try. The wait is fully random, so that calls that collided once don't collide
/// again.
pub(crate) async fn pause(attempt: u32) {
    let longest = (FIRST_PAUSE_MS << attempt.min(10)).min(LONGEST_PAUSE_MS);
    tokio::time::sleep(Duration::from_millis(random() % longest + 1)).await;
}

/// Random number, good enough for pauses and names: the standard library seeds it from the system.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
