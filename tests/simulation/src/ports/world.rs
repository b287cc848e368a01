//! Dead letters, alerts, and those who want to know.

use async_trait::async_trait;
use belfry_domain::{ExecutionId, JobId};
use belfry_engine::ports::{
    Alert, AlertRow, AlertStore, Alerts, DeadLetter, DeadLetterStore, Fact, Observer, Page,
};

use super::{Chaos, Result};
use crate::machine::World;

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
                    state.mirror.dead_letters.insert(id);
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

    async fn mark_redriven(&self, id: &ExecutionId, generation: &ExecutionId) -> Result<()> {
        self.world.with(|state| state.coverage.add("dead letter: redriven"));
        self.call("mark_redriven", self.backend.store.mark_redriven(id, generation)).await
    }

    async fn discard(&self, id: &ExecutionId) -> Result<bool> {
        self.call("discard", self.backend.store.discard(id)).await
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        self.call("count_dead_letters", self.backend.store.count_dead_letters()).await
    }
}

#[async_trait]
impl Alerts for Chaos {
    async fn raise(&self, alert: Alert) -> Result<()> {
        self.call("raise", async {
            let name = match alert {
                Alert::DeadLetter { .. } => "alert: dead letter",
                Alert::Quarantined { .. } => "alert: quarantined",
                _ => "alert: other",
            };
            self.world.with(|state| state.coverage.add(name));
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl AlertStore for Chaos {
    async fn alert(&self, key: &str) -> Result<Option<AlertRow>> {
        self.call("alert", self.backend.store.alert(key)).await
    }

    async fn alerts(&self) -> Result<Vec<AlertRow>> {
        self.call("alerts", self.backend.store.alerts()).await
    }

    async fn keep_alert(&self, row: &AlertRow) -> Result<bool> {
        self.call("keep_alert", self.backend.store.keep_alert(row)).await
    }

    async fn forget_alert(&self, key: &str, revision: u64) -> Result<bool> {
        self.call("forget_alert", self.backend.store.forget_alert(key, revision)).await
    }
}

pub struct SimObserver {
    pub world: World,
}

impl Observer for SimObserver {
    fn record(&self, fact: Fact<'_>) {
        let name = match fact {
            Fact::Misfired { .. } => "slot: misfired",
            Fact::Resent { .. } => "sweep: message sent again",
            Fact::Lost { .. } => "sweep: takeover",
            _ => return,
        };
        self.world.with(|state| state.coverage.add(name));
    }
}
