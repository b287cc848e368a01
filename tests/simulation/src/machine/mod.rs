//! The machine that everything runs on: processes, tasks, time, chance and the network.

pub mod executor;
pub mod network;
pub mod rng;
pub mod time;
pub mod trace;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use belfry_domain::Timestamp;
use belfry_engine::Settings;

use self::{
    executor::{Spawn, TaskId},
    network::Network,
    rng::Rng,
    time::{Entry, Time, Yield},
    trace::Trace,
};
use crate::{
    coverage::Coverage,
    faults::{Deaths, Faults, STAYS_BACK_MS, steps},
    plan::{Plan, Scenario},
    processes::TICK_SPREAD_MS,
    shadow::Shadow,
};

pub type ProcessId = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Ticker(u32),
    Dispatcher,
    Worker(u32),
    Client,
    /// Ticker, dispatcher and worker in one process.
    Standalone,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ticker(number) => write!(f, "ticker{number}"),
            Self::Dispatcher => f.write_str("dispatcher"),
            Self::Worker(number) => write!(f, "worker{number}"),
            Self::Client => f.write_str("client"),
            Self::Standalone => f.write_str("belfry"),
        }
    }
}

pub struct Process {
    /// Name, unique to this life of the process.
    pub name: String,
    pub role: Role,
    pub is_alive: bool,
    pub frozen_until_ms: u64,
    /// Instant at which it was last frozen.
    pub frozen_at_ms: Option<u64>,
    /// Difference of its wall clock from the others', in milliseconds.
    pub skew_ms: i64,
}

/// How soon an installation notices things.
pub struct Pace {
    pub scenario: Scenario,
    /// Most time between two ticks.
    pub tick_ms: u64,
    /// For so long nobody takes the lead of one who is gone.
    pub lead_ms: u64,
    pub look_ahead_ms: u64,
    /// Messages for what fires sooner have been sent.
    pub near_ms: u64,
    pub grace_ms: u64,
    pub margin_ms: u64,
}

impl Pace {
    fn of(plan: &Plan) -> Self {
        let (tick_ms, lead_ms, settings) = match plan.scenario {
            // By the operating system's lock, a new process leads at once.
            Scenario::Standalone | Scenario::Laptop => (1_000, 0, Settings::standalone()),
            Scenario::Mixed => (60_000, 90_000, Settings::default()),
            Scenario::LostTicks => (60_000 + TICK_SPREAD_MS, 90_000, Settings::default()),
        };
        let ms = |duration: Duration| duration.as_millis() as u64;
        Self {
            scenario: plan.scenario,
            near_ms: ms(settings.near),
            tick_ms,
            lead_ms,
            look_ahead_ms: ms(settings.look_ahead),
            grace_ms: ms(settings.sweep_grace),
            margin_ms: ms(settings.takeover_margin),
        }
    }
}

/// Everything that is simulated. Only one task runs at a time, so the lock is never waited for.
#[derive(Clone)]
pub struct World(Arc<Mutex<State>>);

pub struct State {
    pub seed: u64,
    pub rng: Rng,
    pub time: Time,
    pub network: Network,
    pub processes: Vec<Process>,
    pub spawns: Vec<Spawn>,
    /// Processes that died in this step; their tasks are still to be dropped.
    pub crashed: Vec<ProcessId>,
    pub current_task: TaskId,
    pub faults: Faults,
    pub deaths: Deaths,
    pub shadow: Shadow,
    pub trace: Trace,
    pub coverage: Coverage,
    /// The first rule that was broken.
    pub violation: Option<String>,
    /// Whether the client has done all that it is going to do.
    pub is_closing: bool,
    pub pace: Pace,
    /// Until then nothing is promised to happen in time.
    pub disturbed_until_ms: u64,
    /// End of the last fault of any process.
    pub quiet_since_ms: u64,
    /// Instant at which the last process began, and whether nothing has gone wrong since.
    pub booted_ms: u64,
    pub is_quiet_since_boot: bool,
    lives: BTreeMap<Role, u32>,
}

