use stateright::{Model, Property};

use crate::config::{Config, Source};
use crate::execute::{self, Answer};
use crate::process::{Process, Role, Step};
use crate::safeguard::Safeguard;
use crate::state::{Execution, Message, Row, State, Status, Timer};
use crate::{fan_out, properties, sweep, tick};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// PUT of a job, or acceptance of a push: one atomic write, then the message.
    Accept(u8),
    /// A leader takes the lease and reads the cursor.
    Lead {
        to: u8,
    },
    /// A leader finds the cursor beyond its horizon `to`, because the clock went back.
    LeadAfterStep {
        to: u8,
    },
    Sweep {
        timer: Timer,
        rekey: bool,
    },
    Receive(Message),
    /// The process at this place makes its next step.
    Step(usize),
    Answer(usize, Answer),
    /// The process at this place dies. This action and those below are faults.
    Crash(usize),
    Lose(Message),
    /// The message arrives, and will arrive again.
    Duplicate(Message),
    /// The lease of a running attempt lapses. This is no fault when the holder is gone, or never
    /// renews.
    LeaseLapses(Execution),
}

/// The write path in one small world.
#[derive(Clone)]
pub struct WritePath {
    pub config: Config,
    /// Properties that must be reachable with this configuration.
    pub sometimes: Vec<Property<Self>>,
}

impl Model for WritePath {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let Config { faults, rekeys, steps_back, .. } = self.config;
        let (faults_left, rekeys_left, steps_back_left) = (faults, rekeys, steps_back);
        vec![State { faults_left, rekeys_left, steps_back_left, ..State::default() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.api_actions(state, actions);
        self.leader_actions(state, actions);
        self.process_actions(state, actions);
        actions.extend(state.messages.iter().map(|message| Action::Receive(*message)));
        if state.faults_left > 0 {
            actions.extend((0..state.processes.len()).map(Action::Crash));
            actions.extend(state.messages.iter().map(|message| Action::Lose(*message)));
            actions.extend(state.messages.iter().map(|message| Action::Duplicate(*message)));
        }
        for (execution, row) in &state.rows {
            if let Status::Running { claim, lapsed: false } = row.status
                && (state.faults_left > 0 || !held(state, *execution, claim))
            {
                actions.push(Action::LeaseLapses(*execution));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Accept(job) => self.accept(&mut state, job),
            Action::Lead { to } => {
                let steps = vec![Step::ReadPage { from: state.cursor, to }];
                lead(&mut state, steps);
            }
            Action::LeadAfterStep { to } => {
                state.steps_back_left -= 1;
                let steps = tick::after_step(&self.config, &state, to);
                lead(&mut state, steps);
            }
            Action::Sweep { timer, rekey } => self.sweep(&mut state, timer, rekey)?,
            Action::Receive(message) => {
                state.messages.remove(&message);
                execute::receive(&self.config, &mut state, message)?;
            }
            Action::Step(index) => self.advance(&mut state, index, None),
            Action::Answer(index, answer) => self.advance(&mut state, index, Some(answer)),
            Action::Crash(index) => {
                state.faults_left -= 1;
                state.processes.remove(index);
            }
            Action::Lose(message) => {
                state.faults_left -= 1;
                state.messages.remove(&message);
            }
            Action::Duplicate(message) => {
                state.faults_left -= 1;
                execute::receive(&self.config, &mut state, message)?;
            }
            Action::LeaseLapses(execution) => lapse(&mut state, execution),
        }
        if self.config.tidy {
            self.drop_dead_messages(&mut state);
        }
        state.processes.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }
}

impl WritePath {
    fn api_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let jobs = (0u8..).zip(&self.config.jobs);
        let fresh = jobs.filter(|(job, _)| !state.registered.contains(job));
        let direct = fresh.filter(|(_, job)| job.source != Source::Dependencies);
        actions.extend(direct.map(|(job, _)| Action::Accept(job)));
    }

    fn leader_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let last_timer = state.timers.iter().map(|timer| timer.fire_at).max().unwrap_or(0);
        let leaders = state.processes.iter().filter(|process| process.is_leader()).count();
        if leaders == 0 || leaders == 1 && state.faults_left > 0 {
            actions.extend(
                (state.mark.max(state.cursor + 1)..=last_timer.max(self.config.horizon).max(state.mark))
                    .map(|to| Action::Lead { to }),
            );
            if state.steps_back_left > 0 {
                actions.extend((0..state.seen()).map(|to| Action::LeadAfterStep { to }));
            }
        }
        if state.processes.iter().filter(|process| process.is_sweeper()).count() < self.config.sweepers {
            for timer in state.timers.iter().copied().filter(|timer| timer.fire_at <= state.cursor) {
                actions.push(Action::Sweep { timer, rekey: false });
                if state.rekeys_left > 0 {
                    actions.push(Action::Sweep { timer, rekey: true });
                }
            }
        }
    }

