//! Belfry's use cases, over ports.
//!
//! | use case | module |
//! |---|---|
//! | define, delete, pause and resume jobs | `define` |
//! | push one-time work, trigger a job | `push` |
//! | refuse what would make a queue too long | `admission` |
//! | read due timers, fire slots | `tick`, `slots` |
//! | hand waves to the priority queues | `dispatch` |
//! | claim, run | `execute` |
//! | one attempt, its lease renewed | `attempt` |
//! | success, retry, end | `finish` |
//! | limits: permits, rates, circuits, and who is next | `gates` |
//! | what follows from an end: dependents, dead letters | `settle`, `dependencies`, `results` |
//! | find what was lost on the way | `sweep` |
//! | alerts: kept, told, resolved | `alerting`, `watch` |
//! | another clock beside the tick | `second_clock` |
//! | cancel, retry by hand, redrive | `operate` |
//!
//! Two rules hold all over it. The next timer is written before the last one is removed, and an
//! execution's own timer goes last. And messages are hints: whatever a message starts can be
//! started again from the timers alone.

use std::sync::Arc;

mod admission;
mod alerting;
mod attempt;
mod define;
mod dependencies;
mod dispatch;
mod error;
mod execute;
mod finish;
mod gates;
mod operate;
pub mod ports;
mod push;
mod results;
mod retention;
mod running;
mod second_clock;
mod settings;
mod settle;
mod slots;
mod sweep;
mod system;
mod tick;
mod watch;

use self::{
    admission::Meters,
    gates::Turns,
    ports::{Ports, SecondClock},
    running::Running,
};
pub use self::{
    alerting::StoredAlerts,
    define::{ApplyOutcome, JobChange},
    error::EngineError,
    execute::{Handled, Worker},
    gates::CircuitChange,
    operate::CancelOutcome,
    push::{Accepted, PushRequest, TriggerRequest},
    settings::Settings,
    system::{SystemClock, SystemRandom},
    watch::{Judge, Thresholds, Watch},
};

pub type Result<T> = std::result::Result<T, EngineError>;

/// The use cases, wired to their ports. It holds no state that matters: any number of them may
/// work on one store.
pub struct Engine {
    pub ports: Ports,
    pub settings: Settings,
    /// The attempts that run in this process, so that a cancellation reaches them at once.
    running: Running,
    turns: Turns,
    meters: Meters,
    second_clock: Option<Arc<dyn SecondClock>>,
}

impl Engine {
    pub fn new(ports: Ports, settings: Settings) -> Self {
        Self {
            ports,
            settings,
            running: Running::default(),
            turns: Turns::default(),
            meters: Meters::default(),
            second_clock: None,
        }
    }

    fn now(&self) -> belfry_domain::Timestamp {
        self.ports.clock.now()
    }

    /// Attempts that run in this process.
    pub fn running_attempts(&self) -> usize {
        self.running.count()
    }
}
