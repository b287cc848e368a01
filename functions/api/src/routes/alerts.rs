use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, Uri},
};
use belfry_engine::ports::{Alert, AlertKind, StoreError, key_of};

use crate::{
    ApiState,
    http::{problem::ApiError, query::Query},
    views::{AlertList, AlertState, AlertView},
};

type Shared = State<Arc<ApiState>>;

/// List alerts
///
/// Open alerts, and those resolved within the last day.
#[utoipa::path(
    get, path = "/v1/alerts", tag = "alerts", operation_id = "list_alerts",
    params(("state" = Option<AlertState>, Query, description = "State of the alerts to list. Default: all")),
    responses((status = 200, description = "The alerts", body = AlertList))
)]
pub async fn list_alerts(State(state): Shared, uri: Uri) -> Result<Json<AlertList>, ApiError> {
    let words = [("open", AlertState::Open), ("resolved", AlertState::Resolved)];
    let wanted = Query::of(&uri, &["state"], &[])?.word("state", &words)?;
    let rows = state.engine.ports.alert_rows.alerts().await?;
    let items = rows.into_iter().map(AlertView::from);
    Ok(Json(AlertList {
        items: items.filter(|alert| wanted.is_none_or(|state| alert.state == state)).collect(),
    }))
}

/// Send a test notice to all receivers
///
/// Receivers are told within seconds (on AWS within a minute), and told a minute later that it is
/// resolved. The list of alerts shows the outcome under the key `test`.
#[utoipa::path(
    post, path = "/v1/alerts:test", tag = "alerts", operation_id = "test_alerts",
    responses((status = 202, description = "Accepted; it will be sent", body = AlertView))
)]
pub async fn test_alerts(State(state): Shared) -> Result<(StatusCode, Json<AlertView>), ApiError> {
    let ports = &state.engine.ports;
    ports.alerts.raise(Alert::Test { by: "the API".to_owned() }).await?;
    let key = key_of(AlertKind::Test, None);
    let row = ports.alert_rows.alert(&key).await?;
    let row = row.ok_or_else(|| StoreError::Unavailable("the test alert has ended already".to_owned()))?;
    Ok((StatusCode::ACCEPTED, Json(row.into())))
}
