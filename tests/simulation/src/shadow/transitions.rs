//! Rules for each write: invariants 2, 3 and 5.

use belfry_domain::{
    AttemptOutcome, Claim, ClaimRequest, Event, Execution, Holder, Status, Trigger, Wait, transition,
};

use super::{Shadow, Writer, rows::elements_of};
use crate::machine::executor::TaskId;

type Verdict = Result<(), String>;

/// Milliseconds by which a takeover waits longer than the lease.
const TAKEOVER_MARGIN_MS: i64 = 5_000;

fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise()) }
}

impl Shadow {
    pub(super) fn judge_creation(
        &self,
        row: &Execution,
        writer: &Writer,
        task: TaskId,
        now_ms: u64,
    ) -> Verdict {
        let id = &row.id;
        demand(self.row(id).is_none(), || format!("2: {id} was created twice"))?;
        self.judge_backfilled(row)?;
        demand(row.status != Status::Success, || format!("3: {id} succeeded without an attempt"))?;
        self.judge_taken_over(row)?;
        self.judge_run_again(row)?;
        if row.status != Status::Running {
            return Ok(());
        }
        demand(row.attempt == 1, || format!("3: {id} begins with attempt {}", row.attempt))?;
        demand(row.claim.as_ref().is_some_and(|claim| claim.worker_id == writer.name), || {
            format!("3: {id} was claimed in another's name")
        })?;
        self.judge_instant(row)?;
        self.judge_job_of(row, task, now_ms)
    }

    pub(super) fn judge_claim(&self, row: &Execution, request: &ClaimRequest, task: TaskId) -> Verdict {
        let id = &row.id;
        let old = self.row(id).ok_or_else(|| format!("{id} was claimed before it was created"))?;
        demand(!old.status.is_terminal(), || format!("5: {id} was claimed after its end"))?;
        demand(old.status != Status::Running, || format!("3: {id} was claimed while another claim held it"))?;
        demand(row.revision > old.revision, || format!("3: {id}: the revision does not grow"))?;
        demand(row.attempt == old.attempt + 1 && row.attempt == request.attempt, || {
            format!("3: {id}: the claim of attempt {} started {}", request.attempt, row.attempt)
        })?;
        demand(old.wait() != Some(Wait::Dependencies), || {
            format!("{id} was claimed before its dependencies ended")
        })?;
        self.judge_instant(row)?;
        let is_of_job = row.work.is_none() && row.attempt == 1;
        let read = self.reads.get(&(task, row.job_id()));
        demand(!is_of_job || read.is_some_and(|read| !read.is_deleted), || {
            format!("{id} started: its job was deleted")
        })
    }

    /// Checks the instant of a start, by the clock of the claiming process.
    fn judge_instant(&self, row: &Execution) -> Verdict {
        let Some(claim) = &row.claim else { return Err(format!("3: {} runs without a claim", row.id)) };
        demand(claim.since >= row.ready_at, || {
            format!("4: {} started at {}, before {}", row.id, claim.since, row.ready_at)
        })?;
        demand(!self.is_punctual || claim.since.0 < row.ready_at.0 + 1000, || {
            format!("6: {} started at {}, it was due at {}", row.id, claim.since, row.ready_at)
        })
    }

    /// Checks that the job, as the worker read it, lets the slot start.
    fn judge_job_of(&self, row: &Execution, task: TaskId, now_ms: u64) -> Verdict {
        if row.trigger != Trigger::Schedule {
            return Ok(());
        }
        let id = &row.id;
        let Some(read) = self.reads.get(&(task, row.job_id())) else {
            return Err(format!("{id} started without a look at its job"));
        };
        let slot = id.slot().instant().ok_or_else(|| format!("{id} has no slot"))?;
        demand(!read.is_deleted, || format!("{id} started: its job was deleted"))?;
        demand(read.paused_at.is_none_or(|at| slot <= at), || format!("{id} started: its job was paused"))?;
        let has_moved = self.clocks_moved_ms.is_some_and(|at| at >= read.at_ms);
        demand(has_moved || read.at >= row.ready_at, || {
            format!("{id} started at {now_ms} ms by a look at its job before it was due")
        })
    }

