//! Steps of a sweep for one timer behind the cursor.

use crate::config::Config;
use crate::fan_out;
use crate::process::{Claim, Step};
use crate::safeguard::Safeguard;
use crate::state::{Execution, Message, Row, State, Status, Timer};

/// Steps that follow from the execution's row; empty if there is nothing to do.
pub fn steps(config: &Config, state: &State, timer: Timer, rekey: bool) -> Vec<Step> {
    let execution = timer.execution();
    let Some(row) = state.rows.get(&execution) else { return attend_absent(config, state, timer, rekey) };
    match row.status {
        Status::Success | Status::Failed | Status::UpstreamFailed if rekey => Vec::new(),
        Status::Success | Status::Failed | Status::UpstreamFailed => fan_out::steps(config, execution, timer),
        Status::Running { lapsed: false, .. } if rekey => {
            move_timer(config, state, timer, row.attempt).to_vec()
        }
        Status::Running { lapsed: false, .. } => Vec::new(),
        Status::Running { claim: id, lapsed: true } => {
            take_over(config, state, row, Claim { execution, attempt: row.attempt, id, guard: timer }, rekey)
        }
        Status::Queued | Status::Retrying => resend(config, state, timer, row.attempt, rekey),
        Status::Waiting if rekey => move_timer(config, state, timer, row.attempt).to_vec(),
        Status::Waiting => pull(config, state, execution, row),
    }
}

/// Steps for an execution without a row. A slot that no worker has started may have a timer that no
/// tick has seen, so its successor comes first. A dependent's timer may come a little before its row:
/// the fan-out that put it has a timer of its own, which answers for the row.
fn attend_absent(config: &Config, state: &State, timer: Timer, rekey: bool) -> Vec<Step> {
    let execution = timer.execution();
    if !config.is_scheduled(execution) {
        return Vec::new();
    }
    let resend = resend(config, state, timer, 0, rekey);
    let successor = config.successor(execution).filter(|_| config.has(Safeguard::SweepPutsSuccessor));
    // Whoever sent what is still on its way has put the successor.
    let put = successor.filter(|_| !resend.is_empty()).map(Timer::slot).map(Step::Put);
    put.into_iter().chain(resend).collect()
}

fn take_over(config: &Config, state: &State, row: &Row, claim: Claim, rekey: bool) -> Vec<Step> {
    let exhausted = row.lost >= config.lost_attempts;
    let rest = if exhausted {
        fan_out::steps(config, claim.execution, claim.guard)
    } else {
        resend(config, state, claim.guard, claim.attempt, rekey)
    };
    [Step::Revoke { claim, exhausted }].into_iter().chain(rest).collect()
}

fn resend(config: &Config, state: &State, timer: Timer, attempt: u8, rekey: bool) -> Vec<Step> {
    let message = |guard| Message { execution: timer.execution(), attempt: attempt + 1, guard };
    if rekey {
        let send = Step::Send(message(next_check(config, state, timer, attempt)));
        let [put, delete] = move_timer(config, state, timer, attempt);
        return vec![put, send, delete];
    }
    let pending = state.messages.contains(&message(timer));
    if pending { Vec::new() } else { vec![Step::Send(message(timer))] }
}

fn move_timer(config: &Config, state: &State, timer: Timer, attempt: u8) -> [Step; 2] {
    let put = Step::Put(next_check(config, state, timer, attempt));
    let delete = Step::Delete(timer);
    if config.has(Safeguard::PutBeforeDelete) { [put, delete] } else { [delete, put] }
}

fn next_check(config: &Config, state: &State, timer: Timer, attempt: u8) -> Timer {
    Timer { fire_at: state.cursor + 1, what: config.attempt_key(timer.execution(), attempt + 1) }
}

/// Fetches the outcomes that should have been delivered.
fn pull(config: &Config, state: &State, execution: Execution, row: &Row) -> Vec<Step> {
    if let Some(step) = fan_out::decide(config, execution, row) {
        return vec![step];
    }
    let missing = |awaited: &Execution| {
        let unwritten = config.is_scheduled(execution) && !state.waits.contains(&(*awaited, execution));
        unwritten || state.is_terminal(*awaited) && !row.outcomes.contains_key(&awaited.job)
    };
    let missing = config.dependencies(execution).filter(missing);
    if config.is_scheduled(execution) {
        missing.flat_map(|awaited| fan_out::wait_for(config, awaited, execution)).collect()
    } else {
        missing.map(|awaited| Step::ReadDependency { awaited, waiter: execution }).collect()
    }
}
