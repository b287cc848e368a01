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
//! | attempts outside of any engine: workers over HTTP, callbacks | `remote` |
//! | who runs attempts, and is to take nothing new | `workers` |
//! | what follows from an end: dependents, dead letters | `settle`, `dependencies`, `results` |
//! | run slots of the past | `backfill` |
//! | one execution for each element of a list, and their join | `fan_out`, `elements` |
//! | find what was lost on the way | `sweep` |
//! | alerts: kept, told, resolved | `alerting`, `watch` |
//! | slots that are to have ended by a time | `deadline` |
//! | another clock beside the tick | `second_clock` |
//! | the zone data in force, and their change | `zones` |
//! | cancel, redrive | `operate` |
//! | run again: one, many, a graph from what failed | `rerun`, `select`, `kept` |
//!
//! Two rules hold all over it. The next timer is written before the last one is removed, and an
//! execution's own timer goes last. And messages are hints: whatever a message starts can be
//! started again from the timers alone.

use std::sync::Arc;

use belfry_domain::ZoneData;

mod again;
mod alerts;
mod attempt;
mod backfill;
mod base;
mod define;
mod end;
mod graph;
mod limits;
pub mod ports;
mod retention;
mod slots;
mod sweep;
mod time;
mod wait;

pub use self::{
    again::{rerun::Rerun, select::RerunPage},
    alerts::{
        alerting::StoredAlerts,
        watch::{Judge, Thresholds, Watch},
    },
    attempt::{
        remote::{LeaseRequest, Leased, Pulse},
        run::Worker,
        workers::{LOST_AFTER, REPORT_EVERY},
    },
    backfill::requests::{BackfillPlan, BackfillRequest},
    base::{
        clock::{SystemClock, SystemRandom},
        error::EngineError,
        outbox::Handled,
        settings::Settings,
    },
    define::{
        apply::{ApplyOutcome, JobChange},
        push::{Accepted, PushRequest, TriggerRequest},
    },
    end::settle::CancelOutcome,
    limits::circuit::CircuitChange,
};
use self::{
    attempt::workers::Seen,
    base::{gates::Turns, running::Running},
    define::backpressure::Meters,
    ports::{Ports, SecondClock},
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
    seen: Seen,
    meters: Meters,
    second_clock: Option<Arc<dyn SecondClock>>,
    /// Zone data that this process would put in force.
    own_zones: Arc<ZoneData>,
}

impl Engine {
    pub fn new(ports: Ports, settings: Settings) -> Self {
        Self {
            ports,
            settings,
            running: Running::default(),
            seen: Seen::default(),
            turns: Turns::default(),
            meters: Meters::default(),
            second_clock: None,
            own_zones: ZoneData::bundled(),
        }
    }

    /// Attempts that run in this process.
    pub fn running_attempts(&self) -> usize {
        self.running.count()
    }
}
