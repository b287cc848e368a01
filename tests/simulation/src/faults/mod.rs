//! Faults of a run: some of all kinds, up to a budget and until an instant.

use belfry_domain::ExecutionId;

use crate::{
    machine::{ProcessId, Role, State, rng::Rng},
    plan::{Plan, Scenario},
};

mod clocks;
mod deaths;
mod delivery;
mod unreadable;

use self::clocks::{MOST_JUMP_MS, MOST_SKEW_MS, jump};
pub use self::{
    clocks::STAYS_BACK_MS,
    deaths::Deaths,
    delivery::{CALL, Delivery, MESSAGE, WAVE},
    unreadable::{OFTEN, Unreadable},
};

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
    /// For this many milliseconds the store answers nobody.
    Away(u64),
}

/// A laptop's day: it sleeps after each hour.
const AWAKE_MS: u64 = 3_600_000;
const SLEEPS: u64 = 7;
const LEAST_SLEEP_MS: u64 = 600_000;
const MOST_NAP_MS: u64 = 7_200_000;
const MOST_SLEEP_MS: u64 = 28_800_000;

const KINDS: usize = 10;
const JUMPS: usize = 8;

/// Pool that nobody serves for a while.
pub const FAR: &str = "far";

/// Faults of one run. A run has only some kinds of faults, so that no kind hides behind another in
/// every run.
pub struct Faults {
    kinds: Vec<usize>,
    /// One call in this many meets a fault.
    one_in: u64,
    budget: u64,
    /// Calls before this instant meet none.
    begin_ms: u64,
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
    pub unreadable: Option<Unreadable>,
    /// Until then the store answers nobody.
    pub away_until_ms: u64,
    /// From then on somebody serves the pool `FAR`.
    pub served_from_ms: u64,
}

impl Faults {
    pub fn draw(plan: &Plan, rng: &mut Rng) -> Self {
        let none = matches!(plan.scenario, Scenario::LostTicks | Scenario::Laptop);
        let mut some =
            |chance: u64, most: u64| if !none && rng.percent(chance) { rng.between(1, most) } else { 0 };
        let (losses, copies, delays) = (some(60, 20), some(60, 20), some(60, 20));
        let kinds = (0..KINDS)
            .filter(|kind| some(60, 1) > 0 || !none && plan.steps_far() && *kind == JUMPS)
            .collect();
        let (steals_leases, loses_ticks, poisons) = (some(50, 1) > 0, some(50, 1) > 0, some(20, 1) > 0);
        let served_from_ms = if plan.waits_long() { rng.between(700_000, 900_000) } else { 0 };
        let stop_ms = match plan.scenario {
            _ if plan.waits_long() => served_from_ms + 100_000,
            Scenario::Standalone => 150_000,
            Scenario::Laptop => AWAKE_MS * SLEEPS,
            Scenario::Mixed | Scenario::LostTicks => 480_000,
        };
        let one_in = *rng.pick(&[40, 100, 300]).unwrap_or(&100);
        // Without others, nothing excuses what a death after a long wait delays.
        let is_spared = none || plan.waits_long() && rng.percent(50);
        let budget = if is_spared { 0 } else { rng.between(5, 50) };
        Self {
            kinds,
            one_in,
            budget,
            begin_ms: if served_from_ms > 0 { served_from_ms + 20_000 } else { 0 },
            stop_ms,
            steals_leases,
            loses_ticks,
            losses,
            copies,
            delays,
            poisons,
            poisoned: Vec::new(),
            unreadable: None,
            away_until_ms: 0,
            served_from_ms,
        }
    }

    /// Deaths about the time at which the pool is served at last: just before, when what has waited is
    /// to be found again, and just after, when it runs.
    pub fn deaths(&self, plan: &Plan) -> Vec<(u64, Role)> {
        if !plan.waits_long() {
            return Vec::new();
        }
        let mut rng = Rng::of(plan.seed, &["deaths"], 0);
        let role = |number| {
            if plan.scenario == Scenario::Standalone { Role::Standalone } else { Role::Worker(number) }
        };
        let before = (self.served_from_ms - rng.between(1, 60_000), role(1));
        let after = (self.served_from_ms + rng.between(1, 30_000), role(2));
        [before, after].into_iter().filter(|_| rng.percent(60)).collect()
    }
}

