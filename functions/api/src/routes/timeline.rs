//! A job's executions, with the due slots that have no row yet.

use std::sync::Arc;

use axum::{Json, extract::State, http::Uri};
use belfry_domain::{ExecutionId, Job, JobId, Timestamp, What};
use belfry_engine::{
    EngineError,
    ports::{ExecutionFilter, StoreError},
};
use utoipa::IntoParams;

use crate::{
    ApiState,
    http::{
        ids::JobIdPath,
        problem::ApiError,
        query::{Query, encode_cursor},
        schema::NotFound,
    },
    views::{ExecutionTimeline, ExecutionView, Summary},
};

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TimelineQuery {
    /// Maximum number of items on the page.
    #[param(required = false, minimum = 1, maximum = 1000, default = 100)]
    pub limit: usize,
    /// Value of `next_cursor` in the page before. Default: the first page.
    #[param(pattern = "^([A-Za-z0-9_-]{4})*$")]
    pub cursor: Option<String>,
}

/// List a job's executions, newest first
///
/// The first page begins with the slots that are due and that no worker has claimed yet, as `queued`;
/// they do not count towards `limit`. The job id `push` lists work that was pushed without a name.
/// The summary covers the executions of the page.
#[utoipa::path(
    get, path = "/v1/jobs/{job_id}/executions", tag = "executions", operation_id = "list_job_executions",
    params(("job_id" = JobId, Path, description = "Name of the job"), TimelineQuery),
    responses((status = 200, description = "A page of executions", body = ExecutionTimeline), (status = 404, response = NotFound))
)]
pub async fn list_job_executions(
    State(state): State<Arc<ApiState>>,
    JobIdPath(id): JobIdPath,
    uri: Uri,
) -> Result<Json<ExecutionTimeline>, ApiError> {
    let query = Query::of(&uri, &["limit", "cursor"], &[])?;
    let TimelineQuery { limit, cursor } = TimelineQuery { limit: query.limit()?, cursor: query.cursor()? };
    let ports = &state.engine.ports;
    let job = ports.jobs.job(&id).await?;
    let filter = ExecutionFilter { job_id: Some(id.clone()), ..ExecutionFilter::default() };
    let page = ports.executions.list(&filter, cursor.as_deref(), limit).await?;
    // Work is also pushed under names that no job has.
    if job.is_none() && page.items.is_empty() && id.as_str() != JobId::PUSH {
        return Err(EngineError::NotFound { what: "job", id: id.to_string() }.into());
    }
    let mut items = match job.filter(|job| cursor.is_none() && !job.deleted) {
        Some(job) => unclaimed_slots(&state, &job, limit).await?,
        None => Vec::new(),
    };
    items.extend(page.items.into_iter().map(ExecutionView::from));
    let (summary, next_cursor) = (Summary::of(&items), page.next.as_deref().map(encode_cursor));
    Ok(Json(ExecutionTimeline { items, next_cursor, summary }))
}

/// Newest due slots that have no row, found by their guards.
async fn unclaimed_slots(
    state: &ApiState,
    job: &Job,
    limit: usize,
) -> Result<Vec<ExecutionView>, StoreError> {
    let timers = state.engine.ports.timers.slots_of_job(job.id()).await?;
    let now = state.engine.ports.clock.now();
    let mut slots: Vec<Timestamp> = timers
        .into_iter()
        .filter_map(|timer| match timer.key.what {
            What::Slot { slot, .. } => Some(slot),
            _ => None,
        })
        .filter(|slot| may_be_unclaimed(state, job, *slot, now))
        .collect();
    slots.sort_unstable_by(|a, b| b.cmp(a));
    slots.dedup();
    slots.truncate(limit);
    let mut views = Vec::new();
    for slot in slots {
        let id = ExecutionId::scheduled(job.id(), slot);
        if state.engine.ports.executions.execution(&id).await?.is_none() {
            views.push(ExecutionView::unclaimed(job, slot));
        }
    }
    Ok(views)
}

/// View of a slot that is due and has no execution row yet. `None` where `id` names no such slot.
pub(super) async fn unclaimed_slot(
    state: &ApiState,
    id: &ExecutionId,
) -> Result<Option<ExecutionView>, StoreError> {
    let Some(slot) = id.first_of_slot() else { return Ok(None) };
    let Some(job) = state.engine.ports.jobs.job(&id.job_id()).await? else { return Ok(None) };
    let now = state.engine.ports.clock.now();
    // Another way to write the same instant is another id.
    let is_slot = ExecutionId::scheduled(job.id(), slot) == *id
        && may_be_unclaimed(state, &job, slot, now)
        && job.schedule().is_some_and(|schedule| schedule.contains(slot.to_utc()));
    Ok(is_slot.then(|| ExecutionView::unclaimed(&job, slot)))
}

fn may_be_unclaimed(state: &ApiState, job: &Job, slot: Timestamp, now: Timestamp) -> bool {
    !job.deleted
        && slot <= now
        && slot > job.created_at
        && slot.plus(state.engine.settings.retention) >= now
        && job.paused_at().is_none_or(|paused_at| slot <= paused_at)
}
