//! Wall clocks that are wrong: a process's own, or all of them.

use super::Fault;
use crate::machine::{ProcessId, State, rng::Rng};

/// Most skew of a clock, in milliseconds. The settings allow for clocks that differ by less than `near`
/// goes beyond `look_ahead`.
pub const MOST_SKEW_MS: u64 = 60_000;
pub const MOST_JUMP_MS: u64 = 400_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A clock is never further off than this. Slots count for a week.
const FURTHEST_MS: i64 = 3 * DAY_MS;

/// For so long a clock that was set back when the faults stopped is left alone.
pub const STAYS_BACK_MS: u64 = 420_000;

pub fn jump(rng: &mut Rng, most: u64) -> i64 {
    let most = if rng.percent(50) { 5_000 } else { most };
    rng.between(1, 2 * most) as i64 - most as i64
}

impl State {
    /// Step of a clock by seconds, hours or days. A host is put to sleep, restored, or told the time
    /// by somebody who is wrong.
    pub(super) fn far_step(&mut self) -> i64 {
        let ms = match self.rng.below(3) {
            0 => self.rng.between(1_000, 60_000) as i64,
            1 => self.rng.between(1, 8) as i64 * HOUR_MS + self.rng.below(60_000) as i64,
            _ => self.rng.between(1, 2) as i64 * DAY_MS + self.rng.below(60_000) as i64,
        };
        let is_back = self.rng.percent(50);
        let ms = if is_back { -ms } else { ms };
        if (self.time.jumped_ms + ms).abs() > FURTHEST_MS { -ms } else { ms }
    }

    pub fn shift_clocks(&mut self, process: ProcessId, fault: Fault) {
        let ms = match fault {
            Fault::SkewBy(ms) => ms - self.processes[process].skew_ms,
            Fault::JumpBy(ms) => ms,
            _ => return,
        };
        self.count_step(ms);
        self.note_highest();
        match fault {
            Fault::SkewBy(ms) => self.processes[process].skew_ms = ms,
            _ => self.time.jumped_ms += ms,
        }
        self.shadow.clocks_moved_ms = Some(self.time.now_ms);
    }

    /// Step of all clocks that was planned.
    pub fn step_clocks(&mut self, ms: i64) {
        self.disturb(0);
        self.count_step(ms);
        self.note_highest();
        self.time.jumped_ms += ms;
        self.shadow.clocks_moved_ms = Some(self.time.now_ms);
        self.note(0, || format!("all clocks step by {ms} ms"));
    }

    fn count_step(&mut self, ms: i64) {
        self.met(match (ms < 0, ms.abs()) {
            (false, DAY_MS..) => "fault: a clock steps ahead by days",
            (true, DAY_MS..) => "fault: a clock steps back by days",
            (false, HOUR_MS..) => "fault: a clock steps ahead by hours",
            (true, HOUR_MS..) => "fault: a clock steps back by hours",
            (false, _) => "fault: a clock steps ahead by seconds",
            (true, _) => "fault: a clock steps back by seconds",
        });
    }

    pub fn note_highest(&mut self) {
        let living = (0..self.processes.len()).filter(|process| self.processes[*process].is_alive);
        let highest = living.map(|process| self.wall_of(process)).max();
        self.time.highest = highest.into_iter().chain([self.time.highest]).max().unwrap_or(self.time.highest);
    }

    /// Sets all clocks right when the faults stop. One that has been days ahead comes to where it was
    /// once more, as after a long sleep of its host: what it wrote then is looked at now. Some stay
    /// back for a while before, and what is due in that time is judged.
    pub fn set_clocks_right(&mut self) {
        if !std::mem::replace(&mut self.time.is_right, true) {
            self.note_highest();
            if self.processes.iter().any(|process| process.skew_ms != 0) {
                self.clocks_moved();
            }
            self.processes.iter_mut().for_each(|process| process.skew_ms = 0);
        }
        if self.time.now_ms < self.time.back_until_ms || std::mem::replace(&mut self.time.has_caught_up, true)
        {
            return;
        }
        self.judge_time_put_back();
        let behind_ms = self.time.highest.0.saturating_sub(self.time.wall().0);
        if self.time.steps_far && behind_ms > 0 {
            self.time.jumped_ms += behind_ms;
            self.clocks_moved();
        }
    }

    fn clocks_moved(&mut self) {
        self.shadow.clocks_moved_ms = Some(self.time.now_ms);
        self.disturb(0);
    }

    /// Whether a clock that was ahead has been here before, give or take `by_ms`.
    pub fn is_repeated(&self, by_ms: u64) -> bool {
        self.time.wall().0 < self.time.highest.0.saturating_add(by_ms as i64)
    }
}
