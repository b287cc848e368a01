//! Bodies of the API's answers.

mod alert;
mod attempts;
mod backfill;
mod batch;
mod dead_letter;
mod difference;
mod execution;
mod graph;
mod health;
mod instant;
mod job;
mod limits;
mod rerun;
mod stats;
mod summary;
mod workers;

pub use self::{
    alert::{AlertList, AlertState, AlertView},
    attempts::{HeartbeatReplyView, LeaseAnswer},
    backfill::{BackfillPage, BackfillPlanView, BackfillView},
    batch::{BatchAnswer, BatchItem},
    dead_letter::{DeadLetterPage, DeadLetterView, RedriveAnswer, RedriveItem},
    difference::{Difference, differences},
    execution::{ExecutionPage, ExecutionView},
    graph::{Edge, GraphJob, GraphView},
    health::{Health, Role},
    instant::Instant,
    job::{AppliedJob, ApplyAnswer, JobPage, JobStatus, JobView},
    limits::{CircuitView, LimitsView},
    rerun::{RerunAnswer, RerunItem},
    stats::{Latency, QueueView, Stats, Utilisation},
    summary::{ExecutionTimeline, Summary},
    workers::{WorkerList, WorkerView},
};