    fn process_actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (index, process) in state.processes.iter().enumerate() {
            let runs = process.steps.first() == Some(&Step::RunTarget);
            if !runs && !process.is_target() {
                actions.push(Action::Step(index));
                continue;
            }
            if runs && self.config.callbacks {
                actions.push(Action::Answer(index, Answer::HandedOver));
            }
            actions.push(Action::Answer(index, Answer::Success));
            if self.config.targets_fail {
                actions.push(Action::Answer(index, Answer::Failure { far: false }));
            }
            if self.config.targets_fail && self.config.far_retries {
                actions.push(Action::Answer(index, Answer::Failure { far: true }));
            }
        }
    }

    fn drop_dead_messages(&self, state: &mut State) {
        let mut messages = std::mem::take(&mut state.messages);
        let mut processes = std::mem::take(&mut state.processes);
        let is_dead = |message: Message| execute::is_dead(&self.config, state, message);
        messages.retain(|message| !is_dead(*message));
        for process in &mut processes {
            process.steps.retain(|step| !matches!(step, Step::Send(message) if is_dead(*message)));
        }
        processes.retain(|process| !process.steps.is_empty());
        state.messages = messages;
        state.processes = processes;
    }

    fn accept(&self, state: &mut State, job: u8) {
        state.registered.insert(job);
        let scheduled = matches!(self.config.jobs[usize::from(job)].source, Source::Schedule { .. });
        let execution = Execution { job, slot: u8::from(scheduled) };
        let guard = self.config.first_guard(execution);
        state.timers.insert(guard);
        if !scheduled {
            state.rows.insert(execution, Row::new(Status::Queued));
        }
        let successor =
            self.config.successor(execution).filter(|_| self.config.has(Safeguard::AcceptPutsSuccessor));
        let put = successor.map(Timer::slot).map(Step::Put);
        let send = Step::Send(tick::first_message(execution, guard));
        state.processes.push(Process::new(Role::Api, put.into_iter().chain([send]).collect()));
    }

    fn sweep(&self, state: &mut State, timer: Timer, rekey: bool) -> Option<()> {
        let steps = sweep::steps(&self.config, state, timer, rekey);
        state.rekeys_left -= u8::from(rekey);
        if steps.is_empty() {
            return None;
        }
        state.processes.push(Process::new(Role::Sweeper, steps));
        Some(())
    }

    fn advance(&self, state: &mut State, index: usize, answer: Option<Answer>) {
        let mut process = state.processes.remove(index);
        let step = process.steps.remove(0);
        self.step(state, &mut process, step, answer);
        if !process.steps.is_empty() {
            state.processes.push(process);
        }
    }

    fn step(&self, state: &mut State, process: &mut Process, step: Step, answer: Option<Answer>) {
        let config = &self.config;
        match step {
            Step::ReadPage { from, to } => process.first(tick::page(config, state, from, to)),
            Step::Put(timer) => tick::put(config, state, process, timer),
            Step::Send(message) => _ = state.messages.insert(message),
            Step::SaveCursor(to) => tick::save_cursor(state, process, to),
            Step::SaveMark(to) => tick::save_mark(state, process, to),
            Step::Delete(timer) => _ = state.timers.remove(&timer),
            Step::RunTarget => {
                execute::run_target(config, state, process, answer.unwrap_or(Answer::Success));
            }
            Step::HandOver { guard } => execute::hand_over(state, process, guard),
            Step::CallBack => {
                execute::call_back(config, state, process, answer.unwrap_or(Answer::Success));
            }
            Step::Finish(status) => execute::finish(config, state, process, status),
            Step::Retry => execute::finish(config, state, process, Status::Retrying),
            Step::Revoke { claim, exhausted } => execute::revoke(state, process, claim, exhausted),
            Step::ReadWaits(from) => fan_out::read_waits(state, process, from),
            Step::PutWait { awaited, waiter } => _ = state.waits.insert((awaited, waiter)),
            Step::ReadDependency { awaited, waiter } => {
                fan_out::read_dependency(state, process, awaited, waiter);
            }
            Step::Deliver { from, to } => fan_out::deliver(config, state, process, from, to),
            Step::Release(execution) => fan_out::release(config, state, process, execution),
            Step::FailUpstream(execution) => fan_out::fail_upstream(config, state, process, execution),
        }
    }
}

/// Starts a leader. A leader that is still under way is deposed, which counts as a fault: it was paused
/// past its lease.
fn lead(state: &mut State, steps: Vec<Step>) {
    for process in state.processes.iter_mut().filter(|process| process.is_leader()) {
        process.role = Role::Leader { deposed: true };
        state.faults_left -= 1;
    }
    state.processes.push(Process::new(Role::Leader { deposed: false }, steps));
}

/// Whether a process that renews the lease holds the claim. A target does not renew.
fn held(state: &State, execution: Execution, claim: u8) -> bool {
    state.processes.iter().any(|process| process.holds(execution, claim) && !process.is_target())
}

fn lapse(state: &mut State, execution: Execution) {
    let Some(Status::Running { claim, .. }) = state.status(execution) else { return };
    state.faults_left -= u8::from(held(state, execution, claim));
    state.write_row(execution, |row| row.status = Status::Running { claim, lapsed: true });
}
