//! Worker's part: claim, run, finish.

use belfry_domain::{Holder, Message, Work};
use serde_json::Value;

use crate::{
    Engine, EngineError, Result,
    attempt::{
        claim::{ClaimOutcome, Claimant, Started},
        results::Known,
        run::{AttemptEnd, Worker},
    },
    base::outbox::MessageOutcome,
    ports::{Completion, Stop},
};

impl Engine {
    /// Does what a message asks for, if that is still to be done.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    pub async fn execute(&self, message: &Message, worker: &Worker) -> Result<MessageOutcome> {
        let claimant = Claimant { worker_id: &worker.id, holder: Holder::Worker, lease: self.settings.lease };
        match self.claim(message, &claimant).await? {
            ClaimOutcome::Started(started) => self.run(*started, worker).await,
            ClaimOutcome::Not(handled) => Ok(handled),
        }
    }

    /// Runs a claimed attempt, and does what follows from its end.
    async fn run(&self, started: Started, worker: &Worker) -> Result<MessageOutcome> {
        let (work, input) = self.work_and_input(&started).await?;
        let Started { mut row, since, guard, .. } = started;
        // The claim was answered late: somebody else may have taken over by now.
        if !self.is_renewable(since) {
            return Ok(MessageOutcome::Ran(row.status));
        }
        let poke = Stop::new();
        let _entered = self.running.enter(&row, poke.clone());
        let verdict = match input {
            Ok(input) => self.attempt(&mut row, since, &work, (input, poke), worker).await,
            Err(why) => AttemptEnd::Completed(Completion::failed_for_good(why)),
        };
        Ok(MessageOutcome::Ran(Box::pin(self.finish(row, &work, verdict, guard)).await?))
    }

    /// Work and input of an attempt, with the results of dependencies filled in.
    pub(crate) async fn work_and_input(&self, started: &Started) -> Result<(Work, Known<Value>)> {
        let Started { row, job, .. } = started;
        let own = row.work.as_deref().cloned();
        let Some(work) = own.or_else(|| job.as_ref().map(|job| job.work().clone())) else {
            let (version, job_id) = (row.job_version, row.job_id());
            return Err(EngineError::Conflict(format!("version {version} of job {job_id} no longer exists")));
        };
        let input = row.input.clone().or_else(|| job.as_ref().and_then(|job| job.spec.input.clone()));
        let input = self.with_results(input.unwrap_or(Value::Null), row).await?;
        Ok((work, input))
    }
}
