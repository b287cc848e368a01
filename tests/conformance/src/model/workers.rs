use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{RegisteredWorker, WorkerRegistry, WorkerReport};

use super::{Model, Result};

#[async_trait]
impl WorkerRegistry for Model {
    async fn report_worker(&self, report: WorkerReport, expires_at: Timestamp) -> Result<bool> {
        let mut state = self.state();
        let known = state.workers.get(&report.id).filter(|(_, expires_at)| *expires_at > report.seen_at);
        let is_draining = known.is_some_and(|(worker, _)| worker.is_draining);
        let worker = RegisteredWorker { report, is_draining };
        state.workers.insert(worker.report.id.clone(), (worker, expires_at));
        Ok(is_draining)
    }

    async fn touch_worker(
        &self,
        id: &str,
        seen_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<bool>> {
        let mut state = self.state();
        let Some((worker, until)) = state.workers.get_mut(id).filter(|(_, until)| *until > seen_at) else {
            return Ok(None);
        };
        worker.report.seen_at = seen_at;
        *until = expires_at;
        Ok(Some(worker.is_draining))
    }

    async fn workers(&self, now: Timestamp) -> Result<Vec<RegisteredWorker>> {
        let state = self.state();
        let there = state.workers.values().filter(|(_, expires_at)| *expires_at > now);
        Ok(there.map(|(worker, _)| worker.clone()).collect())
    }

    async fn drain_worker(&self, id: &str, is_draining: bool, now: Timestamp) -> Result<bool> {
        let mut state = self.state();
        let known = state.workers.get_mut(id).filter(|(_, expires_at)| *expires_at > now);
        Ok(known.map(|(worker, _)| worker.is_draining = is_draining).is_some())
    }

    async fn forget_worker(&self, id: &str) -> Result<()> {
        self.state().workers.remove(id);
        Ok(())
    }
}
