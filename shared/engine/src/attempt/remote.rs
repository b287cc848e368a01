//! Attempts that run outside of any engine: with workers that speak HTTP only, and with targets that
//! have taken the work and call back.
//!
//! The claim is made here, on behalf of a holder that is known by its token from then on: attempt and
//! claim id, the fence for every write. The bearer of the token renews the lease and reports the end;
//! both can be repeated. The lease never exceeds the attempt's time limit.
//!
//! Nothing depends on the process that made the claim. A message that was taken and not claimed is
//! found by its guard. A claim whose answer never arrived ends with its lease. Consequences of an end
//! are repeated by the sweep, as after any other end.

use std::time::Duration;

use belfry_domain::{
    AttemptOutcome, Change, ClaimToken, Execution, ExecutionId, Holder, Message, Progress, Status, Timestamp,
    Work,
};
use futures::future::join_all;
use serde_json::Value;

use crate::{
    Engine, EngineError, Result,
    attempt::{
        claim::{ClaimOutcome, Claimant},
        run::AttemptEnd,
    },
    base::deadlines::attempt_ends_by,
    ports::{Completion, Delivery, Ending, Source, Stop},
};

/// Request of a worker for attempts.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    pub pool: String,
    pub worker_id: String,
    /// Maximum number of attempts.
    pub limit: usize,
    /// Longest wait for the first attempt.
    pub wait: Duration,
    /// Time for which the worker holds each attempt without a heartbeat.
    pub lease: Duration,
}

/// Attempt that now belongs to the worker.
#[derive(Debug, Clone)]
pub struct Leased {
    pub execution: Execution,
    pub token: ClaimToken,
    pub work: Work,
    pub input: Value,
    /// Time limit of the attempt.
    pub timeout: Duration,
}

/// Answer to a heartbeat.
#[derive(Debug, Clone)]
pub struct HeartbeatReply {
    /// Execution, with the present end of the lease, and whether the attempt must stop.
    pub execution: Execution,
    /// Instant at which the attempt's time is over, whatever the heartbeats.
    pub ends_by: Timestamp,
}

