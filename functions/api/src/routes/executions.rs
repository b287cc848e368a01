use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use belfry_domain::{ExecutionId, JobId, Status};
use belfry_engine::{
    CancelOutcome, EngineError,
    ports::{ExecutionFilter, StoreError},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{elements, push::accepted, timeline::unclaimed_slot};
use crate::{
    ApiState,
    http::{
        body::RawJson,
        headers::idempotency_key,
        ids::ExecutionIdPath,
        problem::ApiError,
        query::{Query, encode_cursor},
        schema::{Conflict, KeyHeader, NotFound, TagFilter},
    },
    views::{ExecutionPage, ExecutionView, Instant},
};

type Shared = State<Arc<ApiState>>;

/// Get an execution
///
/// The answer has the newest attempts, each with the last 4 KiB of its output. A slot that is due and
/// that no worker has claimed yet is `queued`.
#[utoipa::path(
    get, path = "/v1/executions/{execution_id}", tag = "executions", operation_id = "get_execution",
    params(("execution_id" = ExecutionId, Path, description = "Name of the execution, `job@slot`")),
    responses((status = 200, description = "The execution", body = ExecutionView), (status = 404, response = NotFound))
)]
pub async fn get_execution(
    State(state): Shared,
    ExecutionIdPath(id): ExecutionIdPath,
) -> Result<Json<ExecutionView>, ApiError> {
    let ports = &state.engine.ports;
    let Some(row) = ports.executions.execution(&id).await? else {
        let unclaimed = unclaimed_slot(&state, &id).await?;
        let not_found = || EngineError::NotFound { what: "execution", id: id.to_string() };
        return Ok(Json(unclaimed.ok_or_else(not_found)?));
    };
    let job_version = row.job_version;
    let mut view = ExecutionView::from(row).with_outputs(ports.executions.outputs(&id).await?);
    if view.max_retries.is_none() {
        let job = match job_version {
            0 => ports.jobs.job(&view.job_id).await?,
            version => ports.jobs.job_version(&view.job_id, version).await?,
        };
        view.max_retries = job.map(|job| job.work().retry.max_retries);
    }
    Ok(Json(view))
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExecutionQuery {
    /// State of the executions.
    pub status: Option<Status>,
    /// Job of the executions.
    pub job_id: Option<JobId>,
    /// Tag of the job as it is now, `key:value`. May be repeated; all must match.
    #[param(required = false, style = Form, explode)]
    pub tag: Vec<TagFilter>,
    /// Run of the executions.
    pub run_id: Option<String>,
    /// Execution with a list, whose elements are listed in the order of the list. Only together with
    /// `status`, `limit` and `cursor`.
    pub element_of: Option<ExecutionId>,
    /// Earliest `due_at`, inclusive.
    pub since: Option<Instant>,
    /// Latest `due_at`, exclusive.
    pub until: Option<Instant>,
    /// Maximum number of items on the page.
    #[param(required = false, minimum = 1, maximum = 1000, default = 100)]
    pub limit: usize,
    /// Value of `next_cursor` in the page before. Default: the first page.
    #[param(pattern = "^([A-Za-z0-9_-]{4})*$")]
    pub cursor: Option<String>,
}

impl ExecutionQuery {
    fn of(uri: &Uri) -> Result<Self, ApiError> {
        let names = ["status", "job_id", "run_id", "element_of", "since", "until", "limit", "cursor"];
        let query = Query::of(uri, &names, &["tag"])?;
        Ok(Self {
            status: query.word("status", &Status::ALL.map(|status| (status.as_str(), status)))?,
            job_id: query.parsed("job_id")?,
            tag: query.all("tag").map(TagFilter::parse).collect::<Result<_, _>>()?,
            run_id: query.text("run_id").map(str::to_owned),
            element_of: query.parsed("element_of")?,
            since: query.instant("since")?.map(Instant),
            until: query.instant("until")?.map(Instant),
            limit: query.limit()?,
            cursor: query.cursor()?,
        })
    }

    /// Whether the query has a filter that does not go with `element_of`.
    fn narrows_otherwise(&self) -> bool {
        let is_asked_for = [self.job_id.is_some(), self.run_id.is_some(), !self.tag.is_empty()];
        is_asked_for.contains(&true) || self.since.is_some() || self.until.is_some()
    }

    async fn filter(self, state: &ApiState) -> Result<ExecutionFilter, StoreError> {
        Ok(ExecutionFilter {
            among: jobs_tagged(state, &self.tag).await?,
            job_id: self.job_id,
            status: self.status,
            run_id: self.run_id,
            since: self.since.map(|at| at.0),
            until: self.until.map(|at| at.0),
        })
    }
}

/// Ids of the jobs that have all these tags; `None` where no tag is asked for.
pub(super) async fn jobs_tagged(
    state: &ApiState,
    tags: &[TagFilter],
) -> Result<Option<Vec<JobId>>, StoreError> {
    if tags.is_empty() {
        return Ok(None);
    }
    let (_, jobs) = state.engine.ports.jobs.all_jobs().await?;
    let tagged = jobs.iter().filter(|job| tags.iter().all(|tag| tag.fits(job)));
    Ok(Some(tagged.map(|job| job.id().clone()).collect()))
}

/// List executions, newest first
///
/// An execution must match all filters. Slots that no worker has claimed yet are not listed here, but
/// in the timeline of their job. A page may hold fewer than `limit` executions and not be the last:
/// see `next_cursor`.
#[utoipa::path(
    get, path = "/v1/executions", tag = "executions", operation_id = "list_executions", params(ExecutionQuery),
    responses(
        (status = 200, description = "A page of executions", body = ExecutionPage),
        (status = 404, response = NotFound),
    )
)]
pub async fn list_executions(State(state): Shared, uri: Uri) -> Result<Json<ExecutionPage>, ApiError> {
    let query = ExecutionQuery::of(&uri)?;
    let (limit, cursor) = (query.limit, query.cursor.clone());
    if let Some(whole) = &query.element_of {
        if query.narrows_otherwise() {
            return Err(ApiError::parameter("element_of", "combines only with status, limit and cursor"));
        }
        return Ok(Json(elements::page(&state, whole, query.status, limit, cursor.as_deref()).await?));
    }
    let filter = query.filter(&state).await?;
    let page = state.engine.ports.executions.list(&filter, cursor.as_deref(), limit).await?;
    let items = page.items.into_iter().map(ExecutionView::from).collect();
    Ok(Json(ExecutionPage { items, next_cursor: page.next.as_deref().map(encode_cursor) }))
}

