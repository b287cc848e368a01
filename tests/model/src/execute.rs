//! A worker's writes: claim, target, finish, retry; and the revocation of a claim by a sweep.

use crate::config::Config;
use crate::fan_out;
use crate::process::{Claim, Process, Role, Step};
use crate::safeguard::Safeguard;
use crate::state::{Execution, Message, Row, State, Status, Timer, Violation};

/// Answer of an attempt's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Success,
    Failure { far: bool },
    HandedOver,
}

/// Lets a worker take a message; `None` if no worker is free.
pub fn receive(config: &Config, state: &mut State, message: Message) -> Option<()> {
    if !may_claim(config, state.rows.get(&message.execution), message) {
        return Some(());
    }
    if state.processes.iter().filter(|process| process.is_worker()).count() >= config.workers {
        return None;
    }
    let process = if must_wait(config, state, message.execution) {
        wait(config, state, message.execution)
    } else {
        claim(config, state, message)
    };
    state.processes.push(process);
    Some(())
}

fn may_claim(config: &Config, row: Option<&Row>, message: Message) -> bool {
    let Some(row) = row else { return message.attempt == 1 && config.is_scheduled(message.execution) };
    let in_turn = row.attempt + 1 == message.attempt || !config.has(Safeguard::ClaimChecksAttempt);
    in_turn && matches!(row.status, Status::Queued | Status::Retrying)
}

/// Whether no claim can ever accept this message again.
pub fn is_dead(config: &Config, state: &State, message: Message) -> bool {
    let spent = |row: &Row| row.status.is_terminal() || row.attempt >= message.attempt;
    config.has(Safeguard::ClaimChecksAttempt) && state.rows.get(&message.execution).is_some_and(spent)
}

fn must_wait(config: &Config, state: &State, execution: Execution) -> bool {
    !state.rows.contains_key(&execution) && config.dependencies(execution).next().is_some()
}

fn wait(config: &Config, state: &mut State, execution: Execution) -> Process {
    state.write_row(execution, |row| row.status = Status::Waiting);
    let steps =
        config.dependencies(execution).flat_map(|awaited| fan_out::wait_for(config, awaited, execution));
    Process::new(Role::Waiter, steps.collect())
}

fn claim(config: &Config, state: &mut State, message: Message) -> Process {
    let Message { execution, attempt, guard } = message;
    state.timers.extend(config.nearer_guard(execution, attempt));
    let history = state.history(execution);
    history.claims += 1;
    let id = history.claims;
    state.write_row(execution, |row| {
        row.status = Status::Running { claim: id, lapsed: false };
        row.attempt = attempt;
    });
    Process::new(Role::Worker(Claim { execution, attempt, id, guard }), vec![Step::RunTarget])
}

/// Runs the target: its effect, and the writes that the worker will make after it.
pub fn run_target(config: &Config, state: &mut State, process: &mut Process, answer: Answer) {
    let Role::Worker(claim) = process.role else { return process.end() };
    process.end();
    let history = state.history(claim.execution);
    let bit = 1 << claim.attempt;
    let earlier = bit - 1;
    if history.effects & bit != 0 || history.effects & !history.closed & earlier != 0 {
        state.violation = Some(Violation::EffectRepeated);
    }
    state.history(claim.execution).effects |= bit;
    process.steps = match answer {
        Answer::HandedOver => hand_over_steps(config, state, claim),
        other => end_steps(config, state, claim, other),
    };
}

fn end_steps(config: &Config, state: &State, claim: Claim, answer: Answer) -> Vec<Step> {
    let lost = state.rows[&claim.execution].lost;
    match answer {
        Answer::Success => finish_steps(config, claim, Status::Success),
        Answer::Failure { far } if claim.attempt - lost.min(claim.attempt) <= config.retries => {
            retry_steps(config, state, claim, far)
        }
        Answer::Failure { .. } => finish_steps(config, claim, Status::Failed),
        Answer::HandedOver => Vec::new(),
    }
}

/// Steps that hand an attempt over to its target. The timer that checks for the callback comes first.
/// The old guard goes last, and only if it fires earlier, so that the greatest timer is never deleted.
fn hand_over_steps(config: &Config, state: &State, claim: Claim) -> Vec<Step> {
    let what = config.attempt_key(claim.execution, claim.attempt + 1);
    let guard = Timer { fire_at: state.cursor + 1, what };
    let delete = (guard.fire_at > claim.guard.fire_at).then_some(Step::Delete(claim.guard));
    [Step::Put(guard), Step::HandOver { guard }].into_iter().chain(delete).collect()
}