/// Steps of all clocks that are planned: sleeps of a laptop, each with a clock that is off for a moment
/// after it; or a clock that is ahead while the faults end.
pub fn steps(plan: &Plan, stop_ms: u64) -> Vec<(u64, i64)> {
    let mut rng = Rng::of(plan.seed, &["sleeps"], 0);
    let mut steps = Vec::new();
    if plan.stays_back() {
        let (before_ms, ahead_ms) = (rng.between(2_000, 60_000), rng.between(1_800, 100_000) as i64 * 1000);
        steps.extend([(stop_ms - before_ms, ahead_ms), (stop_ms, -ahead_ms)]);
    }
    for at_ms in (1..SLEEPS).map(|hour| hour * AWAKE_MS).filter(|_| plan.scenario == Scenario::Laptop) {
        let most_ms = *rng.pick(&[MOST_NAP_MS, MOST_SLEEP_MS]).unwrap_or(&MOST_NAP_MS);
        let (asleep_ms, off_ms) = (rng.between(LEAST_SLEEP_MS, most_ms) as i64, jump(&mut rng, 300_000));
        let right_ms = at_ms + rng.between(1_000, 30_000);
        steps.extend([(at_ms, asleep_ms + off_ms), (right_ms, -off_ms)]);
    }
    steps
}

impl State {
    pub fn has_faults(&self) -> bool {
        self.time.now_ms < self.faults.stop_ms
    }

    /// Fault of this call, if it meets one.
    pub fn draw_fault(&mut self, process: ProcessId, verb: &str) -> Option<Fault> {
        let is_early = self.time.now_ms < self.faults.begin_ms;
        let is_over = !self.has_faults() || self.faults.budget == 0 || self.faults.kinds.is_empty();
        if is_early || is_over || self.rng.below(self.faults.one_in) > 0 {
            return None;
        }
        self.faults.budget -= 1;
        let kind = *self.rng.pick(&self.faults.kinds)?;
        let (fault, name) = self.make(kind);
        self.met(name);
        self.disturb(match fault {
            Fault::Late(ms) | Fault::Away(ms) => ms,
            _ => 0,
        });
        if let Fault::Away(ms) = fault {
            self.faults.away_until_ms = self.faults.away_until_ms.max(self.time.now_ms + ms);
        }
        self.note(process, || format!("{verb}: FAULT {fault:?}"));
        Some(fault)
    }

    fn make(&mut self, kind: usize) -> (Fault, &'static str) {
        let rng = &mut self.rng;
        match kind {
            0 => (Fault::ErrorBefore, "fault: error before"),
            1 => (Fault::ErrorAfter, "fault: error after"),
            2 => (Fault::Late(long(rng)), "fault: late answer"),
            3 => (Fault::CrashBefore, "fault: crash before"),
            4 => (Fault::CrashAfter, "fault: crash after"),
            5 => (Fault::FreezeBefore(long(rng)), "fault: freeze"),
            6 => (Fault::FreezeAfter(long(rng)), "fault: freeze"),
            7 => (Fault::SkewBy(jump(rng, MOST_SKEW_MS)), "fault: own clock jumps"),
            JUMPS if self.time.steps_far => (Fault::JumpBy(self.far_step()), "fault: all clocks jump"),
            JUMPS => (Fault::JumpBy(jump(rng, MOST_JUMP_MS)), "fault: all clocks jump"),
            _ => (Fault::Away(rng.between(1_000, 25_000)), "fault: store away"),
        }
    }

    pub fn is_store_away(&self) -> bool {
        self.has_faults() && self.time.now_ms < self.faults.away_until_ms
    }

    /// Instant from which on a pool is served.
    pub fn served_from_ms(&self, pool: &str) -> u64 {
        if pool == FAR { self.faults.served_from_ms } else { 0 }
    }
}

/// Long duration in milliseconds: seconds mostly, minutes at times, which is beyond a lease.
fn long(rng: &mut Rng) -> u64 {
    if rng.percent(60) { rng.between(100, 8_000) } else { rng.between(30_000, 200_000) }
}
