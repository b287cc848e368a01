use belfry_domain::{Job, JobId, JobSpec, Timestamp};
use belfry_engine::{ApplyOutcome, JobChange};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Difference, Instant, LimitsView, differences};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    Active,
    Paused,
}

impl JobStatus {
    pub fn of(job: &Job) -> Self {
        if job.paused_at.is_some() { Self::Paused } else { Self::Active }
    }
}

/// A job as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    pub job_id: JobId,
    /// Counts up with each change of the definition.
    #[schema(minimum = 1)]
    pub version: u64,
    pub status: JobStatus,
    /// Slots after this instant don't start.
    pub paused_at: Option<Instant>,
    pub created_at: Instant,
    pub updated_at: Instant,
    /// The next instant of its own schedule; none without one, and while it is paused.
    pub next_slot: Option<Instant>,
    /// As it was put.
    pub definition: JobSpec,
    /// How its limits stand: only in the answer for a single job, of one that has some.
    pub limits: Option<LimitsView>,
}

impl JobView {
    pub fn of(job: &Job, now: Timestamp) -> Self {
        let schedule = job.schedule().filter(|_| job.is_active());
        let next_slot = schedule.and_then(|schedule| schedule.next_after(now.to_utc()));
        Self {
            job_id: job.id().clone(),
            version: job.version,
            status: JobStatus::of(job),
            paused_at: job.paused_at.map(Instant),
            created_at: job.created_at.into(),
            updated_at: job.updated_at.into(),
            next_slot: next_slot.map(|slot| Instant(slot.into())),
            definition: job.spec.clone(),
            limits: None,
        }
    }
}

/// Jobs in the order of their ids.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobPage {
    pub items: Vec<JobView>,
    /// Send it as `cursor` for the next page; none after the last.
    pub next_cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobChange)]
pub enum Change {
    Created,
    Updated,
    Unchanged,
}

impl From<JobChange> for Change {
    fn from(change: JobChange) -> Self {
        match change {
            JobChange::Created => Self::Created,
            JobChange::Updated => Self::Updated,
            JobChange::Unchanged => Self::Unchanged,
        }
    }
}

/// What applying came to, or, in a dry run, would come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApplyAnswer {
    pub dry_run: bool,
    /// In the order of the request.
    pub jobs: Vec<AppliedJob>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AppliedJob {
    pub job_id: JobId,
    pub version: u64,
    pub change: Change,
    /// Of an updated job: what is different.
    pub differences: Vec<Difference>,
}

impl AppliedJob {
    pub fn of(outcome: &ApplyOutcome) -> Self {
        let before = outcome.before.as_deref().filter(|_| outcome.change == JobChange::Updated);
        Self {
            job_id: outcome.job.id().clone(),
            version: outcome.job.version,
            change: outcome.change.into(),
            differences: before
                .map(|before| differences(&before.spec, &outcome.job.spec))
                .unwrap_or_default(),
        }
    }
}
