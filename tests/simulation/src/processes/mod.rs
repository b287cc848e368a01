//! The processes, as loops over the engine's use cases.

mod client;
pub mod elsewhere;
mod requests;
mod servers;
mod standalone;

use std::sync::Arc;

use belfry_domain::JobSpec;
use belfry_engine::{
    Engine, EngineError, Settings, Worker,
    ports::{Receiver, StoreError},
};

pub use self::{
    requests::{KEYED, LOCAL, LOCAL_REPORT, VICTIM, ZONE},
    servers::TICK_SPREAD_MS,
};
use crate::{
    machine::{ProcessId, Role, World, rng::Rng},
    mutation::Backend,
    plan::Scenario,
    ports::Chaos,
    runner::ScriptedRunner,
    scenario::ZoneChanges,
};

/// Parts that all processes of a run share.
pub struct Installation {
    pub scenario: Scenario,
    pub backend: Backend,
    pub settings: Settings,
    pub specs: Vec<JobSpec>,
    pub zones: Option<ZoneChanges>,
    /// Milliseconds until which the client makes requests.
    pub requests_until_ms: u64,
    /// Mean time between two requests of a client.
    pub pause_ms: u64,
}

/// Running process.
#[derive(Clone)]
pub struct Node {
    world: World,
    process: ProcessId,
    name: String,
    engine: Arc<Engine>,
    worker: Worker,
    receivers: Vec<Arc<dyn Receiver>>,
    installation: Arc<Installation>,
}

/// Starts a process of this role under a new name.
pub fn boot(world: &World, installation: &Arc<Installation>, role: Role) {
    let (process, name) = world.with(|state| state.enrol(role));
    let chaos = Chaos { world: world.clone(), process, backend: installation.backend.clone() };
    let mut engine = Engine::new(chaos.ports(), installation.settings.clone());
    if let Some(zones) = &installation.zones {
        let own = match role {
            Role::Ticker(number) => zones.later.get(change_of(number)).map_or(&zones.first, |(_, data)| data),
            // It is begun anew to get them.
            Role::Standalone => zones.newest_at(world.with(|state| state.time.now_ms)),
            _ => &zones.first,
        };
        engine = engine.with_zones(Arc::clone(own));
    }
    let engine = Arc::new(engine);
    let receivers: Vec<Arc<dyn Receiver>> = vec![Arc::new(chaos)];
    let runner = Arc::new(ScriptedRunner { world: world.clone(), process });
    let worker = Worker { id: name.clone(), runner };
    let node = Node {
        world: world.clone(),
        process,
        name,
        engine,
        worker,
        receivers,
        installation: Arc::clone(installation),
    };
    match role {
        Role::Ticker(number) => node.clone().start(async move { node.tick_for_ever(number).await }),
        Role::Dispatcher => node.clone().start(async move { node.dispatch_for_ever().await }),
        Role::Worker(_) => node.clone().start(async move { node.work_for_ever().await }),
        Role::Client => {
            node.start(node.clone().answer_calls());
            node.ask();
        }
        Role::Standalone => node.clone().start(async move { node.stand_alone().await }),
    }
}

/// The change of zone data that a ticker brings along: the second one the first.
fn change_of(ticker: u32) -> usize {
    usize::from(ticker != 2)
}

impl Node {
    fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.world.spawn(self.process, work);
    }

    /// Puts zone data in force as a leader does at its start.
    async fn adopt_zones(&self) {
        if self.installation.zones.is_some() {
            self.report("adopt zones", self.engine.adopt_zones().await);
        }
    }

    async fn tend_alerts(&self) {
        self.report("tend", self.engine.tend_alerts(&self.receivers).await);
    }

    fn note(&self, what: impl FnOnce() -> String) {
        self.world.with(|state| state.note(self.process, what));
    }

    fn chance<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        self.world.with(|state| draw(&mut state.rng))
    }

    /// Notes a failed call and leaves the work to the timers. A broken rule that the engine finds
    /// itself is not left to them.
    fn report<T>(&self, what: &str, outcome: Result<T, EngineError>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(|| format!("{what}: {error}"));
                if let EngineError::Store(StoreError::Fenced) = error {
                    self.world.with(|state| state.coverage.add("tick: fenced"));
                }
                None
            }
        }
    }
}
