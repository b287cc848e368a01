//! Changes of an execution's row: one constructor for each way in which a row changes; all of them end
//! in one conditional write.

use serde_json::Value;

use super::{
    Attempt, AttemptOutcome, Elements, Event, Execution, Holder, IllegalTransition, MAX_ATTEMPTS_KEPT,
    Progress, Trigger, transition,
};
use crate::{Admission, Exit, JobId, Outcome, Priority, Timer, TimerKey, Timestamp};

/// Replacement for the row with revision `expected`. It is not written over any other revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub expected: u64,
    pub row: Execution,
    /// Effect of the change on the gates of the execution. `None` where the execution does not leave
    /// them.
    pub exit: Option<Exit>,
    /// Timer that is written in the same write. It replaces a timer with the same key.
    pub guard: Option<Timer>,
}

/// End of an attempt that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub outcome: AttemptOutcome,
    pub error: String,
}

type Result<T = Change> = std::result::Result<T, IllegalTransition>;

impl Change {
    pub(super) fn of(row: &Execution, event: Event) -> Result {
        let status = transition(row.status, event)?;
        let mut change = Self::within(row);
        change.row.status = status;
        change.exit = change.row.admission.as_mut().and_then(|admission| admission.leave(status));
        Ok(change)
    }

    fn within(row: &Execution) -> Self {
        let mut next = row.clone();
        next.revision += 1;
        Self { expected: row.revision, row: next, exit: None, guard: None }
    }

    fn ended(row: &Execution, event: Event, now: Timestamp) -> Result {
        let mut change = Self::of(row, event)?;
        change.row.end_time = Some(now);
        Ok(change)
    }

    /// Adds a new guard to the change, where one is needed.
    #[must_use]
    pub fn guarded_by(mut self, guard: Option<Timer>) -> Self {
        if let Some(guard) = &guard {
            self.row.guard = guard.key.clone();
        }
        self.guard = guard;
        self
    }

