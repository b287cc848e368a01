//! When things happen, while nothing disturbs them: invariant 9.
//!
//! All bounds count in true time, by the monotonic clock. What a fault hits is given the time that its
//! mend is promised to take, counted from the end of the fault; what it does not hit is given none.

use std::time::Duration;

use belfry_domain::{AttemptOutcome, Execution, ExecutionId, Holder, Job, Status, Timestamp, Trigger};

use super::{
    rows::Row,
    times::{Ready, Times, true_ms},
};
use crate::{
    machine::{Pace, Process, Role, State},
    plan::Scenario,
};

/// Calls that take their turns.
const SLACK_MS: u64 = 10_000;
/// For so long clients go on after the faults.
const CLIENTS_MS: u64 = 20_000;
/// Longest jitter of the jobs here.
const MOST_JITTER_MS: u64 = 50_000;
/// Wait after which looks are far apart.
const LONG_MS: u64 = 700_000;

/// Most time until ready work starts beside a free worker: when its message arrives, and when it was
/// lost once.
struct Starts {
    prompt_ms: u64,
    lost_ms: u64,
}

impl Starts {
    fn of(pace: &Pace) -> Self {
        match pace.scenario {
            // In one process messages are not lost. Here they are; then the sweep finds them.
            Scenario::Standalone | Scenario::Laptop => Self { prompt_ms: 1_000, lost_ms: 31_000 },
            Scenario::Mixed | Scenario::LostTicks => {
                // Ticks are up to 60.1 s apart here.
                Self { prompt_ms: 5_000, lost_ms: 180_400 }
            }
        }
    }
}

impl State {
    /// From some time after now on, bounds hold again: what was under way has been tried again.
    pub fn disturb(&mut self, for_ms: u64) {
        self.disturb_starts(for_ms);
        let until_ms = self.time.now_ms + for_ms + self.pace.lead_ms + self.pace.tick_ms;
        self.disturbed_until_ms = self.disturbed_until_ms.max(until_ms);
    }

    /// Notes a fault that delays starts but no looks: ticks go on while a worker is away. See `disturb`.
    pub fn disturb_starts(&mut self, for_ms: u64) {
        self.judge_overdue();
        self.quiet_since_ms = self.quiet_since_ms.max(self.time.now_ms + for_ms);
        self.is_quiet_since_boot = false;
    }

    pub fn disturb_by(&mut self, role: Role, for_ms: u64) {
        match role {
            Role::Ticker(_) | Role::Standalone => self.disturb(for_ms),
            Role::Dispatcher | Role::Worker(_) | Role::Client => self.disturb_starts(for_ms),
        }
    }

    /// How long it has been calm.
    fn calm_ms(&self) -> u64 {
        self.time.now_ms.saturating_sub(self.disturbed_until_ms)
    }

    pub(super) fn is_one_process(&self) -> bool {
        matches!(self.pace.scenario, Scenario::Standalone | Scenario::Laptop)
    }

    fn clocks_moved_since(&self, ms: u64) -> bool {
        self.shadow.clocks_moved_ms.is_some_and(|at| at >= ms)
    }

    /// Judges an attempt that is taken from the process that had claimed it.
    pub fn judge_taken_up(&mut self, process: usize, old: &Execution, new: &Execution) {
        let was_lost = new
            .attempts
            .last()
            .is_some_and(|last| last.number == old.attempt && last.outcome == AttemptOutcome::Lost);
        if old.status != Status::Running || !was_lost {
            return;
        }
        self.judge_asked(old);
        if let Some(times) = self.shadow.rows.get(&old.id).map(|row| row.times) {
            self.judge_loss_in_time(self.wall_of(process), old, times);
        }
    }