/// Hands the attempt over, on condition of the claim and the attempt. From here on the target may end
/// the attempt, whatever becomes of the worker.
pub fn hand_over(state: &mut State, process: &mut Process, guard: Timer) {
    let Role::Worker(claim) = process.role else { return process.end() };
    let row = &state.rows[&claim.execution];
    let mine = matches!(row.status, Status::Running { claim: id, .. } if id == claim.id);
    if !mine || row.attempt != claim.attempt {
        return process.end();
    }
    state.write_row(claim.execution, |row| row.status = Status::Running { claim: claim.id, lapsed: false });
    state.processes.push(Process::new(Role::Worker(Claim { guard, ..claim }), vec![Step::CallBack]));
}

pub fn call_back(config: &Config, state: &State, process: &mut Process, answer: Answer) {
    let Role::Worker(claim) = process.role else { return process.end() };
    process.steps = end_steps(config, state, claim, answer);
}

fn finish_steps(config: &Config, claim: Claim, status: Status) -> Vec<Step> {
    let rest = fan_out::steps(config, claim.execution, claim.guard);
    [Step::Finish(status)].into_iter().chain(rest).chain(delete_nearer(config, claim)).collect()
}

fn delete_nearer(config: &Config, claim: Claim) -> Option<Step> {
    let near = config.nearer_guard(claim.execution, claim.attempt);
    near.filter(|near| *near != claim.guard).map(Step::Delete)
}

fn retry_steps(config: &Config, state: &State, claim: Claim, far: bool) -> Vec<Step> {
    let Claim { execution, guard: old, .. } = claim;
    let attempt = claim.attempt + 1;
    let fire_at = if far { state.cursor + 1 } else { 0 };
    let guard = Timer { fire_at, what: config.attempt_key(execution, attempt) };
    let put = Step::Put(guard);
    let send = (!far).then_some(Step::Send(Message { execution, attempt, guard }));
    if !config.has(Safeguard::RetryTimerBeforeDelete) {
        return [Step::Retry, Step::Delete(old), put].into_iter().chain(send).collect();
    }
    let rest = [Step::Delete(old)].into_iter().chain(delete_nearer(config, claim));
    [put, Step::Retry].into_iter().chain(send).chain(rest).collect()
}

/// Finishes or retries the attempt, on condition of the claim and the attempt.
pub fn finish(config: &Config, state: &mut State, process: &mut Process, status: Status) {
    let Role::Worker(claim) = process.role else { return process.end() };
    let row = &state.rows[&claim.execution];
    let mine = matches!(row.status, Status::Running { claim: id, .. } if id == claim.id);
    let running = matches!(row.status, Status::Running { .. });
    let fenced = mine && row.attempt == claim.attempt;
    if !(fenced || running && !config.has(Safeguard::FinishChecksClaim)) {
        return process.end();
    }
    let history = state.history(claim.execution);
    if history.revoked & (1 << claim.id) != 0 {
        state.violation = Some(Violation::StaleWriteAccepted);
    } else if status == Status::Success && history.successes > 0 {
        state.violation = Some(Violation::SecondSuccess);
    }
    let history = state.history(claim.execution);
    history.successes += u8::from(status == Status::Success);
    history.closed |= u8::from(status == Status::Retrying) << claim.attempt;
    state.write_row(claim.execution, |row| row.status = status);
}

/// Takes a lapsed claim away, as a sweep does. The attempt stays consumed.
pub fn revoke(state: &mut State, process: &mut Process, claim: Claim, exhausted: bool) {
    let row = &state.rows[&claim.execution];
    if row.status != (Status::Running { claim: claim.id, lapsed: true }) || row.attempt != claim.attempt {
        return process.end();
    }
    let history = state.history(claim.execution);
    history.revoked |= 1 << claim.id;
    history.closed |= 1 << claim.attempt;
    state.write_row(claim.execution, |row| {
        row.status = if exhausted { Status::Failed } else { Status::Queued };
        row.lost += 1;
    });
}
