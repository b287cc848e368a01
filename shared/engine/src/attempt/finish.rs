//! End of an attempt: success, another attempt, or the end of the execution.

use std::time::Duration;

use belfry_domain::{
    AttemptOutcome, Change, Execution, Failure, IllegalTransition, Status, Timer, TimerKey, Work,
};
use serde_json::Value;

use crate::{
    Engine, Result,
    attempt::run::{AttemptEnd, cancelled},
    base::{deadlines::ends_by, writes::RESULT_PATIENCE},
    ports::{Ending, Fact, StoredOutput},
};

/// Next step of a row after an attempt.
enum Next {
    Success(Option<Value>),
    Retry(Failure, Duration),
    End(Failure),
    /// The target reports the end itself.
    HandOver,
}

impl Engine {
    /// Writes how an attempt ended, and does what follows from it.
    pub(crate) async fn finish(
        &self,
        row: Execution,
        work: &Work,
        verdict: AttemptEnd,
        guard: TimerKey,
    ) -> Result<Status> {
        let (next, output) = match verdict {
            AttemptEnd::LeaseLost => return Ok(row.status),
            AttemptEnd::Completed(completion) => {
                (self.next_step(&row, work, completion.ending), completion.output)
            }
            AttemptEnd::TimedOut(completion) => {
                (self.after_timeout(&row, work), completion.and_then(|c| c.output))
            }
            AttemptEnd::Cancelled(completion) => {
                (Next::End(cancelled(&row)), completion.and_then(|c| c.output))
            }
        };
        if let Some(output) = output.filter(|output| output.bytes > 0) {
            let stored = StoredOutput { attempt: row.attempt, output };
            let keep = || self.ports.executions.keep_output(&row.id, stored.clone());
            if let Err(error) = self.persist(self.settings.lease, keep).await {
                // The result counts for more than what was printed on the way.
                tracing::error!(execution.id = %row.id, %error, "the attempt's output is lost");
            }
        }
        match next {
            Next::Success(result) => {
                self.end(row, guard, |row, now| Change::succeeded(row, result.clone(), now)).await
            }
            Next::End(failure) => self.end(row, guard, |row, now| Change::failed(row, &failure, now)).await,
            Next::Retry(failure, delay) => Box::pin(self.retry(row, guard, &failure, delay)).await,
            Next::HandOver => Box::pin(self.hand_over(row, work, guard)).await,
        }
    }

    fn next_step(&self, row: &Execution, work: &Work, ending: Ending) -> Next {
        match ending {
            Ending::Succeeded { result } => Next::Success(result.filter(|result| !result.is_null())),
            Ending::HandedOver => Next::HandOver,
            Ending::Failed { error, is_final: true, .. } => {
                Next::End(Failure { outcome: AttemptOutcome::Failed, error })
            }
            Ending::Failed { error, is_final: false, retry_after } => {
                let failure = Failure { outcome: AttemptOutcome::Failed, error };
                self.retry_or_end(row, work, failure, retry_after.unwrap_or_default())
            }
        }
    }

    fn after_timeout(&self, row: &Execution, work: &Work) -> Next {
        let error = match work.execution_timeout {
            Some(timeout) if ends_by(row, work).is_some_and(|ends_by| ends_by <= self.now()) => {
                format!("all attempts together took longer than execution_timeout ({timeout})")
            }
            _ => format!("attempt {} took longer than its timeout ({})", row.attempt, work.timeout),
        };
        self.retry_or_end(row, work, Failure { outcome: AttemptOutcome::TimedOut, error }, Duration::ZERO)
    }

    fn retry_or_end(&self, row: &Execution, work: &Work, failure: Failure, at_least: Duration) -> Next {
        if row.failures >= work.retry.max_retries || row.cancel_requested {
            return Next::End(failure);
        }
        let delay = work.retry.delay(row.failures, self.ports.random.fraction()).max(at_least);
        if ends_by(row, work).is_some_and(|ends_by| self.now().plus(delay) >= ends_by) {
            let error = format!(
                "execution_timeout leaves no time for another attempt; last error: {}",
                failure.error
            );
            return Next::End(Failure { outcome: AttemptOutcome::TimedOut, error });
        }
        Next::Retry(failure, delay)
    }

    pub(crate) async fn end(
        &self,
        row: Execution,
        guard: TimerKey,
        change: impl Fn(&Execution, belfry_domain::Timestamp) -> std::result::Result<Change, IllegalTransition>,
    ) -> Result<Status> {
        let Some(ended) = self.write_as_holder(row, change).await? else { return Ok(Status::Running) };
        let status = ended.status;
        let backfilled = ended.backfill.clone().map(|backfill| (backfill, ended.id.clone()));
        self.persist_settled(ended, guard).await?;
        if let Some((backfill, id)) = backfilled {
            self.continue_backfill(&backfill, &id, status).await;
        }
        Ok(status)
    }

    /// Plans another attempt. The timer of that attempt is written first; the old guard is removed
    /// last.
    async fn retry(
        &self,
        row: Execution,
        guard: TimerKey,
        failure: &Failure,
        delay: Duration,
    ) -> Result<Status> {
        let ready_at = self.now().plus(delay);
        let timer = Timer::start(self.settings.shards, &row.id, row.attempt + 1, ready_at);
        let next_guard = timer.key.clone();
        let mut old = vec![row.guard.clone(), guard];
        old.dedup();
        self.persist(RESULT_PATIENCE, || self.ports.timers.put_timers(vec![timer.clone()])).await?;
        let written = self
            .write_as_holder(row, |row, now| {
                Change::retry_at(row, failure, ready_at, next_guard.clone(), now)
            })
            .await?;
        let Some(waiting) = written else { return Ok(Status::Running) };
        self.ports.observer.record(Fact::Retried { id: &waiting.id, failures: waiting.failures, delay });
        if waiting.status == Status::Waiting {
            self.send_if_near(&waiting, next_guard).await?;
        }
        self.after_leaving_gates(&waiting).await?;
        for guard in old.iter().filter(|guard| **guard != waiting.guard) {
            self.ports.timers.remove_timer(guard).await?;
        }
        Ok(waiting.status)
    }
}
