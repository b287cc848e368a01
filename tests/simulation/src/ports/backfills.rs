//! Store of backfills.

use async_trait::async_trait;
use belfry_domain::{Backfill, BackfillId, JobId, Timer, Timestamp};
use belfry_engine::ports::{BackfillStore, Page};

use super::{Chaos, Result};
use crate::mutation::Mutation;

#[async_trait]
impl BackfillStore for Chaos {
    async fn create_backfill(&self, row: Backfill, timer: Timer) -> Result<bool> {
        self.call("create_backfill", async {
            let is_new = self.backend.store.create_backfill(row.clone(), timer.clone()).await?;
            if is_new {
                self.world.with(|state| {
                    let timers = std::slice::from_ref(&timer);
                    state.note_timers(self.process, "with", timers);
                    state.shadow.put_timers(timers);
                    state.saw_backfill(self.process, &row);
                });
            }
            Ok(is_new)
        })
        .await
    }

    async fn backfill(&self, id: &BackfillId) -> Result<Option<Backfill>> {
        self.call("backfill", self.backend.store.backfill(id)).await
    }

    async fn change_backfill(&self, expected: u64, row: Backfill) -> Result<bool> {
        self.call("change_backfill", async {
            let row = self.backend.backfill_to_write(row);
            let expected = if self.backend.breaks(Mutation::BackfillRevisionIgnored) {
                self.backend.store.backfill(&row.id).await?.map_or(expected, |now| now.revision)
            } else {
                expected
            };
            let is_written = self.backend.store.change_backfill(expected, row.clone()).await?;
            self.world.with(|state| {
                if is_written {
                    state.saw_backfill(self.process, &row);
                } else {
                    state.coverage.add("backfill: a write refused");
                }
            });
            Ok(is_written)
        })
        .await
    }

    async fn backfills(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Backfill>> {
        self.call("backfills", self.backend.store.backfills(job_id, after, limit)).await
    }

    async fn remove_ended_backfills(&self, before: Timestamp) -> Result<usize> {
        self.call("remove_ended_backfills", self.backend.store.remove_ended_backfills(before)).await
    }
}