    /// Ends the execution with success.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn succeeded(row: &Execution, result: Option<Value>, now: Timestamp) -> Result {
        let mut change = Self::ended(row, Event::Succeed, now)?;
        change.row.result = result;
        change.row.reason = None;
        change.row.progress = None;
        Ok(change)
    }

    /// Fails the execution: no attempts are left, or the failure is final.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn failed(row: &Execution, failure: &Failure, now: Timestamp) -> Result {
        let event = match failure.outcome {
            AttemptOutcome::TimedOut => Event::TimeOut,
            AttemptOutcome::Cancelled => Event::Cancel,
            _ => Event::Fail,
        };
        let mut change = Self::ended(row, event, now)?;
        change.count(failure);
        change.row.reason = Some(failure.error.clone());
        change.close_attempt(failure.outcome, Some(failure.error.clone()), now);
        Ok(change)
    }

    /// Plans another attempt from `ready_at` on. `guard` is the timer that starts it if the message is
    /// lost.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn retry_at(
        row: &Execution,
        failure: &Failure,
        ready_at: Timestamp,
        guard: TimerKey,
        now: Timestamp,
    ) -> Result {
        let mut change = Self::of(row, Event::Retry)?;
        change.count(failure);
        change.row.ready_at = ready_at;
        change.row.guard = guard;
        change.row.reason = Some(failure.error.clone());
        change.close_attempt(failure.outcome, Some(failure.error.clone()), now);
        Ok(change)
    }

    /// Gives up the running attempt, whose worker is gone. The next attempt may start at once.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn lost(row: &Execution, now: Timestamp) -> Result {
        let mut change = Self::of(row, Event::Lose)?;
        change.row.lost += 1;
        change.row.ready_at = now;
        change.row.reason =
            Some("the worker was lost: it sent no heartbeat before its lease ended".to_owned());
        change.close_attempt(AttemptOutcome::Lost, None, now);
        Ok(change)
    }

    pub fn heartbeat(row: &Execution, lease_until: Timestamp) -> Self {
        let mut change = Self::within(row);
        if let Some(claim) = &mut change.row.claim {
            claim.lease_until = lease_until;
        }
        change
    }

    /// Moves the start of an attempt to a later instant, because the attempt began some time after the
    /// claim was requested.
    #[must_use]
    pub fn starting_at(mut self, instant: Timestamp) -> Self {
        let Some(claim) = &mut self.row.claim else { return self };
        if self.row.start_time == Some(claim.since) {
            self.row.start_time = Some(instant);
        }
        claim.since = instant;
        self
    }

    /// Hands the attempt over to the target, which reports its end itself, by `lease_until` at the
    /// latest. `guard` is the timer that looks whether it has.
    pub fn handed_over(row: &Execution, lease_until: Timestamp, guard: TimerKey) -> Self {
        let mut change = Self::heartbeat(row, lease_until);
        if let Some(claim) = &mut change.row.claim {
            claim.holder = Holder::Target;
        }
        change.row.guard = guard;
        change
    }

    /// Adds the progress that the attempt reports, if any.
    #[must_use]
    pub fn telling(mut self, progress: Option<Progress>) -> Self {
        self.row.progress = progress.or(self.row.progress);
        self
    }

    /// Asks the worker of the running attempt to stop.
    pub fn cancel_requested(row: &Execution, reason: &str) -> Self {
        let mut change = Self::within(row);
        change.row.cancel_requested = true;
        change.row.reason = Some(reason.to_owned());
        change
    }

    /// Cancels an execution that is not running.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn cancelled(row: &Execution, reason: &str, now: Timestamp) -> Result {
        Self::never_started(row, Event::Cancel, reason, now)
    }

    /// Skips an execution that has not started, for `reason`.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn skipped(row: &Execution, reason: &str, now: Timestamp) -> Result {
        Self::never_started(row, Event::Skip, reason, now)
    }

    /// Ends an execution that can't start because of a dependency.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn upstream_failed(row: &Execution, reason: &str, now: Timestamp) -> Result {
        Self::never_started(row, Event::UpstreamFail, reason, now)
    }

    /// Ends an execution whose wait took too long.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn waited_too_long(row: &Execution, reason: &str, now: Timestamp) -> Result {
        Self::never_started(row, Event::TimeOut, reason, now)
    }

    fn never_started(row: &Execution, event: Event, reason: &str, now: Timestamp) -> Result {
        let mut change = Self::ended(row, event, now)?;
        change.row.reason = Some(reason.to_owned());
        Ok(change)
    }

    /// Notes the outcome of a dependency. The first outcome stands: `None` where one is noted already,
    /// or where the job is no dependency.
    pub fn dependency_ended(row: &Execution, dependency: &JobId, outcome: Outcome) -> Option<Self> {
        let mut change = Self::within(row);
        let slot = &mut change.row.dependencies.get_mut(dependency)?.outcome;
        if slot.is_some() {
            return None;
        }
        *slot = Some(outcome);
        Some(change)
    }

    /// Changes the priority, after that of the job has changed.
    pub fn reprioritised(row: &Execution, priority: Priority) -> Self {
        let mut change = Self::within(row);
        change.row.priority = priority;
        change
    }

    /// Holds the execution at a limit: it waits for its turn, at the place that its admission names.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn held(row: &Execution, admission: Admission, reason: &str) -> Result {
        let mut change = Self::of(row, Event::Hold)?;
        change.row.admission = Some(Box::new(admission));
        change.row.reason = Some(reason.to_owned());
        Ok(change)
    }

    /// Releases a waiting execution: it may start from `now` on, but never before its `ready_at`.
    ///
    /// # Errors
    /// The execution's status permits no release.
    pub fn released(row: &Execution, now: Timestamp) -> Result {
        let mut change = Self::of(row, Event::Release)?;
        change.row.ready_at = change.row.ready_at.max(now);
        if row.trigger == Trigger::Dependency {
            // It had no instant of its own before: this is the one that it can be late for.
            change.row.due = change.row.ready_at;
        }
        Ok(change)
    }

    /// Announces the number of element executions that are about to be created.
    pub fn announced(row: &Execution, count: u32) -> Self {
        let mut change = Self::within(row);
        change.row.elements = Some(Elements { count, created: false });
        change
    }

    /// Begins the wait for the elements, which have been created. `guard` is the timer that looks after
    /// the wait.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn fanned_out(row: &Execution, guard: TimerKey) -> Result {
        let mut change = Self::of(row, Event::FanOut)?;
        change.row.elements = row.elements.map(|elements| Elements { created: true, ..elements });
        change.row.guard = guard;
        change.row.reason = None;
        Ok(change)
    }

    /// Ends the execution after all its elements have succeeded.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn joined(row: &Execution, result: Option<Value>, now: Timestamp) -> Result {
        let mut change = Self::ended(row, Event::Join, now)?;
        change.row.result = result;
        Ok(change)
    }

    /// Ends the execution after all its elements have ended, and some of them badly.
    ///
    /// # Errors
    /// The change is illegal in the row's status.
    pub fn join_failed(row: &Execution, reason: &str, now: Timestamp) -> Result {
        let mut change = Self::ended(row, Event::FailJoin, now)?;
        change.row.reason = Some(reason.to_owned());
        Ok(change)
    }

    fn count(&mut self, failure: &Failure) {
        match failure.outcome {
            AttemptOutcome::Lost => self.row.lost += 1,
            AttemptOutcome::Cancelled | AttemptOutcome::Succeeded => {}
            AttemptOutcome::Failed | AttemptOutcome::TimedOut => self.row.failures += 1,
        }
    }

    /// Moves the attempt to the list of ended attempts. The claim stays on the row, so that a repeated
    /// write finds its own claim there.
    fn close_attempt(&mut self, outcome: AttemptOutcome, error: Option<String>, now: Timestamp) {
        let Some(claim) = &self.row.claim else { return };
        let attempt = Attempt {
            number: self.row.attempt,
            worker_id: claim.worker_id.clone(),
            start_time: claim.since,
            end_time: now,
            outcome,
            error,
        };
        if self.row.attempts.len() == MAX_ATTEMPTS_KEPT {
            self.row.attempts.remove(0);
        }
        self.row.attempts.push(attempt);
    }
}
