//! Manual control of circuit breakers.

use std::sync::Arc;

use axum::{Json, extract::State};
use belfry_domain::{HumanDuration, JobId};
use belfry_engine::CircuitChange;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    http::{
        body::RawJson,
        ids::JobIdPath,
        problem::ApiError,
        schema::{Conflict, NotFound},
    },
    views::CircuitView,
};

type Shared = State<Arc<ApiState>>;

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCircuitBody {
    /// Time for which the circuit stays open. Default: the job's `circuit.open_for`.
    #[serde(default)]
    open_for: Option<HumanDuration>,
}

/// Open a job's circuit breaker
///
/// Slots are skipped, and triggered executions wait, until the time is over and one execution is
/// tried, or until the circuit is closed.
#[utoipa::path(
    post, path = "/v1/jobs/{job_id}:open-circuit", tag = "jobs", operation_id = "open_circuit",
    params(("job_id" = JobId, Path, description = "Name of the job")),
    request_body(content = Option<OpenCircuitBody>, example = json!({"open_for": "30m"})),
    responses(
        (status = 200, description = "Opened", body = CircuitView),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn open_circuit(
    State(state): Shared,
    JobIdPath(id): JobIdPath,
    body: RawJson,
) -> Result<Json<CircuitView>, ApiError> {
    let open_for = body.read_or_default::<OpenCircuitBody>()?.open_for;
    if open_for.is_some_and(|open_for| open_for.0.is_zero()) {
        return Err(ApiError::invalid("open_for", "must be more than 0"));
    }
    let change = CircuitChange::Open(open_for.map(|open_for| open_for.0));
    Ok(Json(state.engine.set_circuit(&id, change).await?.into()))
}

/// Close a job's circuit breaker
///
/// Executions start again, and failures are counted from zero.
#[utoipa::path(
    post, path = "/v1/jobs/{job_id}:close-circuit", tag = "jobs", operation_id = "close_circuit",
    params(("job_id" = JobId, Path, description = "Name of the job")),
    responses(
        (status = 200, description = "Closed", body = CircuitView),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn close_circuit(
    State(state): Shared,
    JobIdPath(id): JobIdPath,
) -> Result<Json<CircuitView>, ApiError> {
    Ok(Json(state.engine.set_circuit(&id, CircuitChange::Close).await?.into()))
}
