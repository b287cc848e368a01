//! Who runs attempts, and who is to take nothing new.
//!
//! Workers say that they are there; nobody asks them. Those that speak HTTP only do so with every
//! lease and heartbeat, of which not all are worth a write.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    Engine, EngineError, Result,
    ports::{RegisteredWorker, WorkerReport},
};

/// How often a worker is to say that it is there.
pub const REPORT_EVERY: Duration = Duration::from_secs(15);
/// One that has not been seen for so long is taken for lost.
pub const LOST_AFTER: Duration = Duration::from_secs(60);
/// For so long it is still shown.
const EXPIRES_AFTER: Duration = Duration::from_secs(300);

/// Who was seen when, by the monotonic clock, and was then to drain.
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
    /// A worker says that it is there; whether it is to drain.
    pub async fn report_worker(&self, report: WorkerReport) -> Result<bool> {
        let expires_at = report.seen_at.plus(EXPIRES_AFTER);
        Ok(self.ports.workers.report_worker(report, expires_at).await?)
    }

    /// As `report_worker`, unless the worker was seen a moment ago.
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

    /// A sign of life of a worker that has said before what it is.
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

    pub async fn workers(&self) -> Result<Vec<RegisteredWorker>> {
        Ok(self.ports.workers.workers(self.now()).await?)
    }

    /// Asks a worker to take nothing new, or to go on. It hears of it with its next report.
    pub async fn drain_worker(&self, id: &str, is_draining: bool) -> Result<()> {
        if !self.ports.workers.drain_worker(id, is_draining, self.now()).await? {
            return Err(EngineError::NotFound { what: "worker", id: id.to_owned() });
        }
        self.seen.forget(id);
        Ok(())
    }

    /// A worker has ended in good order: it is shown no longer.
    pub async fn forget_worker(&self, id: &str) -> Result<()> {
        self.seen.forget(id);
        Ok(self.ports.workers.forget_worker(id).await?)
    }
}
