//! Use cases of Belfry, over ports.
//!
//! Each folder is a floor: its files call each other and the floors below, never a floor above. A job's
//! way leads from the middle upwards: it is defined, its slots are fired, and attempts run. The lower
//! floors hold what many floors need. `tests/architecture` reads this table and holds its order.
//!
//! | floor | use case |
//! |---|---|
//! | `sweep` | find what was lost on the way; audit timers; remove what is old |
//! | `attempt` | claim, run, finish; fan out a list; attempts outside of any engine, over HTTP |
//! | `backfill` | run slots of the past |
//! | `wait` | what holds up a start: dependencies, and limits that are reached |
//! | `again` | run again: one, many, a graph from its failures, a dead letter |
//! | `define` | define, delete, pause and resume jobs; push, trigger, unless a queue is too long |
//! | `time` | read due timers and fire slots; hand waves to the priority queues; the second clock |
//! | `alerts` | alerts: raised, told, resolved; slots that must have ended by a time |
//! | `end` | what follows from an end: cancelled, skipped, settled, a dead letter |
//! | `graph` | dependents and elements, created and told |
//! | `limits` | permits, rates, circuits, and which execution is next in line |
//! | `slots` | from a schedule to timers and messages |
//! | `base` | outbox, fenced writes, checks, clock, and reads that many need |
//! | `ports` | what the engine needs of the world |
//!
//! Two rules hold in all floors. The next timer is written before the last one is removed, and an
//! execution's own timer is removed last. And messages are hints: everything that a message starts can
//! be started again from the timers alone.

#![warn(clippy::missing_errors_doc)]

use std::sync::{Arc, Mutex, atomic::AtomicU64};

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
mod slots;
mod sweep;
mod time;
mod wait;

pub use self::{
    again::{rerun::Rerun, select::RerunPage},
    alerts::{
        stored::StoredAlerts,
        watch::{Judge, Thresholds, Watch},
    },
    attempt::{
        remote::{HeartbeatReply, LeaseRequest, Leased},
        run::Worker,
        workers::{LOST_AFTER, REPORT_EVERY},
    },
    backfill::requests::{BackfillPlan, BackfillRequest},
    base::{
        clock::{SystemClock, SystemRandom},
        error::EngineError,
        outbox::MessageOutcome,
        settings::Settings,
    },
    define::{
        apply::{ApplyOutcome, JobChange},
        precondition::Precondition,
        push::{Accepted, PushRequest, TriggerRequest},
    },
    end::settle::CancelOutcome,
    limits::circuit::CircuitChange,
    time::stalled::StallWatch,
};
use self::{
    attempt::workers::Seen,
    base::{gates::Turns, running::Running, unreadable::Reported},
    define::backpressure::Meters,
    ports::{Ports, SecondClock},
    sweep::resend::HeldBack,
};

pub type Result<T> = std::result::Result<T, EngineError>;

/// Engine: the use cases, wired to their ports. It holds no state that matters, so any number of
/// engines may work on one store.
pub struct Engine {
    pub ports: Ports,
    pub settings: Settings,
    /// Attempts that run in this process, so that a cancellation reaches them at once.
    running: Running,
    turns: Turns,
    seen: Seen,
    meters: Meters,
    held_back: HeldBack,
    reported: Reported,
    second_clock: Option<Arc<dyn SecondClock>>,
    /// Error of this process's last tick. `None` where it succeeded.
    tick_failure: Mutex<Option<String>>,
    /// Zone data of this process. As a leader, the process puts them in force if they are newer.
    own_zones: Arc<ZoneData>,
    /// Lock for changes of the zone data, which read and write all jobs. Definitions in the same process
    /// wait for it.
    graph_turn: tokio::sync::RwLock<()>,
    /// Queue of the definitions and changes of jobs in this process: all of them count the graph's revision
    /// up, so at once they would only refuse each other.
    definitions: tokio::sync::Mutex<()>,
    /// Revision of the graph at which all jobs were last seen to use the zone data in force, and none to
    /// begin in the future.
    aligned_at: AtomicU64,
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
            held_back: HeldBack::default(),
            reported: Reported::default(),
            second_clock: None,
            tick_failure: Mutex::default(),
            own_zones: ZoneData::bundled(),
            graph_turn: tokio::sync::RwLock::default(),
            definitions: tokio::sync::Mutex::default(),
            aligned_at: AtomicU64::default(),
        }
    }

    /// Number of attempts that run in this process.
    pub fn running_attempts(&self) -> usize {
        self.running.count()
    }
}
