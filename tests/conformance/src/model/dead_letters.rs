use std::cmp::Reverse;

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId, SlotName};
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

    async fn redriven_for(
        &self,
        key: &SlotName,
        job_id: Option<&JobId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>> {
        let state = self.state();
        let is_wanted = |(letter, is_discarded): &&(DeadLetter, bool)| {
            letter.redriven_for.as_ref() == Some(key)
                && job_id.is_none_or(|id| letter.job_id == *id)
                && !is_discarded
        };
        let mut letters: Vec<DeadLetter> =
            state.dead_letters.values().filter(is_wanted).map(|(letter, _)| letter.clone()).collect();
        letters.sort_by_key(|letter| Reverse((letter.at, letter.execution_id.clone())));
        letters.truncate(limit);
        Ok(letters)
    }

    async fn mark_redriven(
        &self,
        id: &ExecutionId,
        generation: &ExecutionId,
        key: Option<&SlotName>,
    ) -> Result<()> {
        let mut state = self.state();
        let open = state.dead_letters.get_mut(id).map(|(letter, _)| letter);
        if let Some(letter) = open.filter(|letter| letter.redriven_as.is_none()) {
            (letter.redriven_as, letter.redriven_for) = (Some(generation.clone()), key.cloned());
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
