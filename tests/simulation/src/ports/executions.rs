//! Executions.

use async_trait::async_trait;
use belfry_domain::{Change, ClaimRequest, Execution, ExecutionId, Timer, Timestamp};
use belfry_engine::ports::{
    Applied, Claimed, Creation, ExecutionFilter, ExecutionStore, Page, StoreError, StoredOutput,
    TimerStore as _,
};

use super::{Chaos, Result};

#[async_trait]
impl ExecutionStore for Chaos {
    async fn execution(&self, id: &ExecutionId) -> Result<Option<Execution>> {
        self.call("execution", async {
            if self.world.with(|state| state.is_unreadable(id)) {
                return Err(StoreError::Unreadable {
                    what: id.to_string(),
                    why: "a newer format".to_owned(),
                });
            }
            Ok(self.backend.store.execution(id).await?.map(|row| self.backend.read(row)))
        })
        .await
    }

    async fn create(&self, row: Execution, guard: Option<Timer>) -> Result<Creation> {
        self.call("create", async {
            let created = self.backend.create(row.clone(), guard.clone()).await?;
            self.saw_creation(&row, guard.as_ref(), &created);
            Ok(created)
        })
        .await
    }

    async fn create_all(&self, rows: Vec<(Execution, Timer)>) -> Vec<Result<Creation>> {
        let mut all = Vec::with_capacity(rows.len());
        // One call each, so that some are created and others are not.
        for (row, guard) in rows {
            all.push(self.create(row, Some(guard)).await);
        }
        all
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed> {
        let request = self.backend.request(request);
        self.call("claim", async {
            let claimed = self.backend.claim(&request).await?;
            self.world.with(|state| state.saw_claim(self.process, &request, &claimed));
            Ok(claimed)
        })
        .await
    }

    async fn apply(&self, change: Change) -> Result<Applied> {
        if self.backend.removes_before(&change) {
            self.remove_timer(&change.row.guard).await?;
        }
        let row = change.row.clone();
        let applied = self.call("apply", async {
            let change = self.backend.to_write(change).await?;
            let applied = self.backend.apply(change.clone()).await?;
            self.world.with(|state| state.saw_apply(self.process, &change, &applied));
            Ok(applied)
        });
        self.backend.given_up(&row, applied.await)
    }

    async fn add_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.call("add_waiter", async {
            self.backend.store.add_waiter(dependency, waiter).await?;
            self.note(|| format!("{waiter} waits for {dependency}"));
            self.world.with(|state| state.shadow.add_waiter(dependency, waiter));
            Ok(())
        })
        .await
    }

    async fn waiters(&self, dependency: &ExecutionId) -> Result<Vec<ExecutionId>> {
        self.call("waiters", self.backend.store.waiters(dependency)).await
    }

    async fn remove_waiter(&self, dependency: &ExecutionId, waiter: &ExecutionId) -> Result<()> {
        self.call("remove_waiter", async {
            self.backend.store.remove_waiter(dependency, waiter).await?;
            self.world.with(|state| state.shadow.remove_waiter(dependency, waiter));
            Ok(())
        })
        .await
    }

    async fn keep_output(&self, id: &ExecutionId, output: StoredOutput) -> Result<()> {
        self.call("keep_output", self.backend.store.keep_output(id, output)).await
    }

    async fn outputs(&self, id: &ExecutionId) -> Result<Vec<StoredOutput>> {
        self.call("outputs", self.backend.store.outputs(id)).await
    }

    async fn list(
        &self,
        filter: &ExecutionFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Execution>> {
        self.call("list", self.backend.store.list(filter, after, limit)).await
    }

    async fn latest_generation(&self, first: &ExecutionId) -> Result<u32> {
        self.call("latest_generation", self.backend.store.latest_generation(first)).await
    }

    async fn ended_before(&self, before: Timestamp, limit: usize) -> Result<Vec<Execution>> {
        self.call("ended_before", self.backend.store.ended_before(before, limit)).await
    }

    async fn retain_from(&self, id: &ExecutionId, from: Option<Timestamp>) -> Result<()> {
        self.call("retain_from", self.backend.store.retain_from(id, from)).await
    }

    async fn remove_ended(&self, ids: &[ExecutionId]) -> Result<()> {
        self.call("remove_ended", self.backend.store.remove_ended(ids)).await
    }
}

impl Chaos {
    fn saw_creation(&self, row: &Execution, guard: Option<&Timer>, created: &Creation) {
        self.world.with(|state| {
            if let Some(guard) = guard.filter(|_| *created == Creation::Created) {
                state.saw_guard(self.process, self.backend.guards(guard).first());
            }
            state.saw_create(self.process, row, created);
        });
    }
}
