use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use belfry_domain::{BackfillId, BackfillOrder, JobId, SlotRange};
use belfry_engine::{BackfillRequest, EngineError};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::executions::{CancelBody, reason_of};
use crate::{
    ApiState,
    http::{
        body::{Json, RawJson},
        headers::no_idempotency_key,
        ids::{BackfillIdPath, JobIdPath},
        problem::ApiError,
        query::{Query, encode_cursor},
        schema::{Conflict, NotFound},
    },
    views::{BackfillPage, BackfillPlanView, BackfillView},
};

type Shared = State<Arc<ApiState>>;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BackfillRequest)]
pub struct BackfillBody {
    /// Start of the range; a slot at this instant belongs to it.
    from: DateTime<Utc>,
    /// End of the range, which must not lie in the future; a slot at this instant does not belong to it.
    to: DateTime<Utc>,
    /// Maximum number of its executions under way at once.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100, default = 1)]
    concurrency: u32,
    /// Order in which the slots start.
    #[serde(default)]
    #[schema(default = "oldest_first")]
    order: BackfillOrder,
    /// Whether to answer with the plan and write nothing. Default false.
    #[serde(default)]
    dry_run: bool,
}

fn one() -> u32 {
    1
}

/// Start a backfill
///
/// Runs the job's slots in a past range, a few at a time, with priority `low`. A slot with an
/// execution is left alone; a skipped one runs as a new generation. A range may hold at most 100,000
/// slots. A request with the header `Idempotency-Key` is refused with 400, because none is needed: a
/// second backfill of the same range leaves alone what the first has run.
#[utoipa::path(
    post, path = "/v1/jobs/{job_id}/backfills", tag = "backfills", operation_id = "backfill_job",
    params(("job_id" = JobId, Path, description = "Name of the job")),
    request_body(content = BackfillBody,
        example = json!({"from": "2026-11-01T00:00:00Z", "to": "2026-11-08T00:00:00Z", "concurrency": 4})),
    responses(
        (status = 201, description = "Started", body = BackfillView, headers(("Location" = String))),
        (status = 200, description = "The plan, for `dry_run`", body = BackfillPlanView),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn backfill_job(
    State(state): Shared,
    JobIdPath(job_id): JobIdPath,
    headers: HeaderMap,
    Json(body): Json<BackfillBody>,
) -> Result<Response, ApiError> {
    no_idempotency_key(&headers, "a backfill needs none and accepts none: each slot runs once")?;
    let range = SlotRange { from: body.from.into(), to: body.to.into(), order: body.order };
    let request = BackfillRequest { job_id, range, concurrency: body.concurrency };
    if body.dry_run {
        let plan = state.engine.plan_backfill(&request).await?;
        return Ok(axum::Json(BackfillPlanView::from(plan)).into_response());
    }
    let row = state.engine.start_backfill(&request).await?;
    let location = [(header::LOCATION, format!("/v1/backfills/{}", row.id))];
    Ok((StatusCode::CREATED, location, axum::Json(BackfillView::from(row))).into_response())
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BackfillQuery {
    /// Maximum number of items on the page.
    #[param(required = false, minimum = 1, maximum = 1000, default = 100)]
    pub limit: usize,
    /// Value of `next_cursor` in the page before. Default: the first page.
    #[param(pattern = "^([A-Za-z0-9_-]{4})*$")]
    pub cursor: Option<String>,
}

async fn page(
    state: &ApiState,
    job_id: Option<&JobId>,
    uri: &Uri,
) -> Result<axum::Json<BackfillPage>, ApiError> {
    let query = Query::of(uri, &["limit", "cursor"], &[])?;
    let BackfillQuery { limit, cursor } = BackfillQuery { limit: query.limit()?, cursor: query.cursor()? };
    let page = state.engine.ports.backfills.backfills(job_id, cursor.as_deref(), limit).await?;
    let items = page.items.into_iter().map(BackfillView::from).collect();
    Ok(axum::Json(BackfillPage { items, next_cursor: page.next.as_deref().map(encode_cursor) }))
}

/// List backfills, newest first
#[utoipa::path(
    get, path = "/v1/backfills", tag = "backfills", operation_id = "list_backfills", params(BackfillQuery),
    responses((status = 200, description = "A page of backfills", body = BackfillPage))
)]
pub async fn list_backfills(State(state): Shared, uri: Uri) -> Result<axum::Json<BackfillPage>, ApiError> {
    page(&state, None, &uri).await
}

