//! A random generator of verbs, over so few names that the verbs meet each other all the time.

mod definitions;
mod times;

use belfry_domain::{
    AttemptOutcome, Change, Execution, ExecutionId, Failure, JobId, Priority, Status, Timer, Timestamp,
};
use belfry_engine::ports::{ExecutionFilter, Lease, Position, StoreError};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::json;

use super::Verb;
use crate::{
    Backend,
    dead_letters::letter,
    fixtures::{at, claim_at, guard, id, job_id, row_at, waiting_for},
    notes::output,
};

const JOBS: [&str; 5] = ["a", "a.b", "b", "c-1", "d"];
const SLOTS: [&str; 9] =
    ["x", "y", "2026-11-23T00:00:00Z", "key:1", "x~2", "x~10", "x,0", "x~2,1", "2026-11-23T00:00:00Z,3"];
const LONGEST_MS: i64 = 60;

pub struct Generator {
    random: StdRng,
    /// Rows as they were at the last looks. The newer a row, the likelier a change of it wins.
    seen: Vec<Execution>,
    leases: Vec<Lease>,
    timers: Vec<Timer>,
    /// Whether all stores remove ended executions when they are asked to.
    removes_ended: bool,
}

impl Generator {
    pub fn new(seed: u64, removes_ended: bool) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { random, seen: vec![], leases: vec![], timers: vec![], removes_ended }
    }

    /// Next verb. The generator reads the model, but does not change it.
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
        // What is named after an instant is due then: that is what timelines go by.
        let due = id(&name).slot().instant().unwrap_or_else(|| self.instant());
        let row = row_at(&name, due);
        let row = if self.random.random_bool(0.3) { waiting_for(row, "b@x") } else { row };
        let priority = Priority::ALL.choose(&mut self.random).copied().unwrap_or_default();
        let input = Some(json!({ "number": self.random.random_range(-9..9), "text": "ü\u{0}\"" }));
        Execution { priority, input, ..row }
    }

    /// Change of a row that was seen lately, not always of its present revision.
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
        let change = match self.random.random_range(0..14) {
            0 | 1 => Change::succeeded(row, Some(json!([1, null])), now),
            2 => Change::failed(row, &failure, now),
            3 => Change::retry_at(row, &failure, later, guard(row.id.as_str()).key, now),
            4 => Change::lost(row, now),
            5 => Change::cancelled(row, "by hand", now),
            6 => Change::skipped(row, "by rule", now),
            7 => Change::upstream_failed(row, "dependency b failed", now),
            8 => Change::released(row, now),
            9 => Change::fanned_out(row, guard(row.id.as_str()).key),
            10 => Change::joined(row, Some(json!([1, null])), now),
            11 => Change::join_failed(row, "1 of 2 elements failed", now),
            12 => return Change::announced(row, 2),
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
            _ if !self.removes_ended => Verb::Waiters(self.id()),
            _ if self.random.random_bool(0.5) => Verb::EndedBefore(self.instant()),
            _ => Verb::RemoveEnded(vec![self.id(), self.id()]),
        }
    }

    fn filter(&mut self) -> ExecutionFilter {
        ExecutionFilter {
            job_id: self.random.random_bool(0.5).then(|| job_id(self.job_name())),
            among: self.random.random_bool(0.3).then(|| self.some_jobs()),
            status: Status::ALL.choose(&mut self.random).copied().filter(|_| self.random.random_bool(0.5)),
            run_id: self.random.random_bool(0.2).then(|| format!("run-of-{}", self.name())),
            since: self.random.random_bool(0.3).then(|| self.instant()),
            until: self.random.random_bool(0.3).then(|| self.instant()),
        }
    }

    fn some_jobs(&mut self) -> Vec<JobId> {
        JOBS.into_iter().filter(|_| self.random.random_bool(0.5)).map(job_id).collect()
    }

    fn dead_letter(&mut self) -> Verb {
        match self.random.random_range(0..9) {
            0..3 => Verb::AddDeadLetter(letter(&self.name(), self.instant())),
            3 => Verb::DeadLetter(self.id()),
            4 => Verb::DeadLetters(
                self.random.random_bool(0.5).then(|| self.job_name().to_owned()),
                self.limit(),
            ),
            5 => Verb::MarkRedriven(
                self.id(),
                self.id(),
                self.random.random_bool(0.7).then(|| self.id().slot()),
            ),
            6 => Verb::Discard(self.id()),
            7 => Verb::RedrivenFor(
                self.id().slot(),
                self.random.random_bool(0.3).then(|| self.job_name().to_owned()),
                self.limit(),
            ),
            _ => Verb::CountDeadLetters,
        }
    }
}

/// Verbs that look at everything that the generator can have left.
pub fn remains() -> Vec<Verb> {
    let mut looks =
        vec![Verb::AllJobs, Verb::TimersOfJobs, Verb::CountDeadLetters, Verb::DeadLetters(None, 5)];
    looks.push(Verb::List(ExecutionFilter::default(), 5));
    looks.push(Verb::Cursors);
    for shard in 0..3 {
        looks.push(Verb::Due(shard, Position::After(Timestamp::MIN), Timestamp(i64::MAX), 5));
    }
    for (name, slot) in JOBS.iter().flat_map(|name| SLOTS.map(|slot| (name, slot))) {
        let id = id(&format!("{name}@{slot}"));
        looks.extend([Verb::Waiters(id.clone()), Verb::Outputs(id.clone()), Verb::DeadLetter(id)]);
    }
    looks
}
