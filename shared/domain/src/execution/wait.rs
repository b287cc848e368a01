//! Waits: what an execution with the status `waiting` waits for.

use super::{Execution, Status};
use crate::{Place, Timestamp};

/// Wait of an execution, as its row shows it. An execution waits for one thing at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait<'a> {
    /// The outcomes of its dependencies, before its first attempt. The end of each dependency tells it.
    Dependencies,
    /// Its turn before a gate, at this place in line. Executions that leave the gate call it up.
    Turn(&'a Place),
    /// The ends of this many elements. It starts no further attempt of its own; the last end joins them.
    Elements(u32),
    /// The instant of its next attempt: a delay, or the pause before a retry. Its timer starts it.
    Until(Timestamp),
}

impl Execution {
    /// Wait of the execution. `None` where it may start, runs, or has ended.
    pub fn wait(&self) -> Option<Wait<'_>> {
        if self.status != Status::Waiting {
            return None;
        }
        let elements = self.elements.filter(|elements| elements.created);
        let place = self.admission.as_ref().and_then(|admission| admission.place.as_ref());
        Some(match (elements, place) {
            (Some(elements), _) => Wait::Elements(elements.count),
            (None, Some(place)) => Wait::Turn(place),
            (None, None) if self.attempt == 0 && !self.dependencies.is_empty() => Wait::Dependencies,
            (None, None) => Wait::Until(self.ready_at),
        })
    }
}
