//! Fan-out: from an outcome to the dependents.

use crate::config::Config;
use crate::process::{Process, Step};
use crate::safeguard::Safeguard;
use crate::state::{Execution, Row, State, Status, Timer};
use crate::tick;

/// Steps that follow a terminal write, whoever made it. The timer goes last.
pub fn steps(config: &Config, execution: Execution, guard: Timer) -> Vec<Step> {
    let deliveries = config.dependents(execution).into_iter().flat_map(|to| delivery(config, execution, to));
    let waits = config.may_be_awaited(execution).then_some(Step::ReadWaits(execution));
    let work = deliveries.chain(waits);
    if config.has(Safeguard::TimerOutlivesFanOut) {
        work.chain([Step::Delete(guard)]).collect()
    } else {
        [Step::Delete(guard)].into_iter().chain(work).collect()
    }
}

fn delivery(config: &Config, from: Execution, to: Execution) -> [Step; 2] {
    let put = Step::Put(config.first_guard(to));
    let deliver = Step::Deliver { from, to };
    if config.has(Safeguard::DependentTimerBeforeRow) { [put, deliver] } else { [deliver, put] }
}

/// Steps that a waiter takes for one dependency.
pub fn wait_for(config: &Config, awaited: Execution, waiter: Execution) -> [Step; 2] {
    let put = Step::PutWait { awaited, waiter };
    let read = Step::ReadDependency { awaited, waiter };
    if config.has(Safeguard::WaitBeforeRead) { [put, read] } else { [read, put] }
}

pub fn read_waits(state: &State, process: &mut Process, from: Execution) {
    let waiters = state.waits.iter().filter(|(awaited, _)| *awaited == from);
    process.first(waiters.map(|&(_, to)| Step::Deliver { from, to }).collect::<Vec<_>>());
}

pub fn read_dependency(state: &State, process: &mut Process, awaited: Execution, waiter: Execution) {
    if state.is_terminal(awaited) {
        process.first([Step::Deliver { from: awaited, to: waiter }]);
    }
}

/// Delivers an outcome: creates the row if it is missing, then writes the outcome into it. The map
/// after this write tells what to do next.
pub fn deliver(config: &Config, state: &mut State, process: &mut Process, from: Execution, to: Execution) {
    let success = state.status(from) == Some(Status::Success);
    match state.status(to) {
        None => {
            state.write_row(to, |row| row.status = Status::Waiting);
            process.first([Step::Deliver { from, to }]);
        }
        Some(Status::Waiting) => {
            state.write_row(to, |row| _ = row.outcomes.insert(from.job, success));
            process.first(decide(config, to, &state.rows[&to]));
        }
        Some(_) => {}
    }
}

/// Next step by the trigger rule `all_success`, if the outcomes decide it.
pub fn decide(config: &Config, execution: Execution, row: &Row) -> Option<Step> {
    let mut outcomes = config.dependencies(execution).map(|dependency| row.outcomes.get(&dependency.job));
    if row.outcomes.values().any(|success| !success) {
        Some(Step::FailUpstream(execution))
    } else {
        outcomes.all(|outcome| outcome.is_some()).then_some(Step::Release(execution))
    }
}

pub fn release(config: &Config, state: &mut State, process: &mut Process, execution: Execution) {
    if state.status(execution) == Some(Status::Waiting) {
        state.write_row(execution, |row| row.status = Status::Queued);
        process.first([Step::Send(tick::first_message(execution, config.first_guard(execution)))]);
    }
}

pub fn fail_upstream(config: &Config, state: &mut State, process: &mut Process, execution: Execution) {
    if state.status(execution) == Some(Status::Waiting) {
        state.write_row(execution, |row| row.status = Status::UpstreamFailed);
        process.first(steps(config, execution, config.first_guard(execution)));
    }
}