impl Engine {
    /// Receives messages of a pool, and claims the attempts that they name. Messages that start nothing
    /// are removed, so the answer may be empty before the wait is over. `closing` ends the wait, but not
    /// a claim that has begun.
    ///
    /// # Errors
    /// No attempt could be claimed, because the queue or the store does not answer.
    pub async fn lease(
        &self,
        source: &dyn Source,
        request: &LeaseRequest,
        closing: &Stop,
    ) -> Result<Vec<Leased>> {
        let deliveries = source.receive(&request.pool, request.limit, request.wait, closing).await?;
        let claims = deliveries.into_iter().map(|delivery| self.lease_delivery(delivery, request));
        let (mut leased, mut failure) = (Vec::new(), None);
        for claim in join_all(claims).await {
            match claim {
                Ok(claimed) => leased.extend(claimed),
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if leased.is_empty() => Err(error),
            Some(error) => {
                tracing::warn!(%error, "a message failed; the sweep will retry");
                Ok(leased)
            }
            None => Ok(leased),
        }
    }

    async fn lease_delivery(&self, delivery: Delivery, request: &LeaseRequest) -> Result<Option<Leased>> {
        let Delivery { message, loan } = delivery;
        let outcome = self.lease_message(&message, request).await;
        match (&outcome, loan) {
            (Ok(_), Some(loan)) => loan.settle().await,
            (Err(_), Some(loan)) => loan.give_back().await,
            (_, None) => {}
        }
        outcome
    }

    /// Claims the attempt that a message names. `None` where the message starts nothing.
    ///
    /// # Errors
    /// The store does not answer, or the pinned version of the job is gone.
    pub async fn lease_message(&self, message: &Message, request: &LeaseRequest) -> Result<Option<Leased>> {
        let claimant =
            Claimant { worker_id: &request.worker_id, holder: Holder::Remote, lease: request.lease };
        let ClaimOutcome::Started(started) = self.claim(message, &claimant).await? else { return Ok(None) };
        let (work, input) = self.work_and_input(&started).await?;
        let took = self.ports.clock.monotonic().saturating_sub(started.since);
        // Claimed so late that its lease may be over before the worker hears of it.
        let Some(token) = started.row.token().filter(|_| took < request.lease / 2) else { return Ok(None) };
        let input = match input {
            Ok(input) => input,
            Err(why) => {
                let verdict = AttemptEnd::Completed(Completion::failed_for_good(why));
                return Box::pin(self.finish(started.row, &work, verdict, started.guard)).await.map(|_| None);
            }
        };
        let timeout = self.time_allowed(&started.row, &work);
        Ok(Some(Leased { execution: started.row, token, work, input, timeout }))
    }

    /// Renews a worker's lease, at most up to the end of the attempt's time. Leases of targets, and of
    /// workers with an engine of their own, stay as they are.
    ///
    /// # Errors
    /// The token does not, or no longer, hold the attempt.
    pub async fn heartbeat(
        &self,
        id: &ExecutionId,
        token: ClaimToken,
        lease: Duration,
        progress: Option<Progress>,
    ) -> Result<HeartbeatReply> {
        let row = self.running_row(id, token).await?;
        let work = self.work_of_claimed(&row).await?;
        let reply = |execution: Execution| {
            let ends_by = attempt_ends_by(&execution, &work);
            HeartbeatReply { execution, ends_by }
        };
        if row.claim.as_ref().is_none_or(|claim| claim.holder != Holder::Remote) {
            return Ok(reply(row));
        }
        let renewed = self
            .write_as_holder(row, |row, now| {
                // By the row as it is: the sweep may have put right what a clock that was ahead had claimed.
                let ends_by = attempt_ends_by(row, &work);
                let held_until = row.claim.as_ref().map_or(now, |claim| claim.lease_until);
                let change = Change::heartbeat(row, now.plus(lease).max(held_until).min(ends_by));
                Ok(change.telling(progress.clone()))
            })
            .await?;
        match renewed {
            Some(execution) => Ok(reply(execution)),
            None => self.running_row(id, token).await.map(reply),
        }
    }

    /// Reports how an attempt ended. The first report stands; the same report again changes nothing.
    ///
    /// # Errors
    /// The token does not hold the attempt, or the attempt has ended in another way.
    pub async fn finish_elsewhere(
        &self,
        id: &ExecutionId,
        token: ClaimToken,
        completion: Completion,
    ) -> Result<Execution> {
        let row = self.claimed_row(id, token).await?;
        let has_succeeded = matches!(completion.ending, Ending::Succeeded { .. });
        if row.status != Status::Running {
            return ended_so(row, has_succeeded);
        }
        let work = self.work_of_claimed(&row).await?;
        let guard = row.guard.clone();
        let verdict = if row.cancel_requested && !has_succeeded {
            AttemptEnd::Cancelled(Some(completion))
        } else {
            AttemptEnd::Completed(completion)
        };
        let status = self.finish(row, &work, verdict, guard).await?;
        // A worker of this process that still waits for the target's answer need not.
        self.running.stop(id);
        if status == Status::Running {
            // Somebody was faster: the sweep, a cancellation, or this very call, repeated.
            return ended_so(self.claimed_row(id, token).await?, has_succeeded);
        }
        self.row(id).await
    }

    async fn row(&self, id: &ExecutionId) -> Result<Execution> {
        let row = self.ports.executions.execution(id).await?;
        row.ok_or_else(|| EngineError::NotFound { what: "execution", id: id.to_string() })
    }

    /// Row of an execution, if the execution's newest claim is the one that this token names.
    async fn claimed_row(&self, id: &ExecutionId, token: ClaimToken) -> Result<Execution> {
        let row = self.row(id).await?;
        if row.token() == Some(token) {
            return Ok(row);
        }
        let attempt = token.attempt;
        Err(EngineError::Conflict(format!(
            "this token does not hold attempt {attempt} of {id}; its lease may have ended"
        )))
    }

    async fn running_row(&self, id: &ExecutionId, token: ClaimToken) -> Result<Execution> {
        let row = self.claimed_row(id, token).await?;
        if row.status == Status::Running { Ok(row) } else { Err(has_ended(&row)) }
    }

    async fn work_of_claimed(&self, row: &Execution) -> Result<Work> {
        let gone =
            || EngineError::Conflict(format!("the job version of execution {} no longer exists", row.id));
        self.work_of(row).await?.ok_or_else(gone)
    }
}

/// Row of the execution, if the attempt has ended already and the first report was the same as this one.
fn ended_so(row: Execution, has_succeeded: bool) -> Result<Execution> {
    let is_so = match outcome(&row) {
        Some(AttemptOutcome::Succeeded) => has_succeeded,
        Some(AttemptOutcome::Failed) => !has_succeeded,
        // Nobody can know before; the row says it.
        Some(AttemptOutcome::Cancelled) => true,
        _ => false,
    };
    if is_so { Ok(row) } else { Err(has_ended(&row)) }
}

/// Outcome of the last attempt.
fn outcome(row: &Execution) -> Option<AttemptOutcome> {
    row.ended_attempts().last().filter(|last| last.number == row.attempt).map(|last| last.outcome)
}

fn has_ended(row: &Execution) -> EngineError {
    let how = match outcome(row) {
        Some(AttemptOutcome::Succeeded) => "it succeeded",
        Some(AttemptOutcome::Failed) => "it failed",
        Some(AttemptOutcome::TimedOut) => "it timed out",
        Some(AttemptOutcome::Cancelled) => "it was cancelled",
        Some(AttemptOutcome::Lost) => "its lease ended and the attempt was lost",
        None => "it is not running",
    };
    EngineError::Conflict(format!("attempt {} of {} has ended: {how}", row.attempt, row.id))
}
