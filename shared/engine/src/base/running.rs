//! The attempts of this process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use belfry_domain::ExecutionId;

use crate::ports::Stop;

#[derive(Default)]
pub(crate) struct Running {
    attempts: Mutex<HashMap<ExecutionId, Stop>>,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<ExecutionId, Stop>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listed until the guard is dropped.
    pub(crate) fn enter(&self, id: &ExecutionId, stop: Stop) -> Entered<'_> {
        self.lock().insert(id.clone(), stop);
        Entered { running: self, id: id.clone() }
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Tells the attempt to look at its row now instead of at its next heartbeat.
    pub(crate) fn stop(&self, id: &ExecutionId) {
        if let Some(stop) = self.lock().get(id) {
            stop.cancel();
        }
    }
}

pub(crate) struct Entered<'a> {
    running: &'a Running,
    id: ExecutionId,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.running.lock().remove(&self.id);
    }
}
