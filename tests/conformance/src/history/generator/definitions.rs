//! Verbs of jobs.

use belfry_domain::{Job, Pause, Timer};
use belfry_engine::ports::StoreError;
use rand::Rng as _;

use super::{Generator, JOBS};
use crate::{
    Backend,
    fixtures::{job, job_id},
    history::Verb,
};

/// Version greater than all that `one_timer` writes.
const NEWEST: u64 = 9;

impl Generator {
    pub(super) async fn job(&mut self, model: &Backend) -> Result<Verb, StoreError> {
        let name = job_id(self.job_name());
        let revision = model.jobs.all_jobs().await?.0;
        Ok(match self.random.random_range(0..10) {
            0 => Verb::Job(name),
            1 => Verb::JobVersion(name, self.random.random_range(0..9)),
            2 => Verb::AllJobs,
            3 => Verb::RunGroup(name),
            4 => Verb::Dependents(name, u64::MAX),
            5 => Verb::Dependents(name, self.random.random_range(0..=revision + 1)),
            _ => {
                let mut jobs = vec![self.next_version(model, revision).await?];
                let another = self.next_version(model, revision).await?;
                if are_apart(&jobs[0], &another) {
                    jobs.push(another);
                }
                let stale = u64::from(self.random.random_bool(0.2));
                // A commit brings timers of no version but the newest.
                let timer = Timer { version: NEWEST, ..self.one_timer() };
                Verb::Commit(revision.saturating_sub(stale), jobs, vec![timer])
            }
        })
    }

    /// Next version of a job, as the engine makes it: a definition, a tombstone or a pause, with a
    /// graph that is whole.
    async fn next_version(&mut self, model: &Backend, revision: u64) -> Result<Job, StoreError> {
        let name = self.job_name();
        let before = model.jobs.job(&job_id(name)).await?;
        let (is_pause, is_end) = (self.random.random_bool(0.2), self.random.random_bool(0.2));
        if let Some(live) = before.as_ref().filter(|job| is_pause && !job.deleted) {
            let mut paused = (**live).clone();
            paused.pause = paused.pause.is_none().then(|| Pause::at(self.instant()));
            return Ok(paused);
        }
        // Only on those before it in the alphabet: no cycles.
        let (_, live) = model.jobs.all_jobs().await?;
        let is_live = |other: &&str| live.iter().any(|job| job.id().as_str() == *other);
        let possible: Vec<&str> =
            JOBS.into_iter().take_while(|other| *other < name).filter(is_live).collect();
        let wanted: Vec<&str> = possible.into_iter().filter(|_| self.random.random_bool(0.5)).collect();
        let is_needed = live.iter().any(|job| job.spec.dependencies.contains(&job_id(name)));
        let mut next = job(name, before.map_or(1, |job| job.version + 1), revision + 1, &wanted);
        next.deleted = is_end && !is_needed;
        Ok(next)
    }
}

/// Whether neither job needs the other, so that one commit of both leaves the graph whole.
fn are_apart(one: &Job, other: &Job) -> bool {
    let needs = |one: &Job, other: &Job| one.spec.dependencies.contains(other.id());
    one.id() != other.id() && !needs(one, other) && !needs(other, one)
}