    /// A process that runs an attempt, or writes how it ended, is asked before it is judged. Only in the
    /// same process can that be known: elsewhere a holder that does not reach the store is as good as dead.
    fn judge_asked(&mut self, old: &Execution) {
        let Some(claim) = old.claim.as_ref().filter(|claim| claim.holder == Holder::Worker) else { return };
        let is_alive = |each: &Process| each.is_alive && each.name == claim.worker_id;
        if !self.is_one_process() || !self.processes.iter().any(is_alive) {
            return;
        }
        self.coverage.add("bound: a live holder is asked");
        let (id, attempt) = (&old.id, old.attempt);
        if self.shadow.attempts.is_running(id, attempt) {
            self.violate(|| format!("8: {id} #{attempt} was judged lost, and its process runs it"));
        }
        if self.shadow.attempts.has_completed(id, attempt) {
            self.violate(|| {
                format!("8: {id} #{attempt} was judged lost, and its process knows how it ended")
            });
        }
    }

    /// Whatever an attempt had waited or run before, its death is noticed in time. Not judged: what a
    /// clock that was set back since may have put off, and what could not be read.
    fn judge_loss_in_time(&mut self, wall: Timestamp, row: &Execution, times: Times) {
        let Some(claim) = &row.claim else { return };
        let is_unpromised = self.clocks_moved_since(times.born_ms) || self.was_unreadable(row, times.born_ms);
        if is_unpromised {
            return;
        }
        // By the clock of whoever looks, too: clocks may differ.
        let over_ms = self.time.now_ms.saturating_sub(times.lease_ms);
        let over_ms = over_ms.min(wall.since(claim.lease_until).as_millis() as u64);
        let waited_ms = over_ms.min(self.calm_ms());
        let bound_ms = self.pace.margin_ms + self.pace.grace_ms + self.pace.tick_ms + SLACK_MS;
        if waited_ms > 0 {
            self.coverage.add("bound: a lost attempt");
            if times.lease_ms > times.born_ms + LONG_MS {
                self.coverage.add("bound: a lost attempt after a long wait");
            }
        }
        if waited_ms > bound_ms {
            self.violate(|| format!("9: {} was not taken up {waited_ms} ms after its lease", row.id));
        }
    }

    /// Judges all that is under way before something disturbs it: later, the disturbance would be its
    /// excuse.
    fn judge_overdue(&mut self) {
        if self.are_clocks_apart() || self.calm_ms() == 0 {
            return;
        }
        let late =
            |row: &&Row| row.execution.status == Status::Running && row.times.lease_ms < self.time.now_ms;
        let open = |row: &&Row| late(row) || row.times.ready.is_some();
        let rows: Vec<(Execution, Times)> =
            self.shadow.rows.values().filter(open).map(|row| (row.execution.clone(), row.times)).collect();
        for (mut row, times) in rows {
            let Some(ready) = times.ready else {
                self.judge_loss_in_time(self.time.wall(), &row, times);
                continue;
            };
            row.attempt = ready.attempt;
            let is_wanted = self.shadow.newest(&row.job_id()).is_none_or(|job| !job.deleted);
            if is_wanted && row.id.whole().is_none() {
                let ready_ms = true_ms(row.ready_at, self.time.now_ms, self.time.wall());
                self.judge_ready(&row, ready.written_ms, ready_ms.max(ready.written_ms), false);
            }
        }
    }

    /// Judges when an attempt starts.
    pub fn judge_start(&mut self, row: &Execution) {
        if row.status != Status::Running {
            return;
        }
        let known = self.shadow.rows.get(&row.id).map(|row| row.times.ready);
        let ready = match known {
            Some(ready) => ready.filter(|ready| ready.attempt == row.attempt),
            None if row.trigger == Trigger::Schedule => Some(Ready {
                attempt: 1,
                written_ms: self.shadow.committed_ms.get(&row.job_id()).copied().unwrap_or(0),
            }),
            None => None,
        };
        let Some(ready) = ready else { return };
        let is_slot = known.is_none();
        let ready_ms = true_ms(row.ready_at, self.time.now_ms, self.time.wall());
        if is_slot {
            self.judge_chain(row, ready_ms.max(ready.written_ms));
            if ready_ms <= ready.written_ms {
                // Its job has changed since, as by the end of a pause: what was to be sent was so before.
                return;
            }
        }
        self.judge_ready(row, ready.written_ms, ready_ms.max(ready.written_ms), is_slot);
    }

