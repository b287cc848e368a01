use crate::safeguard::Safeguard;
use crate::state::{Execution, Timer, What};

/// Origin of a job's executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Slots `1..=slots`, one at each instant. With dependencies, each slot waits for theirs.
    Schedule { slots: u8 },
    /// No schedule of its own: the slot is that of its dependencies.
    Dependencies,
    /// Accepted over the API, once.
    Push,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub source: Source,
    pub dependencies: Vec<u8>,
}

impl Job {
    pub fn scheduled(slots: u8, dependencies: &[u8]) -> Self {
        Self { source: Source::Schedule { slots }, dependencies: dependencies.to_vec() }
    }

    pub fn dependent(dependencies: &[u8]) -> Self {
        Self { source: Source::Dependencies, dependencies: dependencies.to_vec() }
    }

    pub fn pushed() -> Self {
        Self { source: Source::Push, dependencies: Vec::new() }
    }
}

/// Small world, which the checker explores exhaustively.
#[expect(clippy::struct_excessive_bools, reason = "each of them is a switch that tests turn on its own")]
#[derive(Clone, Debug)]
pub struct Config {
    pub jobs: Vec<Job>,
    /// Instant up to which ticks may move the cursor at least, even if no timer is there.
    pub horizon: u8,
    /// Number of faults: crashes, losses, duplicates, overlapping leaders and lapsed leases, taken
    /// together.
    pub faults: u8,
    /// Number of times that a sweep may move a timer to its next check.
    pub rekeys: u8,
    /// Number of times that the clock may go back, after ticks have fired ahead.
    pub steps_back: u8,
    pub targets_fail: bool,
    /// Whether targets may also take the work and call back later.
    pub callbacks: bool,
    pub retries: u8,
    /// Whether a retry may also lie so far ahead that only its timer starts it.
    pub far_retries: bool,
    pub lost_attempts: u8,
    /// Whether a claim writes another guard, which fires at once: its own may be far off.
    pub nearer_guards: bool,
    pub workers: usize,
    pub sweepers: usize,
    /// Whether a message leaves the world once it can only be refused: the behaviours are the same, in
    /// fewer states.
    pub tidy: bool,
    pub without: Option<Safeguard>,
}

impl Config {
    pub fn new(jobs: Vec<Job>) -> Self {
        Self {
            jobs,
            horizon: 1,
            faults: 1,
            rekeys: 0,
            steps_back: 0,
            targets_fail: false,
            callbacks: false,
            retries: 0,
            far_retries: false,
            lost_attempts: 1,
            nearer_guards: false,
            workers: 2,
            sweepers: 1,
            tidy: true,
            without: None,
        }
    }

    pub fn has(&self, safeguard: Safeguard) -> bool {
        self.without != Some(safeguard)
    }

    pub fn job(&self, execution: Execution) -> &Job {
        &self.jobs[usize::from(execution.job)]
    }

    pub fn slots(&self, job: u8) -> Vec<u8> {
        let job = &self.jobs[usize::from(job)];
        match job.source {
            Source::Schedule { slots } => (1..=slots).collect(),
            Source::Dependencies => self.slots(job.dependencies[0]),
            Source::Push => vec![0],
        }
    }

    pub fn executions(&self) -> impl Iterator<Item = Execution> + '_ {
        (0..self.jobs.len() as u8)
            .flat_map(|job| self.slots(job).into_iter().map(move |slot| Execution { job, slot }))
    }

    pub fn is_scheduled(&self, execution: Execution) -> bool {
        matches!(self.job(execution).source, Source::Schedule { .. })
    }

    pub fn successor(&self, execution: Execution) -> Option<Execution> {
        let next = Execution { slot: execution.slot + 1, ..execution };
        (self.is_scheduled(next) && self.slots(next.job).contains(&next.slot)).then_some(next)
    }

    pub fn dependencies(&self, execution: Execution) -> impl Iterator<Item = Execution> + '_ {
        self.job(execution).dependencies.iter().map(move |&job| Execution { job, ..execution })
    }

    /// Executions that the end of this execution creates, or tells its outcome, by itself.
    pub fn dependents(&self, execution: Execution) -> Vec<Execution> {
        self.depending(execution, |source| source == Source::Dependencies)
    }

    /// Whether a job with a schedule of its own may wait for this execution.
    pub fn may_be_awaited(&self, execution: Execution) -> bool {
        !self.depending(execution, |source| source != Source::Dependencies).is_empty()
    }

    fn depending(&self, execution: Execution, filter: impl Fn(Source) -> bool) -> Vec<Execution> {
        let depends = |job: &Job| job.dependencies.contains(&execution.job) && filter(job.source);
        let jobs = (0u8..).zip(&self.jobs);
        jobs.filter(|(_, job)| depends(job)).map(|(job, _)| Execution { job, ..execution }).collect()
    }

    /// The timer that guards an execution from its beginning.
    pub fn first_guard(&self, execution: Execution) -> Timer {
        if self.is_scheduled(execution) {
            Timer::slot(execution)
        } else {
            Timer { fire_at: 0, what: self.attempt_key(execution, 1) }
        }
    }

    /// The guard that a claim brings along; none where its own is near enough.
    pub fn nearer_guard(&self, execution: Execution, attempt: u8) -> Option<Timer> {
        let near = Timer { fire_at: 0, what: self.attempt_key(execution, attempt) };
        self.nearer_guards.then_some(near)
    }

    pub fn attempt_key(&self, execution: Execution, attempt: u8) -> What {
        let attempt = if self.has(Safeguard::AttemptInTimerKey) { attempt } else { 0 };
        What::Attempt(execution, attempt)
    }
}
