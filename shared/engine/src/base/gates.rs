//! Rows of gates: reads, and writes in competition with other processes.

use belfry_domain::{Gate, GateKey, JobId, stable_hash};
use futures::lock::{Mutex, MutexGuard};

use crate::{Engine, Result, ports::GateWrite};

/// Locks by which executions of one job pass its gates one after another within a process. At the same
/// time, they would only make each other's writes fail.
pub(crate) struct Turns([Mutex<()>; 64]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Turns {
    pub(crate) async fn take(&self, job_id: &JobId) -> MutexGuard<'_, ()> {
        let place = stable_hash(job_id.as_str().bytes()) % self.0.len() as u64;
        self.0[place as usize].lock().await
    }
}

impl Engine {
    pub(crate) async fn gate(&self, key: &GateKey) -> Result<Gate> {
        Ok(self.ports.gates.gates(std::slice::from_ref(key)).await?.pop().unwrap_or_default())
    }

    /// State of a job's limits.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    pub async fn job_gate(&self, job_id: &JobId) -> Result<Gate> {
        self.gate(&GateKey { job_id: job_id.clone(), key: None }).await
    }

    /// Writes for the gates that change. Each requires the revision that was read.
    pub(crate) fn gate_writes(&self, keys: &[GateKey], read: &[Gate], next: Vec<Gate>) -> Vec<GateWrite> {
        let now = self.now();
        let pairs = keys.iter().zip(read).zip(next).filter(|((_, read), next)| **read != *next);
        pairs
            .map(|((key, read), next)| {
                // Below 2^63, for stores whose numbers have a sign; and never the one of no row.
                let gate = Gate { revision: (self.ports.random.next() >> 1).max(1), ..next };
                let gate = Some(gate).filter(|gate| !gate.is_blank(now));
                GateWrite { key: key.clone(), expected: read.revision, gate }
            })
            .collect()
    }
}
