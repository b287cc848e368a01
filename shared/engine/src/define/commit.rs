//! New versions of jobs are written together with the timers of their first slots.

use belfry_domain::{Job, Timer, Timestamp};

use crate::{Engine, EngineError, Result, ports::Committed};

/// Concurrent changes of the graph that a change gives way to before it gives up.
pub(crate) const COMMIT_ATTEMPTS: usize = 20;

impl Engine {
    /// Writes new versions with the timers of their first slots, and fires those that are near; false
    /// where the graph has changed.
    pub(crate) async fn commit_versions(
        &self,
        revision: u64,
        jobs: Vec<Job>,
        firsts: &[(Job, Timestamp)],
    ) -> Result<bool> {
        // Up to one that no tick has passed: the first slots may have executions already.
        let timers: Vec<Vec<Timer>> = firsts.iter().map(|(job, slot)| self.near(job, *slot).timers).collect();
        if self.ports.jobs.commit(revision, jobs.clone(), timers.concat()).await? != Committed::Done {
            return Ok(false);
        }
        self.keep_in_step(&jobs).await;
        for ((job, slot), written) in firsts.iter().zip(&timers) {
            self.fire_near(job, *slot, written).await?;
        }
        Ok(true)
    }
}

pub(crate) fn check_match(before: Option<&Job>, if_match: Option<&str>, if_new: bool) -> Result<()> {
    let current = before.map_or_else(|| "absent".to_owned(), Job::etag);
    let matches = match if_match {
        None => true,
        Some("*") => before.is_some(),
        Some(tags) => tags.split(',').any(|tag| tag.trim() == current),
    };
    if !matches || (if_new && before.is_some()) {
        return Err(EngineError::PreconditionFailed { current });
    }
    Ok(())
}
