//! What answers look like.

mod difference;
mod execution;
mod instant;
mod job;
mod other;

pub use self::{
    difference::{Difference, differences},
    execution::{AttemptView, DependencyView, ExecutionPage, ExecutionView, OutputView},
    instant::Instant,
    job::{ApplyAnswer, AppliedJob, Change, JobPage, JobStatus, JobView},
    other::{
        BatchAnswer, BatchItem, DeadLetterPage, DeadLetterView, Edge, GraphJob, GraphView, Health, Latency, RedriveAnswer,
        RedriveItem, Role, Stats, Utilisation,
    },
};
