use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};

use crate::{
    ApiState,
    http::{ids::WorkerIdPath, problem::ApiError},
    openapi::NotFound,
    views::{WorkerList, WorkerView},
};

type Shared = State<Arc<ApiState>>;

/// List workers
///
/// Those that have said in the last five minutes that they are there: which pools they serve, how
/// many attempts they run of how many they could, and whether they take new ones. As they said it
/// themselves, every 15 s or with every lease.
#[utoipa::path(
    get, path = "/v1/workers", tag = "workers", operation_id = "list_workers",
    responses((status = 200, description = "The workers, by id", body = WorkerList))
)]
pub async fn list_workers(State(state): Shared) -> Result<Json<WorkerList>, ApiError> {
    let now = state.engine.ports.clock.now();
    let workers = state.engine.workers().await?;
    Ok(Json(WorkerList { items: workers.into_iter().map(|worker| WorkerView::of(worker, now)).collect() }))
}

/// Let a worker take nothing new
///
/// It finishes what it has. It hears of it with its next report, at most 15 s later.
#[utoipa::path(
    post, path = "/v1/workers/{worker_id}:drain", tag = "workers", operation_id = "drain_worker",
    params(("worker_id" = String, Path, description = "As it is listed, encoded", pattern = "^[!-~]{1,128}$")),
    responses((status = 204, description = "It drains, from its next report on"), (status = 404, response = NotFound))
)]
pub async fn drain_worker(
    State(state): Shared,
    WorkerIdPath(id): WorkerIdPath,
) -> Result<StatusCode, ApiError> {
    state.engine.drain_worker(&id, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a worker that drains go on
#[utoipa::path(
    post, path = "/v1/workers/{worker_id}:resume", tag = "workers", operation_id = "resume_worker",
    params(("worker_id" = String, Path, description = "As it is listed, encoded", pattern = "^[!-~]{1,128}$")),
    responses((status = 204, description = "It goes on, from its next report on"), (status = 404, response = NotFound))
)]
pub async fn resume_worker(
    State(state): Shared,
    WorkerIdPath(id): WorkerIdPath,
) -> Result<StatusCode, ApiError> {
    state.engine.drain_worker(&id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
