//! Workers: which there are, and which are to take nothing new.
//!
//! Workers report themselves; the engine never asks them. Workers that speak HTTP only report with
//! every lease and heartbeat, of which not all are worth a write.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    Engine, EngineError, Result,
    ports::{RegisteredWorker, WorkerReport},
};

/// Interval at which a worker reports.
pub const REPORT_EVERY: Duration = Duration::from_secs(15);
/// Time after its last report at which a worker counts as lost.
pub const LOST_AFTER: Duration = Duration::from_secs(60);
/// Time after its last report for which a worker is shown.
const EXPIRES_AFTER: Duration = Duration::from_secs(300);

/// Workers that were seen lately, each with the monotonic instant and whether it was told to drain.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<String, (Duration, bool)>>);

impl Seen {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Duration, bool)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lately(&self, id: &str, now: Duration) -> Option<bool> {
        let seen = self.lock();
        seen.get(id).filter(|(at, _)| now.saturating_sub(*at) < REPORT_EVERY).map(|(_, draining)| *draining)
    }

    fn note(&self, id: &str, now: Duration, is_draining: bool) {
        let mut seen = self.lock();
        seen.retain(|_, (at, _)| now.saturating_sub(*at) < REPORT_EVERY);
        seen.insert(id.to_owned(), (now, is_draining));
    }

    fn forget(&self, id: &str) {
        self.lock().remove(id);
    }
}

impl Engine {
    /// Takes a worker's report. Returns whether the worker is to drain.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn report_worker(&self, report: WorkerReport) -> Result<bool> {
        let expires_at = report.seen_at.plus(EXPIRES_AFTER);
        Ok(self.ports.workers.report_worker(report, expires_at).await?)
    }

    /// Takes a report as `report_worker` does, unless the worker was seen a moment ago.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn report_worker_now_and_then(&self, report: WorkerReport) -> Result<bool> {
        let now = self.ports.clock.monotonic();
        if let Some(is_draining) = self.seen.lately(&report.id, now) {
            return Ok(is_draining);
        }
        let id = report.id.clone();
        let is_draining = self.report_worker(report).await?;
        self.seen.note(&id, now, is_draining);
        Ok(is_draining)
    }

    /// Notes that a worker is alive that has reported before. Returns whether the worker is to drain.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn touch_worker(&self, id: &str) -> Result<bool> {
        let now = self.ports.clock.monotonic();
        if let Some(is_draining) = self.seen.lately(id, now) {
            return Ok(is_draining);
        }
        let seen_at = self.now();
        let touched = self.ports.workers.touch_worker(id, seen_at, seen_at.plus(EXPIRES_AFTER)).await?;
        self.seen.note(id, now, touched.unwrap_or(false));
        Ok(touched.unwrap_or(false))
    }

    /// Workers that have not expired, ordered by id.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    pub async fn workers(&self) -> Result<Vec<RegisteredWorker>> {
        Ok(self.ports.workers.workers(self.now()).await?)
    }

    /// Asks a worker to take nothing new, or to go on. The worker learns it with its next report.
    ///
    /// # Errors
    /// The worker is not known, or the store does not answer.
    pub async fn drain_worker(&self, id: &str, is_draining: bool) -> Result<()> {
        if !self.ports.workers.drain_worker(id, is_draining, self.now()).await? {
            return Err(EngineError::NotFound { what: "worker", id: id.to_owned() });
        }
        self.seen.forget(id);
        Ok(())
    }

    /// Removes a worker that has ended in good order from the list of workers.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn forget_worker(&self, id: &str) -> Result<()> {
        self.seen.forget(id);
        Ok(self.ports.workers.forget_worker(id).await?)
    }
}