/// List a job's backfills, newest first
#[utoipa::path(
    get, path = "/v1/jobs/{job_id}/backfills", tag = "backfills", operation_id = "list_job_backfills",
    params(("job_id" = JobId, Path, description = "Name of the job"), BackfillQuery),
    responses((status = 200, description = "A page of backfills", body = BackfillPage))
)]
pub async fn list_job_backfills(
    State(state): Shared,
    JobIdPath(job_id): JobIdPath,
    uri: Uri,
) -> Result<axum::Json<BackfillPage>, ApiError> {
    page(&state, Some(&job_id), &uri).await
}

/// Get a backfill
#[utoipa::path(
    get, path = "/v1/backfills/{backfill_id}", tag = "backfills", operation_id = "get_backfill",
    params(("backfill_id" = BackfillId, Path, description = "Name of the backfill")),
    responses((status = 200, description = "The backfill", body = BackfillView), (status = 404, response = NotFound))
)]
pub async fn get_backfill(
    State(state): Shared,
    BackfillIdPath(id): BackfillIdPath,
) -> Result<axum::Json<BackfillView>, ApiError> {
    let row = state.engine.ports.backfills.backfill(&id).await?;
    let row = row.ok_or_else(|| EngineError::NotFound { what: "backfill", id: id.to_string() })?;
    Ok(axum::Json(row.into()))
}

/// Pause a backfill
///
/// It starts no further slots. Executions that it has started continue.
#[utoipa::path(
    post, path = "/v1/backfills/{backfill_id}:pause", tag = "backfills", operation_id = "pause_backfill",
    params(("backfill_id" = BackfillId, Path, description = "Name of the backfill")),
    responses(
        (status = 200, description = "Paused", body = BackfillView),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn pause_backfill(
    State(state): Shared,
    BackfillIdPath(id): BackfillIdPath,
) -> Result<axum::Json<BackfillView>, ApiError> {
    Ok(axum::Json(state.engine.pause_backfill(&id).await?.into()))
}

/// Resume a backfill
#[utoipa::path(
    post, path = "/v1/backfills/{backfill_id}:resume", tag = "backfills", operation_id = "resume_backfill",
    params(("backfill_id" = BackfillId, Path, description = "Name of the backfill")),
    responses(
        (status = 200, description = "Resumed", body = BackfillView),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn resume_backfill(
    State(state): Shared,
    BackfillIdPath(id): BackfillIdPath,
) -> Result<axum::Json<BackfillView>, ApiError> {
    Ok(axum::Json(state.engine.resume_backfill(&id).await?.into()))
}

/// Cancel a backfill
///
/// Executions that have not started are cancelled; running ones may end.
#[utoipa::path(
    post, path = "/v1/backfills/{backfill_id}:cancel", tag = "backfills", operation_id = "cancel_backfill",
    params(("backfill_id" = BackfillId, Path, description = "Name of the backfill")),
    request_body(content = Option<CancelBody>, example = json!({"reason": "the wrong month"})),
    responses(
        (status = 200, description = "Cancelled", body = BackfillView),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn cancel_backfill(
    State(state): Shared,
    BackfillIdPath(id): BackfillIdPath,
    body: RawJson,
) -> Result<axum::Json<BackfillView>, ApiError> {
    let reason = reason_of(&body)?;
    Ok(axum::Json(state.engine.cancel_backfill(&id, &reason).await?.into()))
}
