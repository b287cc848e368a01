//! A list that fans out and joins again, as a model of its own.
//!
//! The worker of the whole creates the elements, lets the row wait, and passes the wait on to the first
//! element that has not ended: it looks at the element, notes the wait there, and looks once more. The
//! process that ends an element reads whether the whole waits there, passes the wait on, forgets it,
//! and removes the element's guard last. The join comes behind the last element. A sweep begins again
//! with the owner of a timer: an element that has ended, or the whole.
//!
//! Left out: what `write_path` has of every execution (claims, retries, messages). Here an element is
//! created, ends, and is told of, at any moment.

use stateright::{Model, Property};

/// One read or write.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Create(usize),
    /// The whole waits, by the attempt of this number.
    Wait(usize),
    Look(usize),
    Note(usize),
    LookAgain(usize),
    Forget(usize),
    Join,
    End(usize),
    Tell(usize),
    Unguard(usize),
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub enum Whole {
    Running { attempt: usize },
    Waiting,
    Joined,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a row of its own, there or not")]
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub struct Element {
    pub exists: bool,
    pub has_ended: bool,
    pub is_guarded: bool,
    pub is_awaited: bool,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub struct State {
    pub elements: Vec<Element>,
    pub whole: Whole,
    /// Remaining steps of each process, the next step last. The processes have no order of their own.
    pub processes: Vec<Vec<Step>>,
    pub faults: usize,
    pub sweeps: usize,
    /// Whether the whole joined while an element had not ended.
    pub joined_early: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Advance(usize),
    Crash(usize),
    /// An element comes to its end.
    Finish(usize),
    /// Another worker takes over the whole, though the first may still work on it.
    TakeOver,
    SweepElement(usize),
    SweepWhole,
}

#[derive(Clone, Debug)]
pub struct FanOut {
    pub elements: usize,
    pub faults: usize,
    /// Number of sweeps beyond those without which nothing goes on.
    pub sweeps: usize,
    /// Whether the worker looks again after it has noted the wait. A test switches this rule of the
    /// protocol off.
    pub looks_again: bool,
}

impl FanOut {
    pub fn of(elements: usize) -> Self {
        Self { elements, faults: 0, sweeps: 0, looks_again: true }
    }

    fn expansion(&self, attempt: usize) -> Vec<Step> {
        let creations = (0..self.elements).map(Step::Create);
        creations.chain([Step::Wait(attempt), Step::Look(0)]).rev().collect()
    }

    /// Takes a step. Returns the steps that follow from it and come before the rest.
    fn take(&self, state: &mut State, step: Step) -> Vec<Step> {
        match step {
            Step::Create(place) => {
                let element = &mut state.elements[place];
                element.is_guarded |= !element.exists;
                element.exists = true;
            }
            Step::Wait(attempt) if state.whole == (Whole::Running { attempt }) => {
                state.whole = Whole::Waiting;
            }
            Step::Look(place) if state.whole == Whole::Waiting => {
                return match state.elements.get(place) {
                    None => vec![Step::Join],
                    Some(element) if element.has_ended => vec![Step::Look(place + 1)],
                    Some(_) if self.looks_again => vec![Step::LookAgain(place), Step::Note(place)],
                    Some(_) => vec![Step::Note(place)],
                };
            }
            Step::Note(place) => state.elements[place].is_awaited = true,
            Step::LookAgain(place) if state.elements[place].has_ended => {
                return vec![Step::Look(place + 1), Step::Forget(place)];
            }
            Step::Forget(place) => state.elements[place].is_awaited = false,
            Step::Join if state.whole == Whole::Waiting => {
                state.joined_early |= !state.elements.iter().all(|element| element.has_ended);
                state.whole = Whole::Joined;
            }
            Step::End(place) => state.elements[place].has_ended = true,
            Step::Tell(place) if state.elements[place].is_awaited => {
                return vec![Step::Forget(place), Step::Look(place + 1)];
            }
            Step::Unguard(place) => state.elements[place].is_guarded = false,
            _ => {}
        }
        vec![]
    }
}

impl State {
    fn is_at(&self, step: Step) -> bool {
        self.processes.iter().any(|process| process.contains(&step))
    }

    /// Drops the processes that are done and sorts the others: equal processes are interchangeable.
    fn settle(&mut self) {
        self.processes.retain(|process| !process.is_empty());
        self.processes.sort();
    }
}

impl Model for FanOut {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            elements: vec![Element::default(); self.elements],
            whole: Whole::Running { attempt: 1 },
            processes: vec![self.expansion(1)],
            faults: self.faults,
            sweeps: self.sweeps,
            joined_early: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let has_budget = state.sweeps > 0;
        for process in 0..state.processes.len() {
            actions.push(Action::Advance(process));
            if state.faults > 0 {
                actions.push(Action::Crash(process));
            }
        }
        for (place, element) in state.elements.iter().enumerate() {
            if element.exists && !element.has_ended && !state.is_at(Step::End(place)) {
                actions.push(Action::Finish(place));
            }
            let is_left = !state.is_at(Step::Unguard(place));
            if element.has_ended && element.is_guarded && (is_left || has_budget) {
                actions.push(Action::SweepElement(place));
            }
        }
        match state.whole {
            Whole::Running { attempt } if !state.is_at(Step::Wait(attempt)) || state.faults > 0 => {
                actions.push(Action::TakeOver);
            }
            // Where nothing else goes on, the sweep of the whole does.
            Whole::Waiting if has_budget || (self.faults > 0 && actions.is_empty()) => {
                actions.push(Action::SweepWhole);
            }
            _ => {}
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Advance(process) => {
                let step = state.processes[process].pop()?;
                let mut follows = self.take(&mut state, step);
                state.processes[process].append(&mut follows);
            }
            Action::Crash(process) => {
                state.faults -= 1;
                state.processes.remove(process);
            }
            Action::Finish(place) => {
                state.processes.push(vec![Step::Unguard(place), Step::Tell(place), Step::End(place)]);
            }
            Action::TakeOver => {
                let Whole::Running { attempt } = state.whole else { return None };
                state.faults -= usize::from(state.is_at(Step::Wait(attempt)));
                state.whole = Whole::Running { attempt: attempt + 1 };
                state.processes.push(self.expansion(attempt + 1));
            }
            Action::SweepElement(place) => {
                state.sweeps -= usize::from(state.is_at(Step::Unguard(place)));
                state.processes.push(vec![Step::Unguard(place), Step::Tell(place)]);
            }
            Action::SweepWhole => {
                state.sweeps = state.sweeps.saturating_sub(1);
                state.processes.push(vec![Step::Look(0)]);
            }
        }
        state.settle();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing joins before all elements have ended", |_, state: &State| {
                !state.joined_early
            }),
            Property::always("what waits for elements has all of them", |_, state: &State| {
                matches!(state.whole, Whole::Running { .. })
                    || state.elements.iter().all(|element| element.exists)
            }),
            Property::eventually("they join", |_, state: &State| state.whole == Whole::Joined),
            Property::sometimes("two pass the wait on at once", |_, state: &State| {
                let passes = |process: &&Vec<Step>| process.iter().any(|step| matches!(step, Step::Look(_)));
                state.processes.iter().filter(passes).count() > 1
            }),
        ]
    }
}
