//! The ports' verbs as values.

use belfry_domain::{
    Change, ClaimRequest, Execution, ExecutionId, Job, JobId, SlotName, Timer, TimerKey, Timestamp,
};
use belfry_engine::ports::{Cursors, DeadLetter, ExecutionFilter, Lease, Position, StoreError, StoredOutput};

use crate::{
    Backend, dead_letters,
    fixtures::{job_id, stored},
    listing, paging,
};

#[derive(Debug, Clone)]
pub enum Verb {
    Execution(ExecutionId),
    Create(Box<Execution>, Option<Timer>),
    CreateAll(Vec<(Execution, Timer)>),
    Claim(ClaimRequest),
    Apply(Box<Change>),
    AddWaiter(ExecutionId, ExecutionId),
    RemoveWaiter(ExecutionId, ExecutionId),
    Waiters(ExecutionId),
    KeepOutput(ExecutionId, StoredOutput),
    Outputs(ExecutionId),
    List(ExecutionFilter, usize),
    LatestGeneration(ExecutionId),
    EndedBefore(Timestamp),
    RemoveEnded(Vec<ExecutionId>),
    PutTimers(Vec<Timer>),
    RemoveTimer(TimerKey),
    RemoveUnchanged(Timer),
    Due(u16, Position, Timestamp, usize),
    TimersOfJobs,
    SlotsOfJob(JobId),
    Acquire(u16, String, Timestamp, Timestamp),
    Release(Lease),
    Cursors,
    SaveCursors(Lease, Cursors),
    AddDeadLetter(DeadLetter),
    DeadLetter(ExecutionId),
    DeadLetters(Option<String>, usize),
    MarkRedriven(ExecutionId, ExecutionId, Option<SlotName>),
    RedrivenFor(SlotName, Option<String>, usize),
    Discard(ExecutionId),
    CountDeadLetters,
    Job(JobId),
    JobVersion(JobId, u64),
    AllJobs,
    RunGroup(JobId),
    Dependents(JobId, u64),
    Commit(u64, Vec<Job>, Vec<Timer>),
}

fn text(answer: impl std::fmt::Debug) -> String {
    format!("{answer:?}")
}

fn sorted<T: Ord + std::fmt::Debug>(mut answers: Vec<T>) -> String {
    answers.sort();
    text(answers)
}

fn job_text(job: &Job) -> String {
    stored(job).to_string()
}

impl Verb {
    /// Answer of the store as text. Results whose order is up to the store are sorted.
    pub async fn answer(&self, on: &Backend) -> Result<String, StoreError> {
        match self {
            Self::PutTimers(_)
            | Self::RemoveTimer(_)
            | Self::RemoveUnchanged(_)
            | Self::Due(..)
            | Self::TimersOfJobs
            | Self::SlotsOfJob(_)
            | Self::Acquire(..)
            | Self::Release(_)
            | Self::Cursors
            | Self::SaveCursors(..) => self.answer_on_time(on).await,
            Self::Job(_)
            | Self::JobVersion(..)
            | Self::AllJobs
            | Self::RunGroup(_)
            | Self::Dependents(..)
            | Self::Commit(..) => self.answer_on_jobs(on).await,
            Self::AddDeadLetter(_)
            | Self::DeadLetter(_)
            | Self::DeadLetters(..)
            | Self::MarkRedriven(..)
            | Self::RedrivenFor(..)
            | Self::Discard(_)
            | Self::CountDeadLetters => self.answer_on_dead_letters(on).await,
            _ => self.answer_on_executions(on).await,
        }
    }

    async fn answer_on_executions(&self, on: &Backend) -> Result<String, StoreError> {
        let store = &on.executions;
        Ok(match self {
            Self::Execution(id) => text(store.execution(id).await?),
            Self::Create(row, guard) => text(store.create((**row).clone(), guard.clone()).await?),
            Self::CreateAll(rows) => {
                let creations = store.create_all(rows.clone()).await;
                text(creations.into_iter().collect::<Result<Vec<_>, _>>()?)
            }
            Self::Claim(request) => text(store.claim(request).await?),
            Self::Apply(change) => text(store.apply((**change).clone()).await?),
            Self::AddWaiter(dependency, waiter) => text(store.add_waiter(dependency, waiter).await?),
            Self::RemoveWaiter(dependency, waiter) => text(store.remove_waiter(dependency, waiter).await?),
            Self::Waiters(dependency) => sorted(store.waiters(dependency).await?),
            Self::KeepOutput(id, output) => text(store.keep_output(id, output.clone()).await?),
            Self::Outputs(id) => text(store.outputs(id).await?),
            Self::List(filter, limit) => list(on, filter, *limit).await?,
            Self::LatestGeneration(id) => text(store.latest_generation(id).await?),
            Self::EndedBefore(before) => text(store.ended_before(*before, listing::MANY).await?),
            Self::RemoveEnded(ids) => text(store.remove_ended(ids).await?),
            other => unreachable!("{other:?} is no verb of executions"),
        })
    }

