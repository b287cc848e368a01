//! What answers look like.

mod backfill;
mod difference;
mod execution;
mod instant;
mod job;
mod limits;
mod other;
mod summary;

pub use self::{
    backfill::{BackfillPage, BackfillPlanView, BackfillView},
    difference::{Difference, differences},
    execution::{ExecutionPage, ExecutionTimeline, ExecutionView},
    instant::Instant,
    job::{AppliedJob, ApplyAnswer, JobPage, JobStatus, JobView},
    limits::{CircuitView, LimitsView},
    other::{
        BatchAnswer, BatchItem, DeadLetterPage, DeadLetterView, Edge, GraphJob, GraphView, Health, Latency,
        RedriveAnswer, RedriveItem, Role, Stats, Utilisation,
    },
    summary::Summary,
};
