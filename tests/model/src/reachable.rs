//! States that must be reachable. Without a path to each of them the invariants would prove little.
//! Most of these functions hold just before the step that their name speaks of, when its outcome is no
//! longer open.

use crate::actions::WritePath;
use crate::process::{Role, Step};
use crate::state::{Row, State, Status};

pub fn duplicate_loses_the_claim_race(_: &WritePath, state: &State) -> bool {
    let started = |row: &Row, attempt| row.attempt >= attempt && matches!(row.status, Status::Running { .. });
    state
        .messages
        .iter()
        .any(|message| state.rows.get(&message.execution).is_some_and(|row| started(row, message.attempt)))
}

pub fn stale_finish_is_refused(_: &WritePath, state: &State) -> bool {
    next_steps(state).any(|(role, step)| match (role, step) {
        (Role::Worker(claim), Step::Finish(_) | Step::Retry) => {
            state.histories[&claim.execution].revoked & (1 << claim.id) != 0
        }
        _ => false,
    })
}

/// A sweep is the only process left, and is about to send the lost message of a slot.
pub fn sweep_recovers_a_lost_message(model: &WritePath, state: &State) -> bool {
    let lost = state.faults_left < model.config.faults && state.messages.is_empty() && state.rows.is_empty();
    lost && state.processes.len() == 1
        && next_steps(state).any(|(role, step)| role == Role::Sweeper && matches!(step, Step::Send(_)))
}

/// The target calls back after the worker that handed the attempt over has crashed or gone on.
pub fn target_calls_back(_: &WritePath, state: &State) -> bool {
    state.processes.len() == 1 && state.processes[0].is_target()
}

pub fn late_callback_is_refused(_: &WritePath, state: &State) -> bool {
    next_steps(state).any(|(role, step)| match role {
        Role::Worker(claim) if step == Step::CallBack => {
            state.histories[&claim.execution].revoked & (1 << claim.id) != 0
        }
        _ => false,
    })
}

pub fn sweep_redoes_a_fan_out(_: &WritePath, state: &State) -> bool {
    let creates = |step| matches!(step, Step::Deliver { to, .. } if !state.rows.contains_key(&to));
    state.processes.len() == 1 && next_steps(state).any(|(role, step)| role == Role::Sweeper && creates(step))
}

pub fn deposed_cursor_is_refused(_: &WritePath, state: &State) -> bool {
    let deposed = Role::Leader { deposed: true };
    let current = Role::Leader { deposed: false };
    next_steps(state).any(|(role, step)| role == deposed && matches!(step, Step::SaveCursor(_)))
        && next_steps(state).any(|(role, _)| role == current)
}

/// A leader is about to send the message of a slot that has run ahead of its time.
pub fn slot_is_fired_again(model: &WritePath, state: &State) -> bool {
    let went_back = state.steps_back_left < model.config.steps_back;
    let is_over = |step| matches!(step, Step::Put(timer) if state.is_terminal(timer.execution()));
    went_back && next_steps(state).any(|(role, step)| matches!(role, Role::Leader { .. }) && is_over(step))
}

pub fn retry_runs(_: &WritePath, state: &State) -> bool {
    state.rows.values().any(|row| row.attempt == 2 && row.lost == 0 && row.status == Status::Success)
}

pub fn lost_attempts_run_out(_: &WritePath, state: &State) -> bool {
    state.rows.values().any(|row| row.lost > 1 && row.status == Status::Failed)
}

pub fn both_parents_deliver_at_once(_: &WritePath, state: &State) -> bool {
    let delivering = |step| matches!(step, Step::Deliver { .. });
    next_steps(state).filter(|(_, step)| delivering(*step)).count() >= 2
}

pub fn two_see_the_join_complete(_: &WritePath, state: &State) -> bool {
    next_steps(state).filter(|(_, step)| matches!(step, Step::Release(_))).count() >= 2
}

pub fn finisher_wakes_a_waiter(_: &WritePath, state: &State) -> bool {
    any_step(state, |role, step| matches!((role, step), (Role::Worker(_), Step::Deliver { .. })))
}

pub fn waiter_finds_the_outcome_itself(_: &WritePath, state: &State) -> bool {
    any_step(state, |role, step| matches!((role, step), (Role::Waiter, Step::Deliver { .. })))
}

pub fn everything_succeeds(model: &WritePath, state: &State) -> bool {
    model.config.executions().all(|execution| state.status(execution) == Some(Status::Success))
}

pub fn failure_spreads(_: &WritePath, state: &State) -> bool {
    state.rows.values().any(|row| row.status == Status::UpstreamFailed)
}

fn next_steps(state: &State) -> impl Iterator<Item = (Role, Step)> + '_ {
    state.processes.iter().filter_map(|process| Some((process.role, *process.steps.first()?)))
}

fn any_step(state: &State, holds: impl Fn(Role, Step) -> bool) -> bool {
    next_steps(state).any(|(role, step)| holds(role, step))
}
