//! Rows and jobs that can't be read for a while. Others must go on meanwhile.

use belfry_domain::{ExecutionId, JobId};

use crate::machine::State;

/// Job that can't be read until an instant.
pub struct Unreadable {
    pub id: JobId,
    pub until_ms: u64,
}

/// Beginning of the names of jobs that are due so often that a chain which goes on by single steps never
/// catches up.
pub const OFTEN: &str = "often";

impl State {
    pub fn is_unreadable(&self, id: &ExecutionId) -> bool {
        self.has_faults() && self.faults.poisoned.contains(id)
    }

    /// Whether the job can't be read. Now and then that is so for one of them, for a while.
    pub fn is_unreadable_job(&mut self, id: &JobId) -> bool {
        if !self.has_faults() || !self.faults.poisons {
            return false;
        }
        let one_in = if id.as_str() == OFTEN { 30 } else { 500 };
        if self.faults.unreadable.is_none() && self.rng.below(one_in) == 0 {
            let until_ms = self.time.now_ms + self.rng.between(30_000, 120_000);
            let until_ms = until_ms.min(self.faults.stop_ms);
            self.met("fault: unreadable job");
            self.faults.unreadable = Some(Unreadable { id: id.clone(), until_ms });
        }
        self.unreadable_until_ms(id) > self.time.now_ms
    }

    /// Instant from which on the job can be read again; 0 where it always could.
    pub fn unreadable_until_ms(&self, id: &JobId) -> u64 {
        let unreadable = self.faults.unreadable.as_ref().filter(|unreadable| unreadable.id == *id);
        unreadable.map_or(0, |unreadable| unreadable.until_ms)
    }
}
