use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};

use crate::{
    ApiState,
    http::{ids::WorkerIdPath, problem::ApiError, schema::NotFound},
    views::{WorkerList, WorkerView},
};

type Shared = State<Arc<ApiState>>;

/// List workers
///
/// Workers seen in the last five minutes: their pools, their load, and whether they take new work.
/// Workers report every 15 s, or with every lease.
#[utoipa::path(
    get, path = "/v1/workers", tag = "workers", operation_id = "list_workers",
    responses((status = 200, description = "Workers in the order of their ids", body = WorkerList))
)]
pub async fn list_workers(State(state): Shared) -> Result<Json<WorkerList>, ApiError> {
    let now = state.engine.ports.clock.now();
    let workers = state.engine.workers().await?;
    Ok(Json(WorkerList { items: workers.into_iter().map(|worker| WorkerView::of(worker, now)).collect() }))
}

/// Drain a worker
///
/// It takes no new work and finishes its attempts. It learns of it with its next report, at most 15 s
/// later.
#[utoipa::path(
    post, path = "/v1/workers/{worker_id}:drain", tag = "workers", operation_id = "drain_worker",
    params(("worker_id" = String, Path, description = "Name of the worker, percent-encoded", pattern = "^[!-~]{1,128}$")),
    responses((status = 204, description = "The worker drains from its next report on"), (status = 404, response = NotFound))
)]
pub async fn drain_worker(
    State(state): Shared,
    WorkerIdPath(id): WorkerIdPath,
) -> Result<StatusCode, ApiError> {
    state.engine.drain_worker(&id, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Resume a draining worker
#[utoipa::path(
    post, path = "/v1/workers/{worker_id}:resume", tag = "workers", operation_id = "resume_worker",
    params(("worker_id" = String, Path, description = "Name of the worker, percent-encoded", pattern = "^[!-~]{1,128}$")),
    responses((status = 204, description = "The worker takes work from its next report on"), (status = 404, response = NotFound))
)]
pub async fn resume_worker(
    State(state): Shared,
    WorkerIdPath(id): WorkerIdPath,
) -> Result<StatusCode, ApiError> {
    state.engine.drain_worker(&id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
