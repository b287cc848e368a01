//! Progress of the ticks, from their cursors. Every tick that succeeds moves them, also where nothing was
//! due, so any process can tell whether due jobs start, whoever leads.

use std::{sync::PoisonError, time::Duration};

use crate::{Engine, Result};

impl Engine {
    /// Time since the last tick that succeeded over all shards. `None` before the first one of an
    /// installation.
    ///
    /// # Errors
    /// The store does not answer, or a cursor can't be read.
    pub async fn since_last_tick(&self) -> Result<Option<Duration>> {
        let cursors = self.ports.leases.cursors().await?;
        let least = self.settings.shards.all().filter_map(|shard| cursors.get(&shard)).min();
        let horizon = self.now().plus(self.settings.look_ahead);
        Ok(least.map(|cursor| horizon.since(*cursor)))
    }

    /// Reason for which the installation counts as stalled: no tick has succeeded for
    /// `stalled_after`, so due jobs don't start. `None` while ticks succeed.
    ///
    /// # Errors
    /// The store does not answer, or a cursor can't be read.
    pub async fn why_stalled(&self) -> Result<Option<String>> {
        let limit = self.settings.stalled_after;
        let Some(age) = self.since_last_tick().await?.filter(|age| *age > limit) else { return Ok(None) };
        let failure = self.tick_failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let because = failure.unwrap_or_else(|| "the log of the leader has the reason".to_owned());
        let (age, limit) = (age.as_secs(), limit.as_secs());
        Ok(Some(format!(
            "no tick has succeeded for {age} s (limit {limit} s), so due jobs do not start: {because}"
        )))
    }

    pub(super) fn note_tick<T>(&self, outcome: &Result<T>) {
        *self.tick_failure.lock().unwrap_or_else(PoisonError::into_inner) =
            outcome.as_ref().err().map(ToString::to_string);
    }
}
