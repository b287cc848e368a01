//! Bodies of the API's answers.

mod alert;
mod attempts;
mod backfill;
mod difference;
mod execution;
mod instant;
mod job;
mod limits;
mod other;
mod rerun;
mod summary;
mod workers;

pub use self::{
    alert::{AlertList, AlertState, AlertView},
    attempts::{HeartbeatReplyView, LeaseAnswer},
    backfill::{BackfillPage, BackfillPlanView, BackfillView},
    difference::{Difference, differences},
    execution::{ExecutionPage, ExecutionView},
    instant::Instant,
    job::{AppliedJob, ApplyAnswer, JobPage, JobStatus, JobView},
    limits::{CircuitView, LimitsView},
    other::{
        BatchAnswer, BatchItem, DeadLetterPage, DeadLetterView, Edge, GraphJob, GraphView, Health, Latency,
        QueueView, RedriveAnswer, RedriveItem, Role, Stats, Utilisation,
    },
    rerun::{RerunAnswer, RerunItem},
    summary::{ExecutionTimeline, Summary},
    workers::{WorkerList, WorkerView},
};