const MAX_REASON_CHARACTERS: usize = 500;

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {
    /// Reason of the cancellation, at most 500 characters, shown with the execution.
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Cancel an execution
///
/// One that has not started is cancelled at once. A running one is asked to stop, which takes a
/// moment.
#[utoipa::path(
    post, path = "/v1/executions/{execution_id}:cancel", tag = "executions", operation_id = "cancel_execution",
    params(("execution_id" = ExecutionId, Path, description = "Name of the execution, `job@slot`")),
    request_body(content = Option<CancelBody>, example = json!({"reason": "the source is down"})),
    responses(
        (status = 200, description = "Cancelled", body = ExecutionView),
        (status = 202, description = "Running; its worker has been asked to stop", body = ExecutionView),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn cancel_execution(
    State(state): Shared,
    ExecutionIdPath(id): ExecutionIdPath,
    body: RawJson,
) -> Result<(StatusCode, Json<ExecutionView>), ApiError> {
    let (status, row) = match state.engine.cancel(&id, &reason_of(&body)?).await? {
        CancelOutcome::Cancelled(row) => (StatusCode::OK, row),
        CancelOutcome::Requested(row) => (StatusCode::ACCEPTED, row),
    };
    Ok((status, Json(row.into())))
}

pub(super) fn reason_of(body: &RawJson) -> Result<String, ApiError> {
    let reason = body.read_or_default::<CancelBody>()?.reason;
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON_CHARACTERS) {
        return Err(ApiError::invalid(
            "reason",
            format!("must have at most {MAX_REASON_CHARACTERS} characters"),
        ));
    }
    Ok(reason.unwrap_or_else(|| "cancelled on request".to_owned()))
}

/// Run an ended execution again
///
/// It runs as a new generation on the job's present version. Dependents without a schedule follow. An
/// element of a list runs by itself; the execution of the list stays as it ended. With an idempotency
/// key it runs again once, however often the request is sent.
#[utoipa::path(
    post, path = "/v1/executions/{execution_id}:retry", tag = "executions", operation_id = "retry_execution",
    params(
        ("execution_id" = ExecutionId, Path, description = "Name of the execution, `job@slot`"),
        ("Idempotency-Key" = Option<KeyHeader>, Header, description = "Key under which the execution runs again once"),
    ),
    responses(
        (status = 201, description = "The new generation", body = ExecutionView, headers(("Location" = String))),
        (status = 200, description = "Started before, under this key", body = ExecutionView, headers(("Location" = String))),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn retry_execution(
    State(state): Shared,
    ExecutionIdPath(id): ExecutionIdPath,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let key = idempotency_key(&headers)?;
    Ok(accepted(state.engine.retry_by_hand(&id, key.as_ref()).await?))
}
