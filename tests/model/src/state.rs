use std::collections::{BTreeMap, BTreeSet};

use crate::process::Process;

/// Execution: one job at one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Execution {
    pub job: u8,
    pub slot: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    Slot(Execution),
    /// An execution and the attempt that is to start.
    Attempt(Execution, u8),
}

/// Key of a timer row. A `fire_at` of 0 lies behind every cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timer {
    pub fire_at: u8,
    pub what: What,
}

impl Timer {
    pub fn slot(execution: Execution) -> Self {
        Self { fire_at: execution.slot, what: What::Slot(execution) }
    }

    pub fn execution(self) -> Execution {
        match self.what {
            What::Slot(execution) | What::Attempt(execution, _) => execution,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message {
    pub execution: Execution,
    pub attempt: u8,
    pub guard: Timer,
}

/// Status of a row. Each variant names the processes that move the row on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Waits for dependencies. A finisher's delivery, the waiter's own read, or a sweep moves it on.
    Waiting,
    /// Waits for the time of the next attempt. A claim moves it on.
    Retrying,
    /// Waits for a worker. A claim moves it on.
    Queued,
    /// Runs. The holder of the claim moves it on; once the lease has lapsed, also a sweep.
    Running {
        claim: u8,
        lapsed: bool,
    },
    Success,
    Failed,
    UpstreamFailed,
}

impl Status {
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::UpstreamFailed)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub status: Status,
    pub attempt: u8,
    /// Number of attempts that were lost with their worker.
    pub lost: u8,
    /// Outcome of each dependency: whether it succeeded.
    pub outcomes: BTreeMap<u8, bool>,
}

impl Row {
    pub fn new(status: Status) -> Self {
        Self { status, attempt: 0, lost: 0, outcomes: BTreeMap::new() }
    }
}

/// Memory of an omniscient observer about an execution; no process reads it. Sets are bit masks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct History {
    pub claims: u8,
    /// Attempts whose target ran, one bit for each.
    pub effects: u8,
    /// Attempts that ended with a retry or were revoked, one bit for each.
    pub closed: u8,
    /// Claims that a sweep took away, one bit for each.
    pub revoked: u8,
    pub successes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Violation {
    FiredOutOfSight,
    EffectRepeated,
    SecondSuccess,
    StaleWriteAccepted,
    LeftTerminalState,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    pub registered: BTreeSet<u8>,
    pub cursor: u8,
    /// Instant up to which a leader was about to fire.
    pub mark: u8,
    pub timers: BTreeSet<Timer>,
    pub rows: BTreeMap<Execution, Row>,
    /// Wait rows, each with the awaited execution and the waiter.
    pub waits: BTreeSet<(Execution, Execution)>,
    pub messages: BTreeSet<Message>,
    /// Processes, kept sorted, so that states that differ only in the names of processes are one.
    pub processes: Vec<Process>,
    pub faults_left: u8,
    pub rekeys_left: u8,
    pub steps_back_left: u8,
    pub histories: BTreeMap<Execution, History>,
    pub violation: Option<Violation>,
}

impl State {
    pub fn status(&self, execution: Execution) -> Option<Status> {
        self.rows.get(&execution).map(|row| row.status)
    }

    /// Instant up to which ticks have fired for all that a leader can see.
    pub fn seen(&self) -> u8 {
        self.cursor.max(self.mark)
    }

    pub fn is_terminal(&self, execution: Execution) -> bool {
        self.status(execution).is_some_and(Status::is_terminal)
    }

    pub fn has_timer(&self, execution: Execution) -> bool {
        self.timers.iter().any(|timer| timer.execution() == execution)
    }

    /// Changes a row. Every change passes here, so that none of them can leave a terminal state
    /// unnoticed.
    pub fn write_row(&mut self, execution: Execution, change: impl FnOnce(&mut Row)) {
        let before = self.status(execution);
        let row = self.rows.entry(execution).or_insert_with(|| Row::new(Status::Queued));
        change(row);
        let after = row.status;
        if before.is_some_and(|before| before.is_terminal() && before != after) {
            self.violation = Some(Violation::LeftTerminalState);
        }
    }

    pub fn history(&mut self, execution: Execution) -> &mut History {
        self.histories.entry(execution).or_default()
    }
}