    fn judge_ready(&mut self, row: &Execution, written_ms: u64, ready_ms: u64, is_slot: bool) {
        let now_ms = self.time.now_ms;
        // A message is sent when its timer is near.
        let sent_ms = written_ms.max(ready_ms.saturating_sub(self.pace.near_ms));
        let pool = self.pool_of(row);
        let parcel = self.shadow.parcels.get(&(row.id.clone(), row.attempt)).copied().unwrap_or_default();
        let free_ms = ready_ms.max(parcel.late_until_ms).max(self.served_from_ms(&pool));
        let waited_ms = now_ms.saturating_sub(ready_ms);
        if waited_ms >= LONG_MS && row.status == Status::Running {
            self.met("wait: 700 s before a start");
        }
        // The message of a row may have been sent, and dropped, by a clock that was ahead.
        let right_since_ms = if is_slot { sent_ms } else { written_ms };
        if self.is_unpromised(row, right_since_ms, is_slot) {
            return;
        }
        let starts = Starts::of(&self.pace);
        let restarted = self.is_one_process() && self.is_quiet_since_boot;
        let is_undisturbed = self.quiet_since_ms < sent_ms;
        let (what, from_ms, bound_ms) = match parcel.losses {
            0 if is_undisturbed => ("bound: ready work", free_ms, starts.prompt_ms),
            // A new leader looks at all that is ready at once.
            0 if restarted => {
                let from_ms = free_ms.max(self.booted_ms).max(self.faults.away_until_ms);
                ("bound: ready work after a restart", from_ms, starts.prompt_ms)
            }
            1 if is_undisturbed => ("bound: a lost message", free_ms.max(parcel.lost_ms), starts.lost_ms),
            // Several faults have hit it: looks at it are further apart by now.
            _ => return,
        };
        let late_ms = now_ms.saturating_sub(from_ms);
        if row.status == Status::Running {
            self.coverage.add(what);
            if restarted && waited_ms >= LONG_MS {
                self.coverage.add("bound: ready work after a restart and a long wait");
            }
        }
        if late_ms > bound_ms {
            let (id, attempt) = (&row.id, row.attempt);
            self.violate(|| format!("9: {id} #{attempt} is {late_ms} ms late to start ({what})"));
        }
    }

    /// Whether nothing is promised of this start: a limit may hold it up, its job or its row could not
    /// be read, its messages were held back, or clocks have stepped or differ.
    fn is_unpromised(&self, row: &Execution, since_ms: u64, is_slot: bool) -> bool {
        let has_limits = self.shadow.newest(&row.job_id()).is_some_and(|job| job.limits().is_some());
        has_limits
            || !row.gates().is_empty()
            || self.was_unreadable(row, since_ms)
            || self.shadow.held_back.contains(&row.id)
            || self.are_clocks_apart()
            || self.clocks_moved_since(since_ms)
            || is_slot && self.is_repeated(self.pace.near_ms)
    }

    fn are_clocks_apart(&self) -> bool {
        let lives = |id: usize| self.processes[id].is_alive || self.crashed.contains(&id);
        (0..self.processes.len()).any(|id| lives(id) && self.processes[id].skew_ms != 0)
    }

    fn was_unreadable(&self, row: &Execution, since_ms: u64) -> bool {
        self.faults.poisoned.contains(&row.id) || self.unreadable_until_ms(&row.job_id()) >= since_ms.max(1)
    }

