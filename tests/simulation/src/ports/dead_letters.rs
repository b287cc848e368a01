//! Store of dead letters.

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId, SlotName};
use belfry_engine::ports::{DeadLetter, DeadLetterStore, Page};

use super::{Chaos, Result};

#[async_trait]
impl DeadLetterStore for Chaos {
    async fn add_dead_letter(&self, letter: DeadLetter) -> Result<bool> {
        self.call("add_dead_letter", async {
            let id = letter.execution_id.clone();
            let is_new = self.backend.add_dead_letter(letter).await?;
            self.note(|| format!("dead letter {id}"));
            self.world.with(|state| {
                state.coverage.add("dead letter: kept");
                if self.backend.keeps_dead_letters() {
                    state.shadow.dead_letters.insert(id.clone());
                    if is_new {
                        state.shadow.open_letters.insert(id);
                    }
                }
            });
            Ok(is_new)
        })
        .await
    }

    async fn dead_letter(&self, id: &ExecutionId) -> Result<Option<DeadLetter>> {
        self.call("dead_letter", self.backend.store.dead_letter(id)).await
    }

    async fn dead_letters(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeadLetter>> {
        self.call("dead_letters", self.backend.store.dead_letters(job_id, after, limit)).await
    }

    async fn redriven_for(
        &self,
        key: &SlotName,
        job_id: Option<&JobId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>> {
        self.call("redriven_for", self.backend.store.redriven_for(key, job_id, limit)).await
    }

    async fn mark_redriven(
        &self,
        id: &ExecutionId,
        generation: &ExecutionId,
        key: Option<&SlotName>,
    ) -> Result<()> {
        self.world.with(|state| state.coverage.add("dead letter: redriven"));
        self.call("mark_redriven", async {
            self.backend.store.mark_redriven(id, generation, key).await?;
            self.world.with(|state| state.shadow.open_letters.remove(id));
            Ok(())
        })
        .await
    }

    async fn discard(&self, id: &ExecutionId) -> Result<bool> {
        self.call("discard", async {
            let is_discarded = self.backend.store.discard(id).await?;
            self.world.with(|state| state.shadow.open_letters.remove(id));
            Ok(is_discarded)
        })
        .await
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        self.call("count_dead_letters", self.backend.store.count_dead_letters()).await
    }
}
