//! Redrive of dead letters: one, or all of a job.

use std::collections::BTreeSet;

use belfry_domain::{ExecutionId, IdempotencyKey, JobId};

use crate::{Engine, EngineError, Result, define::push::Accepted, ports::DeadLetter};

impl Engine {
    /// Redrives a dead letter, once for each key. Without a key, a letter that was redriven before is
    /// refused.
    ///
    /// # Errors
    /// The dead letter does not exist, or was redriven already.
    pub async fn redrive(&self, id: &ExecutionId, key: Option<&IdempotencyKey>) -> Result<Accepted> {
        let letter = self.ports.dead_letters.dead_letter(id).await?;
        let letter =
            letter.ok_or_else(|| EngineError::NotFound { what: "dead letter", id: id.to_string() })?;
        if let Some(generation) = letter.redriven_as {
            let begun = match key {
                Some(key) => self.begun_for(id, &key.slot_name()).await?,
                None => None,
            };
            let twice =
                || EngineError::Conflict(format!("dead letter {id} was already redriven as {generation}"));
            return begun.map(|execution| Accepted { execution, is_new: false }).ok_or_else(twice);
        }
        // Whatever runs again deals with its letters.
        self.retry_by_hand(id, key).await
    }

    /// Redrives all dead letters of a job, or all dead letters; at most `limit`. With a key, letters
    /// that were redriven for this key before are not redriven again, even if the new execution has
    /// failed too: they are listed after the others, with the outcome that they had.
    ///
    /// # Errors
    /// The store does not answer. Each dead letter has a result of its own.
    pub async fn redrive_all(
        &self,
        job_id: Option<&JobId>,
        limit: usize,
        key: Option<&IdempotencyKey>,
    ) -> Result<Vec<(ExecutionId, Result<Accepted>)>> {
        let letters: Vec<DeadLetter> = self.ports.dead_letters.dead_letters(job_id, None, limit).await?.items;
        let mut outcomes = Vec::with_capacity(letters.len());
        for DeadLetter { execution_id, .. } in letters {
            if !self.is_redriven_for(&execution_id, key).await? {
                let outcome = self.redrive(&execution_id, key).await;
                outcomes.push((execution_id, outcome));
            }
        }
        if let Some(key) = key {
            self.add_redriven_for(key, job_id, limit, &mut outcomes).await?;
        }
        Ok(outcomes)
    }

    async fn add_redriven_for(
        &self,
        key: &IdempotencyKey,
        job_id: Option<&JobId>,
        limit: usize,
        outcomes: &mut Vec<(ExecutionId, Result<Accepted>)>,
    ) -> Result<()> {
        let key = key.slot_name();
        let named: BTreeSet<ExecutionId> = outcomes.iter().map(|(id, _)| id.clone()).collect();
        let mut letters = self.ports.dead_letters.redriven_for(&key, job_id, limit).await?;
        letters.retain(|letter| !named.contains(&letter.execution_id));
        for DeadLetter { execution_id, .. } in letters {
            if outcomes.len() >= limit {
                break;
            }
            if let Some(execution) = self.begun_for(&execution_id, &key).await? {
                outcomes.push((execution_id, Ok(Accepted { execution, is_new: false })));
            }
        }
        Ok(())
    }

    async fn is_redriven_for(&self, id: &ExecutionId, key: Option<&IdempotencyKey>) -> Result<bool> {
        let Some(key) = key.map(IdempotencyKey::slot_name) else { return Ok(false) };
        let row = self.ports.executions.execution(id).await?;
        match row {
            Some(row) => self.is_begun_for(&row, Some(&key)).await,
            None => Ok(false),
        }
    }
}
