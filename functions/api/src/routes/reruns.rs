use std::{collections::BTreeMap, sync::Arc};

use axum::{extract::State, http::HeaderMap};
use belfry_domain::{Execution, ExecutionId, IdempotencyKey, JobId, Status};
use belfry_engine::{Engine, EngineError, Rerun, ports::ExecutionFilter};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::executions::jobs_tagged;
use crate::{
    ApiState,
    http::{
        body::Json,
        headers::idempotency_key,
        problem::ApiError,
        query::{DEFAULT_LIMIT, MAX_LIMIT, decode_cursor, encode_cursor},
        schema::{Conflict, KeyHeader, NotFound, RerunBody, TagFilter},
    },
    views::{RerunAnswer, RerunItem},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RerunRequest {
    execution_ids: Option<Vec<ExecutionId>>,
    run_id: Option<ExecutionId>,
    filter: Option<Filter>,
    limit: Option<usize>,
    cursor: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    job_id: Option<JobId>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    status: Vec<Status>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// Executions to run again, those that can't be run again, and the cursor for the rest of a filter.
struct Selection {
    executions: Vec<Execution>,
    refused: Vec<RerunItem>,
    next_cursor: Option<String>,
}

/// Run ended executions again
///
/// Selects named executions, the failed part of a run's graph, or all that match a filter (by default
/// those that failed or timed out). Each runs as a new generation on its job's present version, and
/// dependents without a schedule follow. Successful executions beside them are kept: a join below
/// counts their outcomes and results. Executions whose dependents meet run again together; each such
/// re-run has its own outcome. With `dry_run` nothing is written.
///
/// With an idempotency key each execution runs again once, however often the request is sent; the
/// answer names the generations that it has started.
#[utoipa::path(
    post, path = "/v1/executions:rerun", tag = "executions", operation_id = "rerun_executions",
    params(("Idempotency-Key" = Option<KeyHeader>, Header, description = "Key under which each execution runs again once")),
    request_body(content = RerunBody, example = json!({"run_id": "ingest@2026-11-23T00:00:00Z", "dry_run": true})),
    responses(
        (status = 200, description = "Outcomes, or the plan for `dry_run`", body = RerunAnswer),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn rerun_executions(
    State(state): State<Arc<ApiState>>,
    headers: HeaderMap,
    Json(request): Json<RerunRequest>,
) -> Result<axum::Json<RerunAnswer>, ApiError> {
    let dry_run = request.dry_run;
    let key = idempotency_key(&headers)?;
    let Selection { executions, refused: mut results, next_cursor } =
        select(&state, request, key.as_ref()).await?;
    let (reruns, refused) = state.engine.plan_reruns(executions, key.as_ref()).await?;
    results.extend(refused.into_iter().map(|(id, error)| RerunItem::refused(vec![id], error.into())));
    for rerun in reruns {
        results.push(outcome(&state.engine, rerun, dry_run, key.as_ref()).await);
    }
    Ok(axum::Json(RerunAnswer { dry_run, results, next_cursor }))
}

async fn outcome(engine: &Engine, rerun: Rerun, dry_run: bool, key: Option<&IdempotencyKey>) -> RerunItem {
    let ids = rerun.starts.iter().map(|old| old.id.clone()).collect();
    // Whatever fails here, other re-runs have begun.
    begin(engine, rerun, dry_run, key).await.unwrap_or_else(|error| RerunItem::refused(ids, error.into()))
}

async fn begin(
    engine: &Engine,
    mut rerun: Rerun,
    dry_run: bool,
    key: Option<&IdempotencyKey>,
) -> belfry_engine::Result<RerunItem> {
    let keeps = engine.kept_by(&rerun).await?;
    if dry_run {
        return Ok(RerunItem::of(&rerun, keeps, 200));
    }
    let begun = engine.begin_rerun(&mut rerun, key).await?;
    let is_new = begun.iter().any(|accepted| accepted.is_new);
    Ok(RerunItem::of(&rerun, keeps, if is_new { 201 } else { 200 }))
}

async fn select(
    state: &ApiState,
    request: RerunRequest,
    key: Option<&IdempotencyKey>,
) -> Result<Selection, ApiError> {
    let engine = &state.engine;
    let is_paged = request.limit.is_some() || request.cursor.is_some();
    let whole = |executions, refused| Ok(Selection { executions, refused, next_cursor: None });
    match request {
        RerunRequest { execution_ids: Some(ids), run_id: None, filter: None, .. } if !is_paged => {
            let (executions, refused) = named(engine, ids).await?;
            whole(executions, refused)
        }
        RerunRequest { execution_ids: None, run_id: Some(id), filter: None, .. } if !is_paged => {
            whole(engine.failed_in_graph(&id, key).await?, Vec::new())
        }
        RerunRequest { execution_ids: None, run_id: None, filter: Some(filter), limit, cursor, .. } => {
            let limit = limit.unwrap_or(DEFAULT_LIMIT);
            if limit == 0 || limit > MAX_LIMIT {
                return Err(ApiError::invalid("limit", format!("must be from 1 to {MAX_LIMIT}")));
            }
            let after = cursor.as_deref().map(decode_cursor).transpose();
            let after = after.map_err(|message| ApiError::invalid("cursor", message))?;
            let (filter, statuses) = read(state, filter).await?;
            let page = engine.select_for_rerun(&filter, &statuses, key, after.as_deref(), limit).await?;
            let next_cursor = page.next.as_deref().map(encode_cursor);
            Ok(Selection { executions: page.executions, refused: Vec::new(), next_cursor })
        }
        _ => {
            let message = "give exactly one of execution_ids, run_id and filter; limit and cursor combine only with filter";
            Err(ApiError::invalid("execution_ids", message))
        }
    }
}

async fn named(
    engine: &Engine,
    mut ids: Vec<ExecutionId>,
) -> Result<(Vec<Execution>, Vec<RerunItem>), ApiError> {
    if ids.is_empty() || ids.len() > MAX_LIMIT {
        return Err(ApiError::invalid("execution_ids", format!("must be from 1 to {MAX_LIMIT}")));
    }
    ids.sort_unstable();
    ids.dedup();
    let (mut executions, mut refused) = (Vec::with_capacity(ids.len()), Vec::new());
    for id in ids {
        match engine.ended(&id).await {
            Ok(old) => executions.push(old),
            Err(error @ EngineError::Store(_)) => return Err(error.into()),
            Err(error) => refused.push(RerunItem::refused(vec![id], error.into())),
        }
    }
    Ok((executions, refused))
}

async fn read(state: &ApiState, filter: Filter) -> Result<(ExecutionFilter, Vec<Status>), ApiError> {
    let Filter { job_id, tags, status: mut statuses, since, until } = filter;
    if let Some(status) = statuses.iter().find(|status| !status.is_terminal()) {
        return Err(ApiError::invalid(
            "filter.status",
            format!("{status} is not a final status; only ended executions can run again"),
        ));
    }
    if statuses.iter().enumerate().any(|(index, status)| statuses[..index].contains(status)) {
        return Err(ApiError::invalid("filter.status", "names a status twice"));
    }
    if statuses.is_empty() {
        statuses = vec![Status::Failed, Status::TimedOut];
    }
    let tags: Vec<TagFilter> = tags.into_iter().map(|(key, value)| TagFilter { key, value }).collect();
    let filter = ExecutionFilter {
        job_id,
        among: jobs_tagged(state, &tags).await?,
        since: since.map(Into::into),
        until: until.map(Into::into),
        ..ExecutionFilter::default()
    };
    Ok((filter, statuses))
}
