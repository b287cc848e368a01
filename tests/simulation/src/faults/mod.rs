//! Faults of a run: some of all kinds, up to a budget and until an instant.

use belfry_domain::{ExecutionId, JobId};

use crate::{
    machine::{ProcessId, State, rng::Rng},
    plan::{Plan, Scenario},
};

mod delivery;

pub use self::delivery::{CALL, Delivery, MESSAGE, WAVE};

/// Faults of a call of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call is not performed; the caller hears that the store did not answer.
    ErrorBefore,
    /// The call is performed; the caller hears that the store did not answer.
    ErrorAfter,
    /// The call is performed; its answer takes this many milliseconds.
    Late(u64),
    CrashBefore,
    CrashAfter,
    /// The process stands still for this many milliseconds, just before the call is made or just after.
    FreezeBefore(u64),
    FreezeAfter(u64),
    /// The process's own wall clock is off by this many milliseconds from now on.
    SkewBy(i64),
    /// The wall clocks of all processes jump by this many milliseconds.
    JumpBy(i64),
}

const KINDS: usize = 9;

/// Faults of one run. A run has only some kinds of faults, so that no kind hides behind another in
/// every run.
pub struct Faults {
    kinds: Vec<usize>,
    /// One call in this many meets a fault.
    one_in: u64,
    budget: u64,
    pub stop_ms: u64,
    pub steals_leases: bool,
    pub loses_ticks: bool,
    /// Percentage of the sent parcels that are lost.
    pub losses: u64,
    pub copies: u64,
    pub delays: u64,
    /// Whether rows become unreadable until the faults stop.
    pub poisons: bool,
    pub poisoned: Vec<ExecutionId>,
    pub poisoned_job: Option<JobId>,
}

impl Faults {
    pub fn draw(plan: &Plan, rng: &mut Rng) -> Self {
        let none = plan.scenario == Scenario::LostTicks;
        let mut some =
            |chance: u64, most: u64| if !none && rng.percent(chance) { rng.between(1, most) } else { 0 };
        let (losses, copies, delays) = (some(60, 20), some(60, 20), some(60, 20));
        let kinds = (0..KINDS).filter(|_| some(60, 1) > 0).collect();
        let (steals_leases, loses_ticks, poisons) = (some(50, 1) > 0, some(50, 1) > 0, some(15, 1) > 0);
        let stop_ms = match plan.scenario {
            Scenario::Standalone => 150_000,
            Scenario::Mixed | Scenario::LostTicks => 480_000,
        };
        let one_in = *rng.pick(&[40, 100, 300]).unwrap_or(&100);
        let budget = if none { 0 } else { rng.between(5, 50) };
        Self {
            kinds,
            one_in,
            budget,
            stop_ms,
            steals_leases,
            loses_ticks,
            losses,
            copies,
            delays,
            poisons,
            poisoned: Vec::new(),
            poisoned_job: None,
        }
    }
}

impl State {
    pub fn has_faults(&self) -> bool {
        self.time.now_ms < self.faults.stop_ms
    }

    pub fn is_unreadable(&self, id: &ExecutionId) -> bool {
        self.has_faults() && self.faults.poisoned.contains(id)
    }

    /// Whether the job can't be read. Now and then that is so, until the faults stop.
    pub fn is_unreadable_job(&mut self, id: &JobId) -> bool {
        if !self.has_faults() || !self.faults.poisons {
            return false;
        }
        if self.faults.poisoned_job.is_none() && self.rng.below(500) == 0 {
            self.coverage.add("fault: unreadable job");
            self.faults.poisoned_job = Some(id.clone());
        }
        self.faults.poisoned_job.as_ref() == Some(id)
    }

    /// Fault of this call, if it meets one.
    pub fn draw_fault(&mut self, process: ProcessId, verb: &str) -> Option<Fault> {
        let is_lucky = !self.has_faults() || self.faults.budget == 0 || self.faults.kinds.is_empty();
        if is_lucky || self.rng.below(self.faults.one_in) > 0 {
            return None;
        }
        self.faults.budget -= 1;
        let kind = *self.rng.pick(&self.faults.kinds)?;
        let (fault, name) = make(kind, &mut self.rng);
        self.coverage.add(name);
        self.disturb(if let Fault::Late(ms) = fault { ms } else { 0 });
        self.note(process, || format!("{verb}: FAULT {fault:?}"));
        Some(fault)
    }

    pub fn shift_clocks(&mut self, process: ProcessId, fault: Fault) {
        match fault {
            Fault::SkewBy(ms) => self.processes[process].skew_ms = ms,
            Fault::JumpBy(ms) => self.time.jumped_ms += ms,
            _ => return,
        }
        self.shadow.clocks_moved_ms = Some(self.time.now_ms);
    }

    /// Sets all clocks right when the faults stop.
    pub fn set_clocks_right(&mut self) {
        if self.processes.iter().any(|process| process.skew_ms != 0) {
            self.shadow.clocks_moved_ms = Some(self.time.now_ms);
        }
        for process in &mut self.processes {
            process.skew_ms = 0;
        }
    }
}

fn make(kind: usize, rng: &mut Rng) -> (Fault, &'static str) {
    match kind {
        0 => (Fault::ErrorBefore, "fault: error before"),
        1 => (Fault::ErrorAfter, "fault: error after"),
        2 => (Fault::Late(long(rng)), "fault: late answer"),
        3 => (Fault::CrashBefore, "fault: crash before"),
        4 => (Fault::CrashAfter, "fault: crash after"),
        5 => (Fault::FreezeBefore(long(rng)), "fault: freeze"),
        6 => (Fault::FreezeAfter(long(rng)), "fault: freeze"),
        7 => (Fault::SkewBy(jump(rng, MOST_SKEW_MS)), "fault: own clock jumps"),
        _ => (Fault::JumpBy(jump(rng, MOST_JUMP_MS)), "fault: all clocks jump"),
    }
}

/// Long duration in milliseconds: seconds mostly, minutes at times, which is beyond a lease.
fn long(rng: &mut Rng) -> u64 {
    if rng.percent(60) { rng.between(100, 8_000) } else { rng.between(30_000, 200_000) }
}

/// Most skew of a clock, in milliseconds. The settings allow for clocks that differ by less than `near`
/// goes beyond `look_ahead`.
const MOST_SKEW_MS: u64 = 60_000;
const MOST_JUMP_MS: u64 = 400_000;

fn jump(rng: &mut Rng, most: u64) -> i64 {
    let most = if rng.percent(50) { 5_000 } else { most };
    rng.between(1, 2 * most) as i64 - most as i64
}
