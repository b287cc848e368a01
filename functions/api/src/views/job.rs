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
        if job.pause.is_some() { Self::Paused } else { Self::Active }
    }
}

/// A job as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    /// Name of the job.
    pub job_id: JobId,
    /// Version of the job: 1, and one more with each change of the definition, pause or resume.
    #[schema(minimum = 1)]
    pub version: u64,
    /// Whether the job's slots start.
    pub status: JobStatus,
    /// Instant of the pause; slots after it do not start. `null` for an active job.
    pub paused_at: Option<Instant>,
    /// Note that was left with the pause. `null` where there is none.
    pub pause_note: Option<String>,
    /// Instant of the first definition.
    pub created_at: Instant,
    /// Instant of the newest version.
    pub updated_at: Instant,
    /// Next instant of the job's own schedule. `null` without a schedule, and while the job is paused.
    pub next_slot: Option<Instant>,
    /// Definition as it was sent.
    pub definition: JobSpec,
    /// State of the job's limits. `null` in lists, and for a job without limits.
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
            paused_at: job.paused_at().map(Instant),
            pause_note: job.pause.as_ref().and_then(|pause| pause.note.clone()),
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
    /// Jobs of this page.
    pub items: Vec<JobView>,
    /// Value of `cursor` for the next page. `null` on the last page.
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

/// Changes that an apply made or, in a dry run, would make.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApplyAnswer {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Jobs in the order of the request.
    pub jobs: Vec<AppliedJob>,
}

/// Change of one job.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppliedJob {
    /// Name of the job.
    pub job_id: JobId,
    /// Version of the job after the change.
    pub version: u64,
    /// Kind of change.
    pub change: Change,
    /// Fields that differ, for an updated job; otherwise empty.
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
