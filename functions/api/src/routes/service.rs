use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use belfry_domain::ZoneData;
use belfry_engine::{EngineError, ports::StoreError};

use super::overview::queue_view;
use crate::{
    ApiState,
    http::problem::{ApiError, Kind},
    telemetry::{Gauges, OPENMETRICS},
    views::{Health, Role},
};

type Shared = State<Arc<ApiState>>;

/// Check the health of the process
///
/// The process is healthy if its store answers, the time zone data in force can be read, and the last
/// tick that succeeded is at most 10 s old (on AWS 3 minutes). Otherwise the answer is 503 with the
/// reason. Needs no token.
#[utoipa::path(
    get, path = "/v1/health", tag = "service", operation_id = "get_health", security(()),
    responses((status = 200, description = "Healthy", body = Health))
)]
pub async fn health(State(state): Shared) -> Result<Json<Health>, ApiError> {
    let zone_data = state.engine.zones_in_force().await.map_err(unhealthy)?;
    if let Some(why) = state.engine.why_stalled().await? {
        return Err(ApiError::new(Kind::Unavailable, why));
    }
    let role = if state.leadership.is_leader() { Role::Leader } else { Role::Standby };
    let zone_data = zone_data.map(|version| ZoneData::release_of(&version).to_owned());
    Ok(Json(Health { status: "ok", role, version: env!("CARGO_PKG_VERSION"), zone_data }))
}

/// Error with status 503, also for a row that can't be read, so that load balancers send nothing here.
fn unhealthy(error: EngineError) -> ApiError {
    match error {
        EngineError::Store(StoreError::Unreadable { .. }) => {
            ApiError::new(Kind::Unavailable, error.to_string())
        }
        _ => error.into(),
    }
}

/// Get metrics for Prometheus
///
/// OpenMetrics text.
#[utoipa::path(
    get, path = "/metrics", tag = "service", operation_id = "get_metrics",
    responses((status = 200, description = "The metrics", body = String, content_type = "application/openmetrics-text"))
)]
pub async fn metrics(State(state): Shared) -> Result<Response, ApiError> {
    let ports = &state.engine.ports;
    let backlogs = ports.queue.backlogs().await?;
    let gauges = Gauges {
        queue_depth: backlogs.iter().map(|backlog| backlog.depth).sum(),
        queues: backlogs.into_iter().map(|backlog| queue_view(&state.engine, backlog)).collect(),
        dead_letters: ports.dead_letters.count_dead_letters().await?,
        running: state.engine.running_attempts() as u64,
        capacity: state.capacity,
        is_leader: state.leadership.is_leader(),
        tick_age: state.engine.since_last_tick().await?.unwrap_or_default(),
    };
    let text = state.telemetry.openmetrics(gauges);
    let text = text.map_err(|error| ApiError::new(Kind::Internal, error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response())
}
