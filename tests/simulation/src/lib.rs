//! The real engine, over a real store, in a simulated world: one thread, a clock that is moved by hand,
//! and a seed that decides which task goes next and what goes wrong.
//!
//! Each port call yields before and after, so any two processes interleave at every call. Faults come
//! within a budget and stop at an instant; after that everything must come to rest. The rules of the
//! design are checked after every step that wrote something, on a shadow of what was written
//! (`shadow`), and once more at the end (`oracle`).
//!
//! The seed alone determines a run: the same seed gives the same events.

pub mod coverage;
mod faults;
mod machine;
pub mod mutation;
mod oracle;
pub mod plan;
mod ports;
mod processes;
mod runner;
mod scenario;
mod shadow;

use std::sync::Arc;

use belfry_domain::Timestamp;
use belfry_engine::ports::Store;

use self::{
    coverage::Coverage,
    machine::{
        Role, World,
        executor::{Director, Executor},
        rng::Rng,
    },
    mutation::Backend,
    plan::{Plan, Scenario},
    processes::Installation,
};

/// Report of a run.
#[derive(Debug)]
pub struct Report {
    pub seed: u64,
    /// The rule that was broken, if any.
    pub violation: Option<String>,
    /// The last events.
    pub trace: Vec<String>,
    /// Hash of all events.
    pub digest: u64,
    pub events: u64,
    pub steps: u64,
    pub simulated_ms: u64,
    pub executions: usize,
    pub attempts: usize,
    pub coverage: Coverage,
}

/// 2026-11-23T10:00:00Z.
const BEGAN: i64 = 1_795_428_000_000;
/// Milliseconds after which everything must have come to rest: looks at waiting work grow an hour
/// apart.
const LONGEST_MS: u64 = 4 * 3_600_000;

struct Simulation {
    installation: Arc<Installation>,
}

impl Director for Simulation {
    fn boot(&self, world: &World, role: Role) {
        processes::boot(world, &self.installation, role);
    }

    fn is_over(&self, world: &World) -> bool {
        world.with(|state| {
            if !state.has_faults() {
                state.set_clocks_right();
            }
            state.is_closing && state.is_at_rest() || state.time.now_ms > state.faults.stop_ms + LONGEST_MS
        })
    }
}

/// Runs one plan to its end, over an empty store. Work that the store waits for must go on by itself
/// meanwhile: this thread waits for each answer.
pub fn run(plan: &Plan, store: Arc<dyn Store>) -> Report {
    // A stream of its own: the world draws from the plain one.
    let mut rng = Rng::of(plan.seed, &["installation"], 0);
    let began = Timestamp(BEGAN + rng.below(120_000) as i64);
    let world = World::new(plan, began);
    let settings = scenario::settings(plan, &mut rng);
    let (has_unreadable, faults_stop_ms) = world.with(|state| (state.faults.poisons, state.faults.stop_ms));
    let mut specs = scenario::specs(plan, has_unreadable, began, &mut rng);
    let zones = scenario::zone_changes(plan, &mut rng);
    if zones.is_some() {
        specs.extend(scenario::local_specs());
    }
    let installation = Arc::new(Installation {
        scenario: plan.scenario,
        backend: Backend {
            store,
            mutation: plan.mutation,
            queue_limit: settings.queue_limit,
            shards: plan.shards(),
        },
        settings,
        specs,
        zones,
        requests_until_ms: scenario::requests_until_ms(plan.scenario, faults_stop_ms),
        pause_ms: match plan.scenario {
            Scenario::Laptop => 300_000,
            _ if plan.waits_long() => 27_000,
            _ => 9_000,
        },
    });
    world.with(|state| state.shadow.is_punctual = plan.scenario == Scenario::LostTicks);
    let simulation = Simulation { installation: Arc::clone(&installation) };
    for role in scenario::roles(plan.scenario) {
        simulation.boot(&world, role);
    }
    let mut executor = Executor::new(world.clone(), &simulation);
    executor.run();
    let steps = executor.steps;
    drop(executor);
    report(plan, &world, &installation, steps)
}

fn report(plan: &Plan, world: &World, installation: &Installation, steps: u64) -> Report {
    world.with(|state| {
        let same = oracle::compare(&state.shadow, &*installation.backend.store, installation.settings.shards);
        let end = state.judge_end();
        state.judge(end.and(same));
        let trace = std::mem::take(&mut state.trace);
        Report {
            seed: plan.seed,
            violation: state.violation.take(),
            digest: trace.digest(),
            events: trace.count,
            trace: trace.into_lines(),
            steps,
            simulated_ms: state.time.now_ms,
            executions: state.shadow.rows.len(),
            attempts: state.shadow.attempts.count(),
            coverage: std::mem::take(&mut state.coverage),
        }
    })
}

impl Report {
    /// Text with the trace, the broken rule, and `replay`, the command that shows the run again.
    pub fn explain(&self, replay: &str) -> String {
        let why = self.violation.as_deref().unwrap_or("nothing was violated");
        let trace = self.trace.join("\n");
        let seed = self.seed;
        format!("{trace}\n\nseed {seed}: {why}\nreplay it with\n  {replay}")
    }
}
