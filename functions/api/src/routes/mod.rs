//! The routes. Each handler's documentation is part of the OpenAPI document.

pub mod alerts;
pub mod apply;
pub mod attempts;
pub mod backfills;
pub mod circuit;
pub mod dead_letters;
mod elements;
pub mod executions;
pub mod jobs;
pub mod logs;
pub mod overview;
pub mod push;
pub mod reruns;
pub mod service;
pub mod timeline;
pub mod workers;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, header},
    middleware::{from_fn_with_state, map_request},
    response::AppendHeaders,
    routing::{MethodRouter, delete, get, post, put},
};
use tower::ServiceBuilder;

use crate::{
    ApiState,
    http::{
        access::guard,
        actions::{execution_path, split_action},
        body::{LARGE, SMALL},
        door::door,
        envelope::envelope,
    },
};

/// Routes under `/v1`, and `/metrics`, all behind the door. `document` describes all routes, so it is
/// passed in; nothing can be added later without the door.
pub fn router(state: ApiState, document: MethodRouter<Arc<ApiState>>) -> Router {
    let state = Arc::new(state);
    let routes = jobs_and_executions()
        .merge(attempts_elsewhere())
        .merge(operations())
        .route("/v1/openapi.json", document)
        .route_layer(from_fn_with_state(Arc::clone(&state), guard))
        .route("/v1/health", get(service::health))
        .layer(DefaultBodyLimit::max(SMALL))
        .with_state(Arc::clone(&state));
    let around = ServiceBuilder::new()
        .layer(from_fn_with_state(Arc::clone(&state), envelope))
        .layer(from_fn_with_state(state, door))
        .layer(map_request(rewrite));
    Router::new().fallback_service(around.service(routes))
}

async fn rewrite(request: axum::extract::Request) -> axum::extract::Request {
    split_action(request)
}

/// Routes of jobs and executions. An action after a colon arrives here as a path segment of its own.
fn jobs_and_executions() -> Router<Arc<ApiState>> {
    Router::new()
        .without_v07_checks()
        .route("/v1/jobs", get(jobs::list_jobs))
        .route("/v1/jobs:apply", post(apply::apply_jobs).layer(DefaultBodyLimit::max(LARGE)))
        .route("/v1/jobs/{job_id}", put(jobs::put_job).get(jobs::get_job).delete(jobs::delete_job))
        .route("/v1/jobs/{job_id}/:pause", post(jobs::pause_job))
        .route("/v1/jobs/{job_id}/:resume", post(jobs::resume_job))
        .route("/v1/jobs/{job_id}/:open-circuit", post(circuit::open_circuit))
        .route("/v1/jobs/{job_id}/:close-circuit", post(circuit::close_circuit))
        .route("/v1/jobs/{job_id}/executions", post(push::trigger_job).get(timeline::list_job_executions))
        .route("/v1/executions", post(push::push_execution).get(executions::list_executions))
        .route("/v1/executions:batch", post(push::push_batch).layer(DefaultBodyLimit::max(LARGE)))
        .route("/v1/executions:rerun", post(reruns::rerun_executions))
        .route("/v1/executions/{execution_id}", get(executions::get_execution))
        .route("/v1/executions/{execution_id}/logs/{attempt}", get(logs::get_log))
        .route("/v1/executions/{execution_id}/:cancel", post(executions::cancel_execution))
        .route("/v1/executions/{execution_id}/:retry", post(executions::retry_execution))
}

fn attempts_elsewhere() -> Router<Arc<ApiState>> {
    Router::new()
        .without_v07_checks()
        .route("/v1/workers", get(workers::list_workers))
        .route("/v1/workers/{worker_id}/:drain", post(workers::drain_worker))
        .route("/v1/workers/{worker_id}/:resume", post(workers::resume_worker))
        .route("/v1/pools/{pool}/:lease", post(attempts::lease_attempts))
        .route("/v1/executions/{execution_id}/:heartbeat", post(attempts::heartbeat))
        .route("/v1/executions/{execution_id}/:finish", post(attempts::finish))
}

fn operations() -> Router<Arc<ApiState>> {
    Router::new()
        .without_v07_checks()
        .route(
            "/v1/jobs/{job_id}/backfills",
            post(backfills::backfill_job).get(backfills::list_job_backfills),
        )
        .route("/v1/backfills", get(backfills::list_backfills))
        .route("/v1/backfills/{backfill_id}", get(backfills::get_backfill))
        .route("/v1/backfills/{backfill_id}/:pause", post(backfills::pause_backfill))
        .route("/v1/backfills/{backfill_id}/:resume", post(backfills::resume_backfill))
        .route("/v1/backfills/{backfill_id}/:cancel", post(backfills::cancel_backfill))
        .route("/v1/dead-letters", get(dead_letters::list_dead_letters))
        .route("/v1/dead-letters:redrive", post(dead_letters::redrive_dead_letters))
        .route("/v1/dead-letters/{execution_id}", delete(dead_letters::discard_dead_letter))
        .route("/v1/alerts", get(alerts::list_alerts))
        .route("/v1/alerts:test", post(alerts::test_alerts))
        .route("/v1/graph", get(overview::get_graph))
        .route("/v1/stats", get(overview::get_stats))
        .route("/metrics", get(service::metrics))
}

type Headers = AppendHeaders<Option<(HeaderName, HeaderValue)>>;

fn location(execution_id: &str) -> Headers {
    let value = HeaderValue::try_from(execution_path(execution_id)).ok();
    AppendHeaders(value.map(|value| (header::LOCATION, value)))
}
