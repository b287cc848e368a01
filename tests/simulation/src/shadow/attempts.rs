//! Attempts that runners have started.

use std::collections::{BTreeMap, BTreeSet};

use belfry_domain::ExecutionId;

use crate::machine::{ProcessId, State};

#[derive(Default)]
pub struct Attempts {
    started: BTreeSet<(ExecutionId, u32)>,
    running: Vec<Running>,
    /// Instants of the claims of attempts in milliseconds, by the monotonic clock.
    claimed_ms: BTreeMap<(ExecutionId, u32), u64>,
    /// Attempts that came to an end of their own, not of a stop.
    completed: BTreeSet<(ExecutionId, u32)>,
    /// Attempts whose end a worker or target outside may report.
    elsewhere: BTreeSet<(ExecutionId, u32)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub id: ExecutionId,
    pub attempt: u32,
    pub process: ProcessId,
}

impl Attempts {
    pub fn count(&self) -> usize {
        self.started.len()
    }

    pub fn leave(&mut self, id: &ExecutionId, attempt: u32) {
        self.elsewhere.insert((id.clone(), attempt));
    }

    pub fn complete(&mut self, id: &ExecutionId, attempt: u32) {
        self.completed.insert((id.clone(), attempt));
    }

    pub(super) fn has_completed(&self, id: &ExecutionId, attempt: u32) -> bool {
        self.completed.contains(&(id.clone(), attempt))
    }

    pub(super) fn is_running(&self, id: &ExecutionId, attempt: u32) -> bool {
        self.running.iter().any(|running| running.id == *id && running.attempt == attempt)
    }

    pub(super) fn is_elsewhere(&self, id: &ExecutionId, attempt: u32) -> bool {
        self.elsewhere.contains(&(id.clone(), attempt))
    }

    pub(super) fn claim(&mut self, id: &ExecutionId, attempt: u32, now_ms: u64) {
        self.claimed_ms.entry((id.clone(), attempt)).or_insert(now_ms);
    }
}

impl State {
    /// Notes the start of an attempt. Checks that each attempt is started once at most, and that two
    /// attempts of one execution never run at once: not in one process, and not in two where their hosts
    /// and clocks go on as they should.
    pub fn attempt_starts(&mut self, running: Running) {
        self.note(running.process, || format!("RUN {} #{}", running.id, running.attempt));
        if !self.shadow.attempts.started.insert((running.id.clone(), running.attempt)) {
            self.violate(|| format!("2: {} #{} was started twice", running.id, running.attempt));
        }
        let others: Vec<Running> =
            self.shadow.attempts.running.iter().filter(|other| other.id == running.id).cloned().collect();
        for other in others {
            if self.shadow.attempts.is_elsewhere(&other.id, other.attempt) {
                self.coverage.add("attempt: beside one whose target has called back");
                continue;
            }
            // Elsewhere it is another process that judges, and does not know.
            let are_neighbours = other.process == running.process && self.is_one_process();
            if !are_neighbours && (self.is_excused(&other) || self.is_excused(&running)) {
                self.coverage.add("attempt: beside a stale one");
                continue;
            }
            self.violate(|| {
                let (name, second) = (&running.id, running.attempt);
                format!("8: {name} #{second} was started while #{} still ran", other.attempt)
            });
        }
        self.shadow.attempts.running.push(running);
    }

    /// Notes that a worker outside starts the attempt, which must not happen twice either.
    pub fn leaves(&mut self, id: &ExecutionId, attempt: u32) {
        if !self.shadow.attempts.started.insert((id.clone(), attempt)) {
            self.violate(|| format!("2: {id} #{attempt} was started twice"));
        }
        self.shadow.attempts.leave(id, attempt);
    }

    pub fn attempt_ends(&mut self, running: &Running) {
        self.shadow.attempts.running.retain(|other| other != running);
        if !self.processes[running.process].is_alive {
            self.coverage.add("attempt: dropped in a crash");
        }
    }

    /// Whether the process, one of two, was frozen since its claim, or told a wrong time: then more than one attempt
    /// may run.
    fn is_excused(&self, running: &Running) -> bool {
        let claim = (running.id.clone(), running.attempt);
        let claimed_ms = self.shadow.attempts.claimed_ms.get(&claim).copied().unwrap_or(0);
        let since = |at: Option<u64>| at.is_some_and(|at| at >= claimed_ms);
        let process = &self.processes[running.process];
        let are_apart = self.processes.iter().any(|process| process.skew_ms != 0);
        !process.is_alive || are_apart || since(process.frozen_at_ms) || since(self.shadow.clocks_moved_ms)
    }
}
