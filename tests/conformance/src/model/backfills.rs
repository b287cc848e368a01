use async_trait::async_trait;
use belfry_domain::{Backfill, BackfillId, JobId, Timer, Timestamp};
use belfry_engine::ports::{BackfillStore, Page};

use super::{Model, Result, page};

#[async_trait]
impl BackfillStore for Model {
    async fn create_backfill(&self, row: Backfill, timer: Timer) -> Result<bool> {
        let mut state = self.state();
        if state.backfills.contains_key(&row.id) {
            return Ok(false);
        }
        state.backfills.insert(row.id.clone(), row);
        state.put([timer]);
        Ok(true)
    }

    async fn backfill(&self, id: &BackfillId) -> Result<Option<Backfill>> {
        Ok(self.state().backfills.get(id).cloned())
    }

    async fn change_backfill(&self, expected: u64, row: Backfill) -> Result<bool> {
        let mut state = self.state();
        let found = state.backfills.get_mut(&row.id);
        let found = found.filter(|found| found.revision == expected || **found == row);
        Ok(found.map(|found| *found = row).is_some())
    }

    async fn backfills(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Backfill>> {
        let state = self.state();
        let rows: Vec<Backfill> = state
            .backfills
            .values()
            .rev()
            .filter(|row| job_id.is_none_or(|id| row.job_id == *id))
            .cloned()
            .collect();
        Ok(page(&rows, |row| row.id.to_string(), after, limit))
    }

    async fn remove_ended_backfills(&self, before: Timestamp) -> Result<usize> {
        let mut state = self.state();
        let count = state.backfills.len();
        state.backfills.retain(|_, row| row.ended_at.is_none_or(|at| at >= before));
        Ok(count - state.backfills.len())
    }
}
