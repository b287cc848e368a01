//! What answers look like.

mod difference;
mod execution;
mod instant;
mod job;
mod other;
mod rerun;
mod summary;

pub use self::{
    difference::{Difference, differences},
    execution::{ExecutionPage, ExecutionTimeline, ExecutionView},
    instant::Instant,
    job::{AppliedJob, ApplyAnswer, JobPage, JobStatus, JobView},
    other::{
        BatchAnswer, BatchItem, DeadLetterPage, DeadLetterView, Edge, GraphJob, GraphView, Health, Latency,
        RedriveAnswer, RedriveItem, Role, Stats, Utilisation,
    },
    rerun::{RerunAnswer, RerunItem},
    summary::Summary,
};
