//! The claim: the write by which one worker, and no other, starts an attempt.

use super::{Change, Claim, Event, Execution, Status, Wait};
use crate::{ExecutionId, HumanDuration, Timer, Timestamp};

/// Request to start one attempt of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRequest {
    pub execution_id: ExecutionId,
    /// The only attempt that this claim may start.
    pub attempt: u32,
    /// Instant of the message that asked for the attempt: for an execution that waited for its turn, that of
    /// the turn.
    pub due: Timestamp,
    pub claim: Claim,
    /// Present version of the job, which the first claim pins. 0 for pushed work.
    pub job_version: u64,
    /// Starting deadline of the job. Pushed work has it in its row.
    pub starting_deadline: Option<HumanDuration>,
    /// Guard that is written with the claim, where the present guard fires too late to notice that the
    /// worker died.
    pub guard: Option<Timer>,
}

/// Reason why a claim started nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The execution has ended.
    Finished,
    /// Another claim holds the execution.
    Held,
    /// The execution is not due yet, or it waits for something else.
    NotYet,
    /// The message names another attempt than the next one: it is a duplicate, or late.
    OtherAttempt,
    /// The starting deadline has passed: the execution must be skipped.
    TooLate,
}

impl ClaimRequest {
    /// Whether the row shows this request's own earlier write, because the store repeated it.
    pub fn is_mine(&self, row: &Execution) -> bool {
        row.attempt == self.attempt && row.claim.as_ref().is_some_and(|claim| claim.id == self.claim.id)
    }

    /// Judges whether the attempt may start: the change that starts it, or the reason to leave the row
    /// alone.
    ///
    /// # Errors
    /// The reason why the attempt may not start.
    pub fn judge(&self, row: &Execution) -> Result<Change, Refusal> {
        match row.status {
            status if status.is_terminal() => return Err(Refusal::Finished),
            Status::Running => return Err(Refusal::Held),
            _ => {}
        }
        if row.attempt + 1 != self.attempt {
            return Err(Refusal::OtherAttempt);
        }
        let is_early = match row.wait() {
            Some(Wait::Dependencies | Wait::Elements(_)) => true,
            // The gates decide whose turn it is.
            Some(Wait::Turn(_) | Wait::Until(_)) | None => self.now() < row.ready_at,
        };
        if is_early {
            return Err(Refusal::NotYet);
        }
        if self.is_too_late(row) {
            return Err(Refusal::TooLate);
        }
        self.start(row).map_err(|_| Refusal::Held)
    }

    /// Row for the claim of a slot that has no row: it begins as running.
    pub fn start_new(&self, row: &Execution) -> Execution {
        Execution {
            status: Status::Running,
            attempt: self.attempt,
            start_time: Some(self.now()),
            claim: Some(self.claim.clone()),
            job_version: self.job_version,
            guard: self.guard.as_ref().map_or_else(|| row.guard.clone(), |guard| guard.key.clone()),
            ..row.clone()
        }
    }

    fn is_too_late(&self, row: &Execution) -> bool {
        let own = row.work.as_ref().and_then(|work| work.starting_deadline);
        row.must_start_by(own.or(self.starting_deadline)).is_some_and(|by| self.now() > by)
    }

    /// End of the row's wait for dependencies or for its turn. `None` where there was none. A message from
    /// before the turn says nothing about it.
    fn waited_until(&self, row: &Execution) -> Option<Timestamp> {
        let until = match row.wait() {
            Some(Wait::Turn(_)) if self.due > row.ready_at => self.due.min(self.now()),
            Some(Wait::Turn(_)) => self.now(),
            _ => row.ready_at,
        };
        Some(until).filter(|until| *until > row.was_due())
    }

    fn start(&self, row: &Execution) -> Result<Change, super::IllegalTransition> {
        let mut change = Change::of(row, Event::Claim)?;
        let started = &mut change.row;
        started.attempt = self.attempt;
        if row.attempt == 0 {
            started.waited_until = self.waited_until(row);
        }
        started.start_time = row.start_time.or(Some(self.now()));
        started.claim = Some(self.claim.clone());
        started.progress = None;
        if row.job_version == 0 {
            started.job_version = self.job_version;
        }
        if let Some(admission) = &mut started.admission {
            admission.has_waited = admission.place.take().is_some();
            if admission.has_waited {
                // Its turn has come; so the reason for its wait is no longer true.
                started.reason = None;
            }
        }
        Ok(change.guarded_by(self.guard.clone()))
    }

    fn now(&self) -> Timestamp {
        self.claim.since
    }
}
