//! Executor, which runs tasks one at a time. The seed decides which of the ready tasks goes next. When
//! no task is ready, the clock goes to the next instant at which something happens.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

use super::{ProcessId, Role, World, time::Entry};

pub type TaskId = usize;
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A task that has not begun.
pub struct Spawn {
    pub process: ProcessId,
    pub work: Work,
}

struct Task {
    process: ProcessId,
    work: Work,
    waker: Waker,
    flag: Arc<TaskWaker>,
}

struct TaskWaker {
    id: TaskId,
    is_queued: AtomicBool,
    ready: Arc<Mutex<Vec<TaskId>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::Relaxed) {
            self.ready.lock().unwrap_or_else(PoisonError::into_inner).push(self.id);
        }
    }
}

/// Director of a world: it starts the processes, and says when the world has come to rest.
pub trait Director {
    /// Starts a process under a new identity.
    fn boot(&self, world: &World, role: Role);

    /// Whether the run is over. The executor asks whenever time goes on.
    fn is_over(&self, world: &World) -> bool;
}

pub struct Executor<'a> {
    world: World,
    director: &'a dyn Director,
    tasks: Vec<Option<Task>>,
    ready: Arc<Mutex<Vec<TaskId>>>,
    pub steps: u64,
}

/// Number of steps far beyond what any seed takes, which shows a loop that never sleeps.
const MOST_STEPS: u64 = 10_000_000;

impl<'a> Executor<'a> {
    pub fn new(world: World, director: &'a dyn Director) -> Self {
        Self { world, director, tasks: Vec::new(), ready: Arc::default(), steps: 0 }
    }

    /// Runs until the director says that the run is over, or a rule is broken.
    pub fn run(&mut self) {
        while !self.world.with(|state| state.violation.is_some()) {
            self.admit();
            if let Some(task) = self.pick() {
                self.step(task);
            } else if self.director.is_over(&self.world) || !self.advance() {
                return;
            }
            if self.steps > MOST_STEPS {
                self.world.with(|state| state.violate(|| "something runs on without end".to_owned()));
            }
        }
    }

    fn admit(&mut self) {
        for Spawn { process, work } in self.world.with(|state| std::mem::take(&mut state.spawns)) {
            let id = self.tasks.len();
            let flag =
                Arc::new(TaskWaker { id, is_queued: AtomicBool::new(false), ready: Arc::clone(&self.ready) });
            let waker = Waker::from(Arc::clone(&flag));
            waker.wake_by_ref();
            self.tasks.push(Some(Task { process, work, waker, flag }));
        }
    }

    /// Picks one of the ready tasks whose process is not frozen.
    fn pick(&mut self) -> Option<TaskId> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.retain(|id| self.tasks[*id].is_some());
        let free = self.world.with(|state| {
            let is_free =
                |id: TaskId| self.tasks[id].as_ref().is_some_and(|task| !state.is_frozen(task.process));
            (0..ready.len()).filter(|place| is_free(ready[*place])).collect::<Vec<usize>>()
        });
        let chosen = self.world.with(|state| state.rng.pick(&free).copied())?;
        Some(ready.swap_remove(chosen))
    }

    fn step(&mut self, id: TaskId) {
        let Some(mut task) = self.tasks[id].take() else { return };
        self.steps += 1;
        task.flag.is_queued.store(false, Ordering::Relaxed);
        self.world.with(|state| state.current_task = id);
        let is_done = task.work.as_mut().poll(&mut Context::from_waker(&task.waker)).is_ready();
        if !is_done {
            self.tasks[id] = Some(task);
        }
        self.bury();
        self.world.with(super::State::check_step);
    }

    /// Drops the tasks of the processes that have just crashed.
    fn bury(&mut self) {
        for process in self.world.with(|state| std::mem::take(&mut state.crashed)) {
            for slot in &mut self.tasks {
                if slot.as_ref().is_some_and(|task| task.process == process) {
                    drop(slot.take());
                }
            }
            self.world.with(|state| state.spawns.retain(|spawn| spawn.process != process));
        }
    }

    /// Moves the clock to the next instant; false where nothing will ever happen again.
    fn advance(&mut self) -> bool {
        let moved = self.world.with(|state| {
            let thaw = state.next_thaw();
            let next = state.time.next().into_iter().chain(thaw).min();
            next.map(|next| state.time.now_ms = next.max(state.time.now_ms)).is_some()
        });
        while let Some(entry) = self.world.with(|state| state.time.pop_due()) {
            match entry {
                Entry::Wake(waker) => waker.wake(),
                Entry::Arrive(parcel) => self.world.with(|state| state.arrive(parcel)),
                Entry::Boot(role) => self.director.boot(&self.world, role),
                Entry::Step(ms) => self.world.with(|state| state.step_clocks(ms)),
                Entry::Serve => self.world.with(|state| state.network.wake_receivers()),
                Entry::Die(role) => self.world.with(|state| state.strike(role)),
            }
        }
        self.bury();
        moved
    }
}
