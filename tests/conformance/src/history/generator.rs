//! Chance, over so few names that verbs meet each other all the time.

use belfry_domain::{
    AttemptOutcome, Change, Execution, ExecutionId, Failure, Job, Priority, Status, Timer, TimerKey,
    Timestamp,
};
use belfry_engine::ports::{Acquired, ExecutionFilter, Lease, Position, StoreError};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::json;

use super::Verb;
use crate::{
    Backend, Verdict,
    dead_letters::letter,
    fixtures::{ONE, at, claim_at, guard, id, job, job_id, row_at, waiting_for},
    notes::output,
};

const JOBS: [&str; 5] = ["a", "a.b", "b", "c-1", "d"];
const SLOTS: [&str; 6] = ["x", "y", "2026-11-23T00:00:00Z", "key:1", "x~2", "x~10"];
const LONGEST_MS: i64 = 60;

pub struct Generator {
    random: StdRng,
    /// Rows as they were when somebody looked: the newer, the likelier that a change of it wins.
    seen: Vec<Execution>,
    leases: Vec<Lease>,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), seen: vec![], leases: vec![] }
    }

    /// The next verb, for which the model may be asked what there is, but is not changed.
    pub async fn next(&mut self, model: &Backend) -> Result<Verb, StoreError> {
        Ok(match self.random.random_range(0..100) {
            0..25 => self.change(model).await?,
            25..55 => self.execution(),
            55..75 => self.timer(),
            75..85 => self.lease(),
            85..92 => self.job(model).await?,
            _ => self.dead_letter(),
        })
    }

    fn job_name(&mut self) -> &'static str {
        JOBS.choose(&mut self.random).copied().unwrap_or("a")
    }

    fn name(&mut self) -> String {
        let slot = SLOTS.choose(&mut self.random).copied().unwrap_or("x");
        format!("{}@{slot}", self.job_name())
    }

    fn id(&mut self) -> ExecutionId {
        id(&self.name())
    }

    fn instant(&mut self) -> Timestamp {
        at(self.random.random_range(0..LONGEST_MS))
    }

    fn limit(&mut self) -> usize {
        self.random.random_range(1..8)
    }

    fn row(&mut self) -> Execution {
        let name = self.name();
        let row = row_at(&name, self.instant());
        let row = if self.random.random_bool(0.3) { waiting_for(row, "b@x") } else { row };
        let priority = Priority::ALL.choose(&mut self.random).copied().unwrap_or_default();
        let input = Some(json!({ "number": self.random.random_range(-9..9), "text": "ü\u{0}\"" }));
        Execution { priority, input, ..row }
    }

    /// A change of a row that was seen lately, if not always of its present revision.
    async fn change(&mut self, model: &Backend) -> Result<Verb, StoreError> {
        let looked_at = self.id();
        self.seen.extend(model.executions.execution(&looked_at).await?);
        self.seen.drain(..self.seen.len().saturating_sub(8));
        let newest = self.random.random_bool(0.6);
        let row =
            if newest { self.seen.last().cloned() } else { self.seen.choose(&mut self.random).cloned() };
        let Some(row) = row else { return Ok(Verb::Execution(looked_at)) };
        if self.random.random_bool(0.4) {
            let attempt = row.attempt + self.random.random_range(0..3);
            let (claim_id, now) = (self.random.random_range(0..4), self.instant());
            return Ok(Verb::Claim(claim_at(row.id.as_str(), attempt, claim_id, now)));
        }
        Ok(Verb::Apply(Box::new(self.change_of(&row))))
    }

    fn change_of(&mut self, row: &Execution) -> Change {
        let (now, later) = (self.instant(), self.instant());
        let failure = Failure { outcome: AttemptOutcome::Failed, error: "exit code 1".to_owned() };
        let change = match self.random.random_range(0..10) {
            0 | 1 => Change::succeeded(row, Some(json!([1, null])), now),
            2 => Change::failed(row, &failure, now),
            3 => Change::retry_at(row, &failure, later, guard(row.id.as_str()).key, now),
            4 => Change::lost(row, now),
            5 => Change::cancelled(row, "by hand", now),
            6 => Change::skipped(row, "by rule", now),
            7 => Change::upstream_failed(row, "dependency b failed", now),
            8 => Change::released(row, now),
            _ => return Change::cancel_requested(row, "by hand"),
        };
        change.unwrap_or_else(|_| Change::heartbeat(row, later))
    }

    fn execution(&mut self) -> Verb {
        match self.random.random_range(0..15) {
            0..4 => {
                let row = self.row();
                let guard = self.random.random_bool(0.5).then(|| guard(row.id.as_str()));
                Verb::Create(Box::new(row), guard)
            }
            4 => {
                let count = self.random.random_range(0..4);
                let rows = std::iter::repeat_with(|| self.row()).take(count);
                Verb::CreateAll(rows.map(|row| (row.clone(), guard(row.id.as_str()))).collect())
            }
            5 => Verb::Execution(self.id()),
            6 => Verb::AddWaiter(self.id(), self.id()),
            7 => Verb::RemoveWaiter(self.id(), self.id()),
            8 => Verb::Waiters(self.id()),
            9 => Verb::KeepOutput(self.id(), output(self.random.random_range(1..12), "printed")),
            10 => Verb::Outputs(self.id()),
            11 | 12 => Verb::List(self.filter(), self.limit()),
            13 => Verb::LatestGeneration(self.id().with_generation(1)),
            _ => Verb::RemoveEnded(at(self.random.random_range(0..LONGEST_MS / 2)), 1_000),
        }
    }

    fn filter(&mut self) -> ExecutionFilter {
        ExecutionFilter {
            job_id: self.random.random_bool(0.5).then(|| job_id(self.job_name())),
            status: Status::ALL.choose(&mut self.random).copied().filter(|_| self.random.random_bool(0.5)),
            run_id: self.random.random_bool(0.2).then(|| format!("run-of-{}", self.name())),
            since: self.random.random_bool(0.3).then(|| self.instant()),
            until: self.random.random_bool(0.3).then(|| self.instant()),
        }
    }

    fn one_timer(&mut self) -> Timer {
        let (instant, attempt) = (self.instant(), self.random.random_range(1..12));
        let timer = match self.random.random_range(0..3) {
            0 => Timer::slot(ONE, job_id(self.job_name()), self.random.random_range(1..4), instant),
            1 => Timer::start(ONE, &self.id(), attempt, instant),
            _ => Timer::check(ONE, &self.id(), attempt, instant, self.random.random_range(0..3)),
        };
        Timer { key: TimerKey { shard: self.random.random_range(0..2), ..timer.key }, ..timer }
    }

    fn timer(&mut self) -> Verb {
        match self.random.random_range(0..10) {
            0..4 => {
                let count = self.random.random_range(0..5);
                Verb::PutTimers(std::iter::repeat_with(|| self.one_timer()).take(count).collect())
            }
            4 => Verb::RemoveTimer(self.one_timer().key),
            5 => Verb::RemoveTimer(guard(&self.name()).key),
            6 | 7 => {
                let until = Timestamp(self.instant().0 + LONGEST_MS / 2);
                Verb::Due(
                    self.random.random_range(0..2),
                    Position::After(self.instant()),
                    until,
                    self.limit(),
                )
            }
            8 => Verb::SlotsOfJob(job_id(self.job_name())),
            _ => Verb::TimersOfJobs,
        }
    }

    fn lease(&mut self) -> Verb {
        let (lane, shard) = (self.random.random_range(1..3), self.random.random_range(0..3));
        let known = self.leases.choose(&mut self.random).cloned();
        match (self.random.random_range(0..6), known) {
            (0, Some(lease)) => Verb::Release(lease),
            (1 | 2, Some(lease)) => Verb::SaveCursor(lease, shard, self.instant()),
            (3, _) => Verb::Cursor(shard),
            _ => {
                let owner =
                    ["one", "two", "three"].choose(&mut self.random).copied().unwrap_or("one").to_owned();
                let now = self.instant();
                let until = Timestamp(now.0 + self.random.random_range(0..LONGEST_MS));
                Verb::Acquire(lane, owner, now, until)
            }
        }
    }

    /// Learns from what a verb has come to. A renewal at the same instant changes nothing.
    pub async fn learn(&mut self, verb: &Verb, model: &Backend) -> Verdict {
        if let Verb::Acquire(lane, owner, now, until) = verb
            && let Acquired::Leader(lease) = model.leases.acquire(*lane, owner, *now, *until).await?
        {
            self.leases.push(lease);
            self.leases.drain(..self.leases.len().saturating_sub(4));
        }
        Ok(())
    }

    async fn job(&mut self, model: &Backend) -> Result<Verb, StoreError> {
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
                if another.id() != jobs[0].id() {
                    jobs.push(another);
                }
                let stale = u64::from(self.random.random_bool(0.2));
                Verb::Commit(revision.saturating_sub(stale), jobs, vec![self.one_timer()])
            }
        })
    }

    /// As the engine makes them: a definition, a tombstone or a pause.
    async fn next_version(&mut self, model: &Backend, revision: u64) -> Result<Job, StoreError> {
        let name = self.job_name();
        let before = model.jobs.job(&job_id(name)).await?;
        let (pauses, deletes) = (self.random.random_bool(0.2), self.random.random_bool(0.2));
        if let Some(live) = before.as_ref().filter(|job| pauses && !job.deleted) {
            let mut paused = (**live).clone();
            paused.paused_at = paused.paused_at.is_none().then(|| self.instant());
            return Ok(paused);
        }
        // Only on those before it in the alphabet: no cycles.
        let possible: Vec<&str> = JOBS.into_iter().take_while(|other| *other < name).collect();
        let wanted: Vec<&str> = possible.into_iter().filter(|_| self.random.random_bool(0.5)).collect();
        let mut next = job(name, before.map_or(1, |job| job.version + 1), revision + 1, &wanted);
        next.deleted = deletes;
        Ok(next)
    }

    fn dead_letter(&mut self) -> Verb {
        match self.random.random_range(0..8) {
            0..3 => Verb::AddDeadLetter(letter(&self.name(), self.instant())),
            3 => Verb::DeadLetter(self.id()),
            4 => Verb::DeadLetters(
                self.random.random_bool(0.5).then(|| self.job_name().to_owned()),
                self.limit(),
            ),
            5 => Verb::MarkRedriven(self.id(), self.id()),
            6 => Verb::Discard(self.id()),
            _ => Verb::CountDeadLetters,
        }
    }
}

/// Looks at everything that the generator can have left.
pub fn remains() -> Vec<Verb> {
    let mut looks =
        vec![Verb::AllJobs, Verb::TimersOfJobs, Verb::CountDeadLetters, Verb::DeadLetters(None, 5)];
    looks.push(Verb::List(ExecutionFilter::default(), 5));
    for shard in 0..3 {
        looks.push(Verb::Due(shard, Position::After(Timestamp::MIN), Timestamp(i64::MAX), 5));
        looks.push(Verb::Cursor(shard));
    }
    for (name, slot) in JOBS.iter().flat_map(|name| SLOTS.map(|slot| (name, slot))) {
        let id = id(&format!("{name}@{slot}"));
        looks.extend([Verb::Waiters(id.clone()), Verb::Outputs(id.clone()), Verb::DeadLetter(id)]);
    }
    looks
}
