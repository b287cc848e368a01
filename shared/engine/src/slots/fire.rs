//! Slots: from a schedule to timers and messages.
//!
//! The slot timers of a job form a chain. Firing a slot writes the timers of the slots after it, up to
//! and with the first one beyond the horizon, before any message is sent. So whenever an execution of a
//! slot exists, the chain goes on behind it.

use std::{iter::successors, time::Duration};

use belfry_domain::{
    ExecutionId, Job, Message, Misfire, Timer, Timestamp,
    misfire::{missed_before, missed_before_under, slots_to_fire},
    schedule::Schedule,
};
use chrono::TimeDelta;

use crate::{Engine, slots::to_come::slot_message};

/// Result of firing a slot.
#[derive(Default)]
pub(crate) struct Firing {
    /// Timers to write before the messages are sent.
    pub timers: Vec<Timer>,
    pub messages: Vec<Message>,
    /// Newest slots that the misfire policy passed over, the newest first.
    pub missed: Vec<Timestamp>,
    /// Reason for slots that were passed over.
    pub reason: String,
    /// Whether the first slot is passed over.
    pub misses_first: bool,
    /// Whether another timer, at the jittered instant, guards the first slot.
    pub moves_first: bool,
}

/// Maximum number of missed slots that get a row, for jobs that wait for them.
const MISSED_NAMED: usize = 100;
const MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);

impl Engine {
    /// Fires a job's slots from `first` to `horizon`. Slots that were missed by `now` are handled by the
    /// misfire policy.
    pub(crate) fn fire(&self, job: &Job, first: Timestamp, horizon: Timestamp, now: Timestamp) -> Firing {
        let Some(schedule) = job.schedule() else { return Firing::default() };
        let latest = |at| schedule.latest_at_or_before(at);
        let before = missed_before_under(job.spec.misfire, now.to_utc(), latest);
        self.fire_from(job, first, before.into(), horizon)
    }

    /// Fires the slots of a job that has just been defined: slots younger than a minute are not missed.
    pub(crate) fn fire_new(&self, job: &Job, first: Timestamp, horizon: Timestamp) -> Firing {
        self.fire_from(job, first, missed_before(self.now().to_utc()).into(), horizon)
    }

    /// Fires the slots of a resumed job: all slots of the pause are missed, however young.
    pub(crate) fn fire_after_pause(&self, job: &Job, first: Timestamp, horizon: Timestamp) -> Firing {
        let mut firing = self.fire_from(job, first, self.now().plus(Duration::from_millis(1)), horizon);
        firing.reason = passed_over(job, &firing.missed, "of a pause");
        firing
    }

    fn fire_from(&self, job: &Job, first: Timestamp, missed: Timestamp, horizon: Timestamp) -> Firing {
        let mut firing = Firing::default();
        let Some(schedule) = job.schedule() else { return firing };
        let mut next = Some(first);
        if first < missed {
            self.fire_missed(&mut firing, job, schedule, (first, missed), horizon);
            next = schedule.next_after(missed.to_utc() - MILLISECOND).map(Timestamp::from);
        }
        while let Some(slot) = next {
            if slot > horizon {
                break;
            }
            self.fire_one(&mut firing, job, slot, horizon);
            next = schedule.next_after(slot.to_utc()).map(Timestamp::from);
        }
        if let Some(slot) = next {
            firing.timers.push(self.slot_timer(job, slot));
        }
        let id = ExecutionId::scheduled(job.id(), first);
        let guards = firing.timers.iter().filter(|timer| timer.key.what.execution_id().as_ref() == Some(&id));
        let guard = guards.map(|timer| timer.key.fire_at).next();
        firing.misses_first = guard.is_none();
        firing.moves_first = guard.is_some_and(|at| at != first);
        firing
    }

    fn fire_missed(
        &self,
        firing: &mut Firing,
        job: &Job,
        schedule: &Schedule,
        (first, until): (Timestamp, Timestamp),
        horizon: Timestamp,
    ) {
        let latest = |at| schedule.latest_at_or_before(at);
        let chosen = slots_to_fire(misfire_of(job), first.to_utc(), until.to_utc(), latest);
        let before = |at| latest(at - MILLISECOND).filter(|slot| *slot >= first.to_utc());
        let missed = successors(before(until.to_utc()), |slot| before(*slot));
        firing.missed =
            missed.filter(|slot| !chosen.contains(slot)).take(MISSED_NAMED).map(Timestamp::from).collect();
        firing.reason = passed_over(job, &firing.missed, "missed");
        for slot in chosen {
            self.fire_one(firing, job, slot.into(), horizon);
        }
    }

    /// Fires one slot. A slot whose jitter takes it beyond the horizon gets a timer of its own instead
    /// of a message.
    fn fire_one(&self, firing: &mut Firing, job: &Job, slot: Timestamp, horizon: Timestamp) {
        let due = job.spec.fire_at(slot);
        firing.timers.extend(self.deadline_timer(job, slot));
        if due > horizon {
            let id = ExecutionId::scheduled(job.id(), slot);
            let start = Timer::start(self.settings.shards, &id, 1, due);
            firing.timers.push(Timer { version: job.version, ..start });
            return;
        }
        let timer = self.slot_timer(job, slot);
        firing.messages.push(slot_message(job, slot, timer.key.clone()));
        firing.timers.push(timer);
    }

    pub(crate) fn slot_timer(&self, job: &Job, slot: Timestamp) -> Timer {
        Timer::slot(self.settings.shards, job.id().clone(), job.version, slot)
    }

    pub(crate) fn deadline_timer(&self, job: &Job, slot: Timestamp) -> Option<Timer> {
        let deadline = slot.plus(job.spec.must_finish_by?.0);
        let id = ExecutionId::scheduled(job.id(), slot);
        let timer = Timer::deadline(self.settings.shards, &id, deadline.plus(self.settings.look_ahead));
        Some(Timer { version: job.version, ..timer })
    }
}

/// Reason for slots that were passed over, such as `54 slots, missed, were passed over (misfire: skip)`.
fn passed_over(job: &Job, missed: &[Timestamp], how: &str) -> String {
    let policy = format!("{:?}", job.spec.misfire).to_lowercase();
    match missed.len() {
        1 => format!("1 slot, {how}, was passed over (misfire: {policy})"),
        MISSED_NAMED => format!("{MISSED_NAMED} slots or more, {how}, were passed over (misfire: {policy})"),
        count => format!("{count} slots, {how}, were passed over (misfire: {policy})"),
    }
}

fn misfire_of(job: &Job) -> Misfire {
    let cap = job.spec.misfire_cap.unwrap_or(Misfire::default().cap);
    Misfire { policy: job.spec.misfire, cap }
}
