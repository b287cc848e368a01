//! Timers: the steps of a leader with a page, and the writes to timer rows.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::process::{Process, Role, Step};
use crate::safeguard::Safeguard;
use crate::state::{Execution, Message, State, Timer, Violation, What};

/// Steps of a leader that has read its page. Successors that fall within the page are fired with it.
pub fn page(config: &Config, state: &State, from: u8, to: u8) -> Vec<Step> {
    let timers = || state.timers.iter().copied().filter(|timer| (from + 1..=to).contains(&timer.fire_at));
    let mut slots = BTreeSet::new();
    let mut successors = BTreeSet::new();
    for first in timers().filter_map(slot) {
        let later = successors_until(config, first, to);
        slots.extend(
            [first].into_iter().chain(later.iter().copied()).filter(|execution| execution.slot <= to),
        );
        successors.extend(later);
    }
    let puts = successors.into_iter().map(Timer::slot).map(Step::Put);
    let waves = slots.into_iter().map(|slot| first_message(slot, Timer::slot(slot)));
    let sends = waves.chain(timers().filter_map(|timer| retry(state, timer))).map(Step::Send);
    // Only a world whose clock goes back needs to know how far it was.
    let marks = config.steps_back > 0 && config.has(Safeguard::MarkBeforeFiring);
    let mark = marks.then_some(Step::SaveMark(to));
    let save = [Step::SaveCursor(to)];
    if config.has(Safeguard::TickPutsSuccessors) {
        mark.into_iter().chain(puts).chain(sends).chain(save).collect()
    } else {
        mark.into_iter().chain(sends).chain(puts).chain(save).collect()
    }
}

/// Steps of a leader whose cursor lies beyond its horizon. What was fired ahead and has a row is looked
/// at soon; the chain of each job begins anew; what has fired since is read again.
pub fn after_step(config: &Config, state: &State, to: u8) -> Vec<Step> {
    let ahead = state.timers.iter().filter(|timer| timer.fire_at > to);
    let look = |timer: &Timer| {
        let row = state.rows.get(&timer.execution())?;
        Some(Timer { fire_at: 0, what: config.attempt_key(timer.execution(), row.attempt.max(1)) })
    };
    let looks = ahead.filter_map(look);
    let first = |job: &u8| Execution { job: *job, slot: 1 };
    let chains = state.registered.iter().map(first).filter(|execution| config.is_scheduled(*execution));
    let puts = looks.chain(chains.map(Timer::slot)).map(Step::Put);
    puts.chain([Step::ReadPage { from: 0, to }]).collect()
}

fn slot(timer: Timer) -> Option<Execution> {
    match timer.what {
        What::Slot(execution) => Some(execution),
        What::Attempt(..) => None,
    }
}

/// Successors of a slot up to `to`, and the first one beyond.
fn successors_until(config: &Config, first: Execution, to: u8) -> Vec<Execution> {
    let next = |last: &Execution| config.successor(*last).filter(|_| last.slot <= to);
    std::iter::successors(Some(first), next).skip(1).collect()
}

fn retry(state: &State, guard: Timer) -> Option<Message> {
    let What::Attempt(execution, attempt) = guard.what else { return None };
    // Only without `AttemptInTimerKey` does the key leave it open.
    let from_row = || state.rows.get(&execution).map_or(1, |row| row.attempt + 1);
    let attempt = if attempt == 0 { from_row() } else { attempt };
    Some(Message { execution, attempt, guard })
}

pub fn first_message(execution: Execution, guard: Timer) -> Message {
    Message { execution, attempt: 1, guard }
}

/// Puts a timer. If a leader moves a chain on to beyond what the next one sees of it, and its clock was
/// ahead, slots between the two stand still until the clock comes there again.
pub fn put(config: &Config, state: &mut State, process: &Process, timer: Timer) {
    let leads = process.role == (Role::Leader { deposed: false });
    if config.steps_back > 0 && leads && slot(timer).is_some() && timer.fire_at > state.seen() + 1 {
        state.violation = Some(Violation::FiredOutOfSight);
    }
    state.timers.insert(timer);
}

pub fn save_mark(state: &mut State, process: &mut Process, to: u8) {
    if process.role == (Role::Leader { deposed: true }) {
        process.end();
    } else {
        state.mark = to;
    }
}

pub fn save_cursor(state: &mut State, process: &mut Process, to: u8) {
    if process.role == (Role::Leader { deposed: true }) {
        process.end();
    } else {
        state.cursor = to;
    }
}