    fn pool_of(&self, row: &Execution) -> String {
        let own = row.work.as_ref().map(|work| work.pool.clone());
        own.or_else(|| self.shadow.newest(&row.job_id()).map(|job| job.work().pool.clone()))
            .unwrap_or_default()
    }

    /// While a clock that was set back stays where it is: every slot that comes has a row in time, which
    /// may stem from the clock that was ahead, and what a process had claimed that died is taken up.
    /// Not judged: jobs that this clock has changed.
    pub fn judge_time_put_back(&mut self) {
        let calm_ms = self.faults.stop_ms.max(self.quiet_since_ms).max(self.disturbed_until_ms);
        let (back_ms, slack_ms) = (self.time.now_ms.saturating_sub(calm_ms), CLIENTS_MS + SLACK_MS);
        let bound_ms = self.pace.grace_ms + 2 * self.pace.tick_ms + SLACK_MS + MOST_JITTER_MS;
        if back_ms < slack_ms + bound_ms {
            return;
        }
        let wall = self.time.wall();
        let ago = |ms| wall.minus(Duration::from_millis(ms));
        let (from, until) = (ago(back_ms - slack_ms), ago(bound_ms));
        let is_older = |job: &&Job| {
            let versions = self.shadow.jobs.get(job.id()).into_iter().flatten();
            versions.map(|job| job.updated_at).max().is_some_and(|updated_at| updated_at < from)
        };
        let due = |job: &Job| {
            let slots = job.schedule().into_iter().flat_map(|schedule| schedule.upcoming(from.to_utc()));
            let slots = slots.map(Timestamp::from).take_while(|slot| *slot <= until);
            slots.map(|slot| ExecutionId::scheduled(job.id(), slot)).collect::<Vec<_>>()
        };
        let jobs = self.shadow.live_jobs().filter(|job| job.is_active()).filter(is_older);
        let slots: Vec<ExecutionId> = jobs.flat_map(due).collect();
        for id in slots {
            self.coverage.add("bound: a slot after a clock was set back");
            if self.shadow.row(&id).is_none() {
                self.violate(|| format!("9: {id} never came to be after the clock was set back"));
            }
        }
    }

    /// A slot of calm times starts in time, whatever had been before: one whose chain was cut off goes
    /// on when the sweep comes to it. Not judged: slots where a clock that was ahead has been before.
    fn judge_chain(&mut self, row: &Execution, ready_ms: u64) {
        let readable_ms = self.unreadable_until_ms(&row.job_id());
        let parcel = self.shadow.parcels.get(&(row.id.clone(), row.attempt)).copied().unwrap_or_default();
        let free_ms =
            ready_ms.max(parcel.late_until_ms).max(readable_ms).max(self.served_from_ms(&self.pool_of(row)));
        // Where the job could not be read, the message that the sweep sends afterwards is the first one.
        let is_lost = parcel.losses > 1 || readable_ms > ready_ms && parcel.losses > 0;
        // After a crash while it could not be read, the looks at it are further apart.
        let is_hit_twice = readable_ms > ready_ms && self.booted_ms > ready_ms;
        let is_hit = is_lost || is_hit_twice || self.shadow.held_back.contains(&row.id);
        let are_clocks_wrong = self.are_clocks_apart() || self.is_repeated(self.pace.near_ms);
        let calm_since_ms = self.disturbed_until_ms.max(self.quiet_since_ms);
        if is_hit || are_clocks_wrong || free_ms <= calm_since_ms {
            return;
        }
        let late_ms = self.time.now_ms.saturating_sub(free_ms);
        self.coverage.add("bound: a slot");
        if readable_ms > ready_ms {
            self.coverage.add("bound: a slot that could not be read");
        }
        let bound_ms = self.pace.grace_ms + 2 * self.pace.tick_ms + SLACK_MS;
        if late_ms > bound_ms {
            self.violate(|| format!("9: {} started {late_ms} ms late", row.id));
        }
    }
}
