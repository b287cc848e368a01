//! Authentication of callers, and refusal of writes by a process that does not lead.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::Response,
};

use super::problem::{ApiError, Kind};
use crate::{ApiState, Auth};

pub async fn guard(
    State(state): State<Arc<ApiState>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    check_token(&state.auth, request.headers()).await?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) && !state.leadership.is_leader() {
        return Err(standby(&state));
    }
    Ok(next.run(request).await)
}

async fn check_token(auth: &Auth, headers: &HeaderMap) -> Result<(), ApiError> {
    let Auth::Bearer(verifier) = auth else { return Ok(()) };
    let Some(token) = bearer(headers) else {
        return Err(unauthorized("send a token in the header `Authorization: Bearer …`", "Bearer"));
    };
    if verifier.verify(token).await {
        return Ok(());
    }
    Err(unauthorized("this token is unknown or revoked", "Bearer error=\"invalid_token\""))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

fn unauthorized(detail: &str, challenge: &'static str) -> ApiError {
    ApiError::new(Kind::Unauthorized, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}

fn standby(state: &ApiState) -> ApiError {
    let leader = state.leadership.leader_hint();
    let leader = leader.map(|leader| format!("; the leader is {leader}")).unwrap_or_default();
    let detail = format!("this process is a standby and answers only reads{leader}");
    ApiError::new(Kind::Standby, detail).with_header(header::RETRY_AFTER, "5")
}
