//! Envelope of every request: its id, the access log, and the conversion of every error into a problem.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;

use super::{
    door::UNEMBEDDABLE,
    headers::REQUEST_ID,
    problem::{ApiError, Kind, PROBLEM_JSON},
};
use crate::ApiState;

const MAX_REQUEST_ID_BYTES: usize = 128;

pub async fn envelope(State(state): State<Arc<ApiState>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let id = request.headers().get(&REQUEST_ID).filter(|id| id.len() <= MAX_REQUEST_ID_BYTES).cloned();
    let id = id.unwrap_or_else(|| fresh_id(state.engine.ports.random.next()));
    let response = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = as_problem(response.unwrap_or_else(|panic| failed(panic.as_ref())), &path);
    let latency_ms = began.elapsed().as_secs_f64() * 1000.0;
    let status = response.status().as_u16();
    tracing::info!(target: "belfry::access", %method, path, status, latency_ms, request.id = ?id);
    response.headers_mut().insert(REQUEST_ID, id);
    response.headers_mut().extend(UNEMBEDDABLE);
    response
}

fn fresh_id(random: u64) -> HeaderValue {
    HeaderValue::try_from(format!("{random:016x}")).unwrap_or_else(|_| HeaderValue::from_static("none"))
}

fn failed(panic: &(dyn Any + Send)) -> Response {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("unknown"), "a handler panicked");
    ApiError::new(Kind::Internal, "defect in belfry; see the log of the server").into_response()
}

/// Converts errors that the framework answers by itself, as plain text: unknown routes and methods,
/// mostly.
fn as_problem(response: Response, path: &str) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if !is_error || is_problem {
        return response;
    }
    let kind = Kind::of_status(status);
    let detail = match kind {
        Kind::NotFound => format!("there is nothing at {path}; /v1/openapi.json lists all paths"),
        Kind::MethodNotAllowed => "the Allow header lists the methods of this path".to_owned(),
        _ => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    let mut problem = ApiError::new(kind, detail).into_response();
    problem
        .headers_mut()
        .extend(response.headers().get(header::ALLOW).map(|allow| (header::ALLOW, allow.clone())));
    problem
}