    pub(super) fn judge_change(&self, old: &Execution, new: &Execution, writer: &Writer) -> Verdict {
        let id = &new.id;
        demand(!old.status.is_terminal(), || {
            format!("5: {id} had ended as {} and was written again as {}", old.status, new.status)
        })?;
        demand(new.revision > old.revision, || {
            format!("3: {id}: revision {} after {}", new.revision, old.revision)
        })?;
        let is_legal = Event::ALL.iter().any(|event| transition(old.status, *event) == Ok(new.status));
        demand(is_legal || old.status == new.status, || {
            format!("3: {id}: {} after {}", new.status, old.status)
        })?;
        demand(new.attempt == old.attempt, || format!("3: {id}: attempt {} without a claim", new.attempt))?;
        let name = |row: &Execution| row.claim.as_ref().map(|claim| claim.id);
        demand(name(old) == name(new), || format!("3: {id}: written by a claim that is not the row's"))?;
        if matches!(new.wait(), Some(Wait::Elements(_))) {
            let missing = elements_of(new).find(|id| self.row(id).is_none());
            demand(missing.is_none(), || {
                format!("1: {id} waits for elements, and one is not there: {missing:?}")
            })?;
        }
        if old.status == Status::Running {
            return self.judge_running(old, new, writer);
        }
        match old.wait() {
            Some(Wait::Elements(_)) => self.judge_join(old, new),
            Some(Wait::Dependencies) => self.judge_decision(old, new),
            Some(Wait::Turn(_) | Wait::Until(_)) | None => Ok(()),
        }
    }

    /// Checks a join: the elements decide, once all of them have ended.
    fn judge_join(&self, old: &Execution, new: &Execution) -> Verdict {
        if !matches!(new.status, Status::Success | Status::Failed) {
            return Ok(());
        }
        let statuses: Vec<Status> =
            elements_of(old).filter_map(|id| self.row(&id)).map(|row| row.status).collect();
        let all_good = statuses.iter().all(|status| *status == Status::Success);
        let all_ended = statuses.iter().all(|status| status.is_terminal());
        demand(all_ended && all_good == (new.status == Status::Success), || {
            format!("{} became {}, but its elements are {statuses:?}", new.id, new.status)
        })
    }

    /// Checks that the lease of a holder other than a worker does not go on beyond the attempt's time.
    fn judge_lease(&self, old: &Execution, new: &Execution) -> Verdict {
        let (Some(before), Some(after)) = (&old.claim, &new.claim) else { return Ok(()) };
        let own = new.work.as_deref();
        let job = self.jobs.get(&new.job_id()).into_iter().flatten();
        let pinned = job.filter(|job| job.version == new.job_version).map(belfry_domain::Job::work).last();
        let Some(work) = own.or(pinned).filter(|_| after.holder != Holder::Worker) else { return Ok(()) };
        let ends_by = after.since.plus(work.timeout.0);
        // Both instants of a claim by a clock that was ahead move together.
        let length = |claim: &Claim| claim.lease_until.since(claim.since);
        let is_no_longer = length(after) <= length(before) && after.since <= before.since;
        demand(after.lease_until <= ends_by || is_no_longer, || {
            format!(
                "8: {}: its lease was prolonged to {}, its time is over at {ends_by}",
                new.id, after.lease_until
            )
        })
    }

    /// Checks that only its worker moves a running attempt on, before its lease is over.
    fn judge_running(&self, old: &Execution, new: &Execution, writer: &Writer) -> Verdict {
        let id = &new.id;
        let Some(claim) = &old.claim else { return Err(format!("3: {id} runs without a claim")) };
        let is_elsewhere = self.attempts.is_elsewhere(id, old.attempt);
        let is_workers = claim.worker_id == writer.name || is_elsewhere;
        let is_lapsed =
            self.clocks_moved_ms.is_some() || writer.now.0 >= claim.lease_until.0 + TAKEOVER_MARGIN_MS;
        let last = new.attempts.last().map(|attempt| attempt.outcome);
        let was_lost = last == Some(AttemptOutcome::Lost);
        let has_timed_out = last == Some(AttemptOutcome::TimedOut);
        // A clock that was ahead has prolonged it: it becomes as long as it was meant to be. A worker that
        // lives renews it, and a host that stood still before this write comes second to that.
        let until = |row: &Execution| row.claim.as_ref().map(|claim| claim.lease_until);
        let length = |row: &Execution| row.claim.as_ref().map(|claim| claim.lease_until.since(claim.since));
        let is_as_meant = until(new) > Some(writer.now) || length(new) == length(old);
        let is_shortened = self.clocks_moved_ms.is_some()
            && until(new) < until(old)
            && is_as_meant
            && new.guard == old.guard;
        let is_allowed = match new.status {
            Status::Running => is_workers || is_shortened || (new.cancel_requested && new.claim == old.claim),
            Status::Success => is_workers,
            Status::Waiting => is_workers || is_lapsed && claim.holder != Holder::Worker && has_timed_out,
            Status::Queued => is_lapsed && was_lost,
            _ => is_workers || is_lapsed,
        };
        self.judge_lease(old, new)?;
        demand(is_allowed, || {
            format!("3: {id}: {} wrote {} into the attempt of {}", writer.name, new.status, claim.worker_id)
        })
    }
}