impl World {
    pub fn new(plan: &Plan, began: Timestamp) -> Self {
        let mut rng = Rng::new(plan.seed);
        let faults = Faults::draw(plan, &mut rng);
        let mut time = Time::new(began, plan.steps_far());
        time.back_until_ms = if plan.stays_back() { faults.stop_ms + STAYS_BACK_MS } else { 0 };
        for (at_ms, role) in faults.deaths(plan) {
            time.at(at_ms, Entry::Die(role));
        }
        for (at_ms, ms) in steps(plan, faults.stop_ms) {
            time.at(at_ms, Entry::Step(ms));
        }
        time.at(faults.served_from_ms, Entry::Serve);
        Self(Arc::new(Mutex::new(State {
            seed: plan.seed,
            rng,
            time,
            network: Network::default(),
            processes: Vec::new(),
            spawns: Vec::new(),
            crashed: Vec::new(),
            current_task: 0,
            faults,
            deaths: Deaths::default(),
            shadow: Shadow::default(),
            trace: Trace::new(plan.is_loud),
            coverage: Coverage::default(),
            violation: None,
            is_closing: false,
            pace: Pace::of(plan),
            disturbed_until_ms: 0,
            quiet_since_ms: 0,
            booted_ms: 0,
            is_quiet_since_boot: true,
            lives: BTreeMap::new(),
        })))
    }

    pub fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn spawn(&self, process: ProcessId, work: impl Future<Output = ()> + Send + 'static) {
        self.with(|state| state.spawns.push(Spawn { process, work: Box::pin(work) }));
    }

    /// Lets other tasks go first, once or twice. This also mixes what runs concurrently within one
    /// task.
    pub async fn yield_some(&self) {
        let turns = self.with(|state| state.rng.between(1, 2));
        Yield(turns as u32).await;
    }

    /// Kills the calling process here and now.
    pub async fn die(&self, process: ProcessId) {
        self.with(|state| state.crash(process));
        std::future::pending::<()>().await;
    }
}

impl State {
    pub fn wall_of(&self, process: ProcessId) -> Timestamp {
        Timestamp(self.time.wall().0 + self.processes[process].skew_ms)
    }

    pub fn is_frozen(&self, process: ProcessId) -> bool {
        self.processes[process].frozen_until_ms > self.time.now_ms
    }

    fn next_thaw(&self) -> Option<u64> {
        let frozen = self.processes.iter().filter(|process| process.is_alive);
        frozen.map(|process| process.frozen_until_ms).filter(|until| *until > self.time.now_ms).min()
    }

    /// Begins a process, under a name that no process had before.
    pub fn enrol(&mut self, role: Role) -> (ProcessId, String) {
        let life = self.lives.entry(role).or_insert(0);
        *life += 1;
        let name = format!("{role}.{life}");
        self.processes.push(Process {
            name: name.clone(),
            role,
            is_alive: true,
            frozen_until_ms: 0,
            frozen_at_ms: None,
            skew_ms: 0,
        });
        let process = self.processes.len() - 1;
        self.booted_ms = self.time.now_ms;
        self.disturb_by(role, 0);
        self.is_quiet_since_boot = true;
        self.note(process, || "starts".to_owned());
        (process, name)
    }

    pub fn crash(&mut self, process: ProcessId) {
        self.note_highest();
        if !std::mem::replace(&mut self.processes[process].is_alive, false) {
            return;
        }
        self.note(process, || "CRASHES".to_owned());
        self.crashed.push(process);
        self.note_death();
        let role = self.processes[process].role;
        if role == Role::Standalone {
            self.lose_all_messages();
        }
        let delay_ms = self.rng.between(10, 60_000);
        // What it is to do waits for the next one.
        self.disturb_by(role, delay_ms);
        self.time.after(delay_ms, Entry::Boot(role));
    }

    /// Kills the process of this role, if it lives.
    pub fn strike(&mut self, role: Role) {
        if let Some(process) = self.processes.iter().rposition(|each| each.is_alive && each.role == role) {
            self.met("fault: death at a moment that matters");
            self.crash(process);
        }
    }

    pub fn freeze(&mut self, process: ProcessId, for_ms: u64) {
        self.disturb(for_ms);
        self.note(process, || format!("FROZEN for {for_ms} ms"));
        let now_ms = self.time.now_ms;
        let process = &mut self.processes[process];
        process.frozen_at_ms = Some(now_ms);
        process.frozen_until_ms = process.frozen_until_ms.max(now_ms + for_ms);
    }

    pub fn note(&mut self, process: ProcessId, what: impl FnOnce() -> String) {
        let wall = self.wall_of(process).to_utc().format("%H:%M:%S%.3f");
        let at = self.time.now_ms as f64 / 1000.0;
        let line = format!("{at:>10.3} {wall} {:<13} {}", self.processes[process].name, what());
        self.trace.add(line);
    }

    pub fn violate(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            let what = what();
            self.trace.add(format!("VIOLATION {what}"));
            self.violation = Some(what);
        }
    }

    /// Ends the run with a violation where a rule does not hold.
    pub fn judge(&mut self, oracle: Result<(), String>) {
        if let Err(why) = oracle {
            self.violate(|| why);
        }
    }
}