    async fn answer_on_time(&self, on: &Backend) -> Result<String, StoreError> {
        Ok(match self {
            Self::PutTimers(timers) => text(on.timers.put_timers(timers.clone()).await?),
            Self::RemoveTimer(key) => {
                on.timers.remove_timer(key).await?;
                look_at(on, key).await?
            }
            Self::RemoveUnchanged(timer) => {
                on.timers.remove_unchanged(timer).await?;
                look_at(on, &timer.key).await?
            }
            Self::Due(shard, from, until, limit) => {
                by_key(paging::walk(on, *shard, from.clone(), *until, *limit).await?)
            }
            Self::TimersOfJobs => sorted(on.timers.timers_of_jobs().await?),
            Self::SlotsOfJob(id) => by_key(on.timers.slots_of_job(id).await?),
            Self::Acquire(lane, owner, now, until) => {
                text(on.leases.acquire(*lane, owner, *now, *until).await?)
            }
            Self::Release(lease) => text(on.leases.release(lease).await?),
            Self::Cursors => text(on.leases.cursors().await?),
            Self::SaveCursors(lease, cursors) => text(on.leases.save_cursors(lease, cursors).await?),
            other => unreachable!("{other:?} is no verb of timers or leases"),
        })
    }

    async fn answer_on_jobs(&self, on: &Backend) -> Result<String, StoreError> {
        let store = &on.jobs;
        Ok(match self {
            Self::Job(id) => text(store.job(id).await?.as_deref().map(job_text)),
            Self::JobVersion(id, version) => {
                text(store.job_version(id, *version).await?.as_deref().map(job_text))
            }
            Self::AllJobs => {
                let (revision, jobs) = store.all_jobs().await?;
                format!("{revision} {}", sorted(jobs.iter().map(|job| job_text(job)).collect()))
            }
            Self::RunGroup(id) => text(store.run_group(id).await?),
            Self::Dependents(id, graph) => {
                sorted(store.dependents(id, *graph).await?.iter().map(|job| job_text(job)).collect())
            }
            Self::Commit(revision, jobs, timers) => {
                text(store.commit(*revision, jobs.clone(), timers.clone()).await?)
            }
            other => unreachable!("{other:?} is no verb of jobs"),
        })
    }

    async fn answer_on_dead_letters(&self, on: &Backend) -> Result<String, StoreError> {
        let store = &on.dead_letters;
        Ok(match self {
            Self::AddDeadLetter(letter) => text(store.add_dead_letter(letter.clone()).await?),
            Self::DeadLetter(id) => text(store.dead_letter(id).await?),
            Self::DeadLetters(job, limit) => text(dead_letters::walk(on, job.as_deref(), *limit).await?),
            Self::MarkRedriven(id, generation, key) => {
                text(store.mark_redriven(id, generation, key.as_ref()).await?)
            }
            Self::RedrivenFor(key, job, limit) => {
                let job = job.as_deref().map(job_id);
                text(store.redriven_for(key, job.as_ref(), *limit).await?)
            }
            Self::Discard(id) => text(store.discard(id).await?),
            Self::CountDeadLetters => text(store.count_dead_letters().await?),
            other => unreachable!("{other:?} is no verb of dead letters"),
        })
    }
}

/// Timers at the key's instant. A removal may return early: this consistent read waits for it, so that
/// later reads, which may lag, show it too.
async fn look_at(on: &Backend, key: &TimerKey) -> Result<String, StoreError> {
    let until = Timestamp(key.fire_at.0 + 1);
    Ok(by_key(paging::walk(on, key.shard, Position::After(Timestamp(key.fire_at.0 - 1)), until, 3).await?))
}

fn by_key(mut timers: Vec<Timer>) -> String {
    timers.sort_by(|one, other| one.key.cmp(&other.key));
    text(timers)
}

/// Lists the rows. Within a job the order is promised; over all jobs the store chooses it.
async fn list(on: &Backend, filter: &ExecutionFilter, limit: usize) -> Result<String, StoreError> {
    let mut rows = listing::walk(on, filter, limit).await?;
    if filter.job_id.is_some() {
        assert!(rows.is_sorted_by(|one, next| one.due >= next.due), "not newest first: {rows:?}");
    }
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(text(rows))
}
