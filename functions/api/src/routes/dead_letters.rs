use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use belfry_domain::{ExecutionId, IdempotencyKey, JobId};
use belfry_engine::{Accepted, Engine, EngineError};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    http::{
        body::Json,
        headers::idempotency_key,
        ids::ExecutionIdPath,
        problem::ApiError,
        query::{Query, encode_cursor},
        schema::{KeyHeader, NotFound, RedriveBody},
    },
    views::{DeadLetterPage, DeadLetterView, RedriveAnswer, RedriveItem},
};

type Shared = State<Arc<ApiState>>;

const MAX_REDRIVEN: usize = 1000;

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeadLetterQuery {
    /// Job of the dead letters.
    pub job_id: Option<JobId>,
    /// Maximum number of items on the page.
    #[param(required = false, minimum = 1, maximum = 1000, default = 100)]
    pub limit: usize,
    /// Value of `next_cursor` in the page before. Default: the first page.
    #[param(pattern = "^([A-Za-z0-9_-]{4})*$")]
    pub cursor: Option<String>,
}

impl DeadLetterQuery {
    fn of(uri: &Uri) -> Result<Self, ApiError> {
        let query = Query::of(uri, &["job_id", "limit", "cursor"], &[])?;
        Ok(Self { job_id: query.parsed("job_id")?, limit: query.limit()?, cursor: query.cursor()? })
    }
}

/// List dead letters, newest first
#[utoipa::path(
    get, path = "/v1/dead-letters", tag = "dead letters", operation_id = "list_dead_letters", params(DeadLetterQuery),
    responses((status = 200, description = "A page of dead letters", body = DeadLetterPage))
)]
pub async fn list_dead_letters(
    State(state): Shared,
    uri: Uri,
) -> Result<axum::Json<DeadLetterPage>, ApiError> {
    let DeadLetterQuery { job_id, limit, cursor } = DeadLetterQuery::of(&uri)?;
    let page =
        state.engine.ports.dead_letters.dead_letters(job_id.as_ref(), cursor.as_deref(), limit).await?;
    let items = page.items.into_iter().map(DeadLetterView::from).collect();
    Ok(axum::Json(DeadLetterPage { items, next_cursor: page.next.as_deref().map(encode_cursor) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedriveRequest {
    execution_ids: Option<Vec<ExecutionId>>,
    job_id: Option<JobId>,
    all: Option<bool>,
}

/// Redrive dead letters
///
/// Runs the named dead letters again, or those of a job, or all: at most 1,000 in one request;
/// `remaining` says how many are left. Each has its own outcome. With an idempotency key each runs
/// again once, however often the request is sent: 200 means that it was redriven before. A request
/// that is sent again answers what it redrives now, then what its key has redriven before.
#[utoipa::path(
    post, path = "/v1/dead-letters:redrive", tag = "dead letters", operation_id = "redrive_dead_letters",
    params(("Idempotency-Key" = Option<KeyHeader>, Header, description = "Key under which each dead letter runs again once")),
    request_body(content = RedriveBody, example = json!({"execution_ids": ["daily_report@2026-11-23T00:00:00Z"]})),
    responses((status = 200, description = "The outcomes", body = RedriveAnswer))
)]
pub async fn redrive_dead_letters(
    State(state): Shared,
    headers: HeaderMap,
    Json(request): Json<RedriveRequest>,
) -> Result<axum::Json<RedriveAnswer>, ApiError> {
    let key = idempotency_key(&headers)?;
    let key = key.as_ref();
    let (job_id, outcomes) = match request {
        RedriveRequest { execution_ids: Some(ids), job_id: None, all: None } => {
            (None, redrive(&state.engine, ids, key).await?)
        }
        RedriveRequest { execution_ids: None, job_id: Some(job_id), all: None } => {
            let outcomes = state.engine.redrive_all(Some(&job_id), MAX_REDRIVEN, key).await?;
            (Some(job_id), outcomes)
        }
        RedriveRequest { execution_ids: None, job_id: None, all: Some(true) } => {
            (None, state.engine.redrive_all(None, MAX_REDRIVEN, key).await?)
        }
        _ => {
            let message = "give exactly one of execution_ids, job_id and all: true";
            return Err(ApiError::invalid("execution_ids", message));
        }
    };
    let results = outcomes.into_iter().map(|(id, outcome)| item(id, outcome)).collect();
    Ok(axum::Json(RedriveAnswer { results, remaining: remaining(&state.engine, job_id.as_ref()).await? }))
}

async fn remaining(engine: &Engine, job_id: Option<&JobId>) -> Result<u64, ApiError> {
    let ports = &engine.ports;
    match job_id {
        None => Ok(ports.dead_letters.count_dead_letters().await?),
        Some(_) => Ok(ports.dead_letters.dead_letters(job_id, None, MAX_REDRIVEN).await?.items.len() as u64),
    }
}

type Outcome = (ExecutionId, belfry_engine::Result<Accepted>);

async fn redrive(
    engine: &Engine,
    ids: Vec<ExecutionId>,
    key: Option<&IdempotencyKey>,
) -> Result<Vec<Outcome>, ApiError> {
    if ids.is_empty() || ids.len() > MAX_REDRIVEN {
        return Err(ApiError::invalid("execution_ids", format!("must be from 1 to {MAX_REDRIVEN}")));
    }
    let mut outcomes = Vec::with_capacity(ids.len());
    for id in ids {
        let outcome = engine.redrive(&id, key).await;
        outcomes.push((id, outcome));
    }
    Ok(outcomes)
}

fn item(execution_id: ExecutionId, outcome: belfry_engine::Result<Accepted>) -> RedriveItem {
    match outcome {
        Ok(accepted) => {
            let status = if accepted.is_new { 201 } else { 200 };
            RedriveItem { execution_id, status, redriven_as: Some(accepted.execution.id), problem: None }
        }
        Err(error) => {
            let problem = ApiError::from(error).into_details();
            RedriveItem { execution_id, status: problem.status, redriven_as: None, problem: Some(problem) }
        }
    }
}

/// Discard a dead letter
#[utoipa::path(
    delete, path = "/v1/dead-letters/{execution_id}", tag = "dead letters", operation_id = "discard_dead_letter",
    params(("execution_id" = ExecutionId, Path, description = "Name of the execution, `job@slot`")),
    responses((status = 204, description = "Discarded"), (status = 404, response = NotFound))
)]
pub async fn discard_dead_letter(
    State(state): Shared,
    ExecutionIdPath(id): ExecutionIdPath,
) -> Result<StatusCode, ApiError> {
    if state.engine.discard(&id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(EngineError::NotFound { what: "dead letter", id: id.to_string() }.into())
}
