use crate::state::{Execution, Message, Status, Timer};

/// Process under way: the reads and writes that it has still to make, in order. A crash is the loss of
/// the rest; a refused conditional write ends the process.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Process {
    pub role: Role,
    pub steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Api,
    /// Leader, which is `deposed` once a later leader has a greater fencing token.
    Leader {
        deposed: bool,
    },
    Sweeper,
    Worker(Claim),
    /// A worker whose message turned out to have dependencies to wait for.
    Waiter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Claim {
    pub execution: Execution,
    pub attempt: u8,
    pub id: u8,
    /// Timer that the message names.
    pub guard: Timer,
}

/// One read or one write, which nothing can interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    ReadPage {
        from: u8,
        to: u8,
    },
    Put(Timer),
    Send(Message),
    SaveCursor(u8),
    SaveMark(u8),
    Delete(Timer),
    RunTarget,
    /// The target has the work: the lease is the attempt's time from here on.
    HandOver {
        guard: Timer,
    },
    /// The target reports its end, by the claim.
    CallBack,
    Finish(Status),
    Retry,
    Revoke {
        claim: Claim,
        exhausted: bool,
    },
    ReadWaits(Execution),
    PutWait {
        awaited: Execution,
        waiter: Execution,
    },
    ReadDependency {
        awaited: Execution,
        waiter: Execution,
    },
    Deliver {
        from: Execution,
        to: Execution,
    },
    Release(Execution),
    FailUpstream(Execution),
}

impl Process {
    pub fn new(role: Role, steps: Vec<Step>) -> Self {
        Self { role, steps }
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    pub fn is_sweeper(&self) -> bool {
        self.role == Role::Sweeper
    }

    /// Whether the process is a worker. A target that will call back is not.
    pub fn is_worker(&self) -> bool {
        matches!(self.role, Role::Worker(_) | Role::Waiter) && !self.is_target()
    }

    pub fn is_target(&self) -> bool {
        self.steps.first() == Some(&Step::CallBack)
    }

    pub fn holds(&self, execution: Execution, id: u8) -> bool {
        matches!(self.role, Role::Worker(claim) if claim.execution == execution && claim.id == id)
    }

    /// Puts the steps that follow from a step before the rest.
    pub fn first(&mut self, steps: impl IntoIterator<Item = Step>) {
        self.steps.splice(0..0, steps);
    }

    pub fn end(&mut self) {
        self.steps.clear();
    }
}
