use stateright::Property;

use crate::actions::WritePath;
use crate::config::Config;
use crate::state::{Execution, State, Status, Violation};

pub const NO_SLOT_FORGOTTEN: &str = "1: no slot is forgotten";
pub const UNFINISHED_OWNS_TIMER: &str = "1: an unfinished execution owns a timer";
pub const FAN_OUT_OWNS_TIMER: &str = "1: an unfinished fan-out owns a timer";
pub const FIRED_IN_SIGHT: &str = "1: leaders see how far a tick has fired";
pub const ONE_SUCCESS: &str = "2: one success per execution";
pub const NO_NEEDLESS_EFFECT: &str = "2: only lost or failed attempts repeat";
pub const NO_STALE_WRITE: &str = "3: no stale write is accepted";
pub const TERMINAL_IS_FINAL: &str = "5: terminal is final";
pub const EVERYTHING_ENDS: &str = "everything ends";
pub const TIMERS_GO: &str = "and no timer is left";

/// All properties: the invariants of the design by number, liveness, and what must be reachable.
pub fn all(model: &WritePath) -> Vec<Property<WritePath>> {
    let mut all: Vec<Property<WritePath>> = vec![
        Property::<WritePath>::always(NO_SLOT_FORGOTTEN, |model, state| {
            slots_are_covered(&model.config, state)
        }),
        Property::<WritePath>::always(UNFINISHED_OWNS_TIMER, |_, state| unfinished_rows_own_timers(state)),
        Property::<WritePath>::always(FAN_OUT_OWNS_TIMER, |model, state| {
            fan_outs_own_timers(&model.config, state)
        }),
        Property::<WritePath>::always(FIRED_IN_SIGHT, |_, state| never(state, Violation::FiredOutOfSight)),
        Property::<WritePath>::always(ONE_SUCCESS, |_, state| never(state, Violation::SecondSuccess)),
        Property::<WritePath>::always(NO_NEEDLESS_EFFECT, |_, state| never(state, Violation::EffectRepeated)),
        Property::<WritePath>::always(NO_STALE_WRITE, |_, state| never(state, Violation::StaleWriteAccepted)),
        Property::<WritePath>::always(TERMINAL_IS_FINAL, |_, state| {
            never(state, Violation::LeftTerminalState)
        }),
        Property::<WritePath>::eventually(EVERYTHING_ENDS, |model, state| all_ended(&model.config, state)),
    ];
    if model.config.sweepers > 0 {
        all.push(Property::<WritePath>::eventually(TIMERS_GO, |model, state| {
            all_ended(&model.config, state) && state.timers.is_empty()
        }));
    }
    all.extend(model.sometimes.iter().cloned());
    all
}

fn never(state: &State, violation: Violation) -> bool {
    state.violation != Some(violation)
}

/// Whether each slot has begun, has a timer, or comes after one that has a timer and has not begun: the
/// process that begins that one puts the next timer first.
fn slots_are_covered(config: &Config, state: &State) -> bool {
    let has_begun = |execution: &Execution| state.rows.contains_key(execution);
    let covered = |execution: Execution| {
        let mut earlier = (1..execution.slot).map(|slot| Execution { slot, ..execution });
        has_begun(&execution)
            || state.has_timer(execution)
            || earlier.any(|before| state.has_timer(before) && !has_begun(&before))
    };
    let due = config.executions().filter(|execution| config.is_scheduled(*execution));
    due.filter(|execution| state.registered.contains(&execution.job)).all(covered)
}

fn unfinished_rows_own_timers(state: &State) -> bool {
    let unfinished = state.rows.iter().filter(|(_, row)| !row.status.is_terminal());
    unfinished.into_iter().all(|(execution, _)| state.has_timer(*execution))
}

fn fan_outs_own_timers(config: &Config, state: &State) -> bool {
    let ended = state.rows.keys().filter(|execution| state.is_terminal(**execution));
    ended
        .into_iter()
        .all(|execution| fan_out_is_done(config, state, *execution) || state.has_timer(*execution))
}

fn fan_out_is_done(config: &Config, state: &State, from: Execution) -> bool {
    config.dependents(from).iter().all(|to| {
        let row = state.rows.get(to);
        row.is_some_and(|row| row.status != Status::Waiting || row.outcomes.contains_key(&from.job))
    })
}

fn all_ended(config: &Config, state: &State) -> bool {
    config
        .executions()
        .all(|execution| state.is_terminal(execution) && fan_out_is_done(config, state, execution))
}
