//! Optimistic retries: a change that came second is made again, from what the first one left.

use std::time::Duration;

use crate::{Engine, EngineError, Result};

/// Number of tries for rows that change now and then.
pub(crate) const ATTEMPTS: u32 = 20;
/// Number of tries for rows that many change at once: gates, and the revision of the graph. About ten seconds.
pub(crate) const MANY_ATTEMPTS: u32 = 100;
/// Longest pause before another try.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

impl Engine {
    /// Repeats a change while it returns `None`, because another change of the same rows came first.
    ///
    /// # Errors
    /// `Contended`, with the name of what keeps changing, after this many tries. Any error of the
    /// change, at once.
    pub(crate) async fn retry_contended<T, F>(
        &self,
        what: impl FnOnce() -> String,
        attempts: u32,
        change: impl Fn() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<Option<T>>>,
    {
        let changed = self.contend(attempts, change).await?;
        changed.ok_or_else(|| EngineError::Contended(what()))
    }

    /// Does as [`Engine::retry_contended`], for changes with errors of another type. `None` after this
    /// many tries.
    pub(crate) async fn contend<T, E, F>(
        &self,
        attempts: u32,
        change: impl Fn() -> F,
    ) -> std::result::Result<Option<T>, E>
    where
        F: Future<Output = std::result::Result<Option<T>, E>>,
    {
        for attempt in 0..attempts {
            if let Some(changed) = change().await? {
                return Ok(Some(changed));
            }
            self.pause_after(attempt).await;
        }
        Ok(None)
    }

    /// Waits before another try.
    pub(crate) async fn pause_after(&self, attempt: u32) {
        self.ports.clock.sleep(pause(attempt, self.ports.random.fraction())).await;
    }
}

/// Pause after the try with this number, from 0. Pauses double, and are random, so that changes that
/// met once don't meet again.
fn pause(attempt: u32, fraction: f64) -> Duration {
    Duration::from_millis(1 << attempt.min(10)).min(LONGEST_PAUSE).mul_f64(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_random_and_double_up_to_the_longest() {
        let milliseconds = |fraction| [0, 1, 2, 7, 8, 99].map(|attempt| pause(attempt, fraction).as_millis());
        assert_eq!(milliseconds(1.0), [1, 2, 4, 128, 200, 200]);
        assert_eq!(milliseconds(0.5), [0, 1, 2, 64, 100, 100]);
        assert_eq!(milliseconds(0.0), [0; 6]);
    }
}
