//! Full logs: all that an attempt printed.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use belfry_domain::ExecutionId;
use belfry_engine::{
    EngineError,
    ports::{Log, Output},
};

use crate::{
    ApiState,
    http::{
        problem::{ApiError, Kind},
        schema::NotFound,
    },
};

const TEXT: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];

/// Get the whole output of an attempt
///
/// Plain text of at most 10 MiB. Where more was printed, the middle is left out and a line says so.
/// On AWS the answer redirects to the bucket. Whole outputs are kept for `command` targets only, and
/// only where the worker keeps logs.
#[utoipa::path(
    get, path = "/v1/executions/{execution_id}/logs/{attempt}", tag = "executions", operation_id = "get_log",
    params(
        ("execution_id" = ExecutionId, Path, description = "Name of the execution, `job@slot`"),
        ("attempt" = u32, Path, minimum = 1, maximum = 4_294_967_295i64, description = "Number of the attempt, from 1"),
    ),
    responses(
        (status = 200, description = "The output", body = String, content_type = "text/plain"),
        (status = 307, description = "Address of the output, valid for some minutes", headers(("Location" = String))),
        (status = 404, response = NotFound),
    )
)]
pub async fn get_log(
    State(state): State<Arc<ApiState>>,
    Path((id, attempt)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let id: ExecutionId = id
        .parse()
        .map_err(|error: belfry_domain::IdError| ApiError::parameter("execution_id", error.to_string()))?;
    let attempt: u32 = attempt
        .parse()
        .ok()
        .filter(|attempt| *attempt > 0)
        .ok_or_else(|| ApiError::parameter("attempt", "must be a whole number from 1"))?;
    let outputs = state.engine.ports.executions.outputs(&id).await?;
    let Some(output) = outputs.into_iter().find(|output| output.attempt == attempt) else {
        let id = format!("{id}, attempt {attempt}");
        return Err(EngineError::NotFound { what: "output of", id }.into());
    };
    full(&state, output.output).await
}

async fn full(state: &ApiState, output: Output) -> Result<Response, ApiError> {
    let log = match (&state.logs, &output.log) {
        (Some(logs), Some(reference)) => logs.read(reference).await?,
        _ => None,
    };
    match log {
        Some(Log::Here(pieces)) => Ok((TEXT, Body::from_stream(pieces)).into_response()),
        Some(Log::Elsewhere(url)) => {
            Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, url)]).into_response())
        }
        None if output.bytes <= output.tail.len() as u64 => Ok((TEXT, output.tail).into_response()),
        None => Err(ApiError::new(
            Kind::NotFound,
            format!(
                "only the end of the {} bytes was kept, see the execution; belfry keeps full logs of commands only, and \
                 not with --no-logs",
                output.bytes
            ),
        )),
    }
}
