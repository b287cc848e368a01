//! What answers look like.

mod alert;
mod difference;
mod execution;
mod instant;
mod job;
mod limits;
mod other;
mod summary;

pub use self::{
    alert::{AlertList, AlertView},
    difference::{Difference, differences},
    execution::{ExecutionPage, ExecutionTimeline, ExecutionView},
    instant::Instant,
    job::{AppliedJob, ApplyAnswer, JobPage, JobStatus, JobView},
    limits::{CircuitView, LimitsView},
    other::{
        BatchAnswer, BatchItem, DeadLetterPage, DeadLetterView, Edge, GraphJob, GraphView, Health, Latency,
        QueueView, RedriveAnswer, RedriveItem, Role, Stats, Utilisation,
    },
    summary::Summary,
};
