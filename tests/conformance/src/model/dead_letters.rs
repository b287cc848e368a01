use std::cmp::Reverse;

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId};
use belfry_engine::ports::{DeadLetter, DeadLetterStore, Page};

use super::{Model, Result, page};

#[async_trait]
impl DeadLetterStore for Model {
    async fn add_dead_letter(&self, letter: DeadLetter) -> Result<bool> {
        let mut state = self.state();
        let is_new = !state.dead_letters.contains_key(&letter.execution_id);
        state.dead_letters.entry(letter.execution_id.clone()).or_insert((letter, false));
        Ok(is_new)
    }

    async fn dead_letter(&self, id: &ExecutionId) -> Result<Option<DeadLetter>> {
        let state = self.state();
        Ok(state
            .dead_letters
            .get(id)
            .filter(|(_, is_discarded)| !is_discarded)
            .map(|(letter, _)| letter.clone()))
    }

    async fn dead_letters(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeadLetter>> {
        let state = self.state();
        let is_open = |letter: &DeadLetter| letter.redriven_as.is_none();
        let mut letters: Vec<DeadLetter> = state
            .dead_letters
            .values()
            .filter(|(letter, is_discarded)| is_open(letter) && !is_discarded)
            .filter(|(letter, _)| job_id.is_none_or(|id| letter.job_id == *id))
            .map(|(letter, _)| letter.clone())
            .collect();
        letters.sort_by_key(|letter| Reverse((letter.at, letter.execution_id.clone())));
        Ok(page(&letters, |letter| letter.execution_id.to_string(), after, limit))
    }

    async fn mark_redriven(&self, id: &ExecutionId, generation: &ExecutionId) -> Result<()> {
        let mut state = self.state();
        if let Some((letter, _)) = state.dead_letters.get_mut(id) {
            letter.redriven_as = Some(generation.clone());
        }
        Ok(())
    }

    async fn discard(&self, id: &ExecutionId) -> Result<bool> {
        let mut state = self.state();
        let letter = state.dead_letters.get_mut(id);
        Ok(letter.is_some_and(|(_, is_discarded)| !std::mem::replace(is_discarded, true)))
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        Ok(self.dead_letters(None, None, usize::MAX).await?.items.len() as u64)
    }
}
