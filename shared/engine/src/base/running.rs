//! Attempts that run in this process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use belfry_domain::{Execution, ExecutionId};

use crate::ports::Stop;

#[derive(Default)]
pub(crate) struct Running {
    attempts: Mutex<HashMap<ExecutionId, Held>>,
}

struct Held {
    claim_id: Option<u64>,
    stop: Stop,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<ExecutionId, Held>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists an attempt as running until the returned guard is dropped.
    pub(crate) fn enter(&self, row: &Execution, stop: Stop) -> Entered<'_> {
        self.lock().insert(row.id.clone(), Held { claim_id: claim_id(row), stop });
        Entered { running: self, id: row.id.clone(), claim_id: claim_id(row) }
    }

    /// Whether this process runs the attempt, or is about to write how it ended.
    pub(crate) fn holds(&self, row: &Execution) -> bool {
        self.lock().get(&row.id).is_some_and(|held| held.claim_id == claim_id(row))
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Tells an attempt of this process to read its row now, instead of at its next heartbeat.
    pub(crate) fn stop(&self, id: &ExecutionId) {
        if let Some(held) = self.lock().get(id) {
            held.stop.cancel();
        }
    }
}

fn claim_id(row: &Execution) -> Option<u64> {
    row.claim.as_ref().map(|claim| claim.id)
}

pub(crate) struct Entered<'a> {
    running: &'a Running,
    id: ExecutionId,
    claim_id: Option<u64>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        // A later attempt of the same execution may have taken the place.
        let mut attempts = self.running.lock();
        if attempts.get(&self.id).is_some_and(|held| held.claim_id == self.claim_id) {
            attempts.remove(&self.id);
        }
    }
}
