use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use belfry_domain::{JobId, PushSpec};
use belfry_engine::{Accepted, EngineError, PushRequest, TriggerRequest, ports::StoreError};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Headers, location};
use crate::{
    ApiState,
    http::{
        body::{Json, RawJson},
        fields::KeyedPush,
        headers::{idempotency_key, no_idempotency_key},
        ids::JobIdPath,
        problem::ApiError,
        schema::{Backlogged, BatchExecution, KeyHeader, NotFound},
    },
    views::{BatchAnswer, BatchItem, ExecutionView},
};

type Shared = State<Arc<ApiState>>;

const MAX_BATCH: usize = 1000;
const SEND_AGAIN: &str = "send this entry again";

pub(super) fn accepted(accepted: Accepted) -> Response {
    let status = if accepted.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = location(accepted.execution.id.as_str());
    (status, location, axum::Json(ExecutionView::from(accepted.execution))).into_response()
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerBody {
    /// Input of this execution. Default: the job's own.
    #[serde(default)]
    input: Option<Value>,
}

/// Trigger a job
///
/// Starts an execution now; dependents without a schedule follow. With an idempotency key the request
/// may be repeated and finds the same execution; a different request under the same key is 422,
/// `idempotency-key-reused`.
#[utoipa::path(
    post, path = "/v1/jobs/{job_id}/executions", tag = "executions", operation_id = "trigger_job",
    params(
        ("job_id" = JobId, Path, description = "Name of the job"),
        ("Idempotency-Key" = Option<KeyHeader>, Header, description = "Key under which the request may be repeated"),
    ),
    request_body(content = Option<TriggerBody>, example = json!({"input": {"day": "2026-11-23"}})),
    responses(
        (status = 201, description = "Accepted", body = ExecutionView, headers(("Location" = String))),
        (status = 200, description = "Accepted before, under this key", body = ExecutionView, headers(("Location" = String))),
        (status = 404, response = NotFound), (status = 429, response = Backlogged),
    )
)]
pub async fn trigger_job(
    State(state): Shared,
    JobIdPath(job_id): JobIdPath,
    headers: HeaderMap,
    body: RawJson,
) -> Result<Response, ApiError> {
    let TriggerBody { input } = body.read_or_default()?;
    let idempotency_key = idempotency_key(&headers)?;
    Ok(accepted(state.engine.trigger(TriggerRequest { job_id, input, idempotency_key }).await?))
}

/// Push one-time work
///
/// With an idempotency key the request may be repeated and finds the same execution. Requests are the
/// same if all their terms are, whether defaults are spelled out or not; a delay counts as it is
/// written. A different request under the same key is 422, `idempotency-key-reused`.
#[utoipa::path(
    post, path = "/v1/executions", tag = "executions", operation_id = "push_execution",
    params(("Idempotency-Key" = Option<KeyHeader>, Header, description = "Key under which the request may be repeated")),
    request_body(content = PushSpec, example = json!({"name": "welcome_mail", "delay": "5m",
        "target": {"type": "http", "url": "https://example.com/hooks/mail"}, "input": {"user": 7}})),
    responses(
        (status = 201, description = "Accepted", body = ExecutionView, headers(("Location" = String))),
        (status = 200, description = "Accepted before, under this key", body = ExecutionView, headers(("Location" = String))),
        (status = 429, response = Backlogged),
    )
)]
pub async fn push_execution(
    State(state): Shared,
    headers: HeaderMap,
    Json(spec): Json<PushSpec>,
) -> Result<Response, ApiError> {
    let idempotency_key = idempotency_key(&headers)?;
    Ok(accepted(state.engine.push(PushRequest { spec, idempotency_key }).await?))
}

/// Work to push together; each is accepted or refused on its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// Work to push, 1 to 1,000 entries.
    #[schema(value_type = Vec<BatchExecution>, min_items = 1, max_items = 1000)]
    executions: Vec<KeyedPush>,
}

/// Push up to 1,000 pieces of one-time work
///
/// Each entry has its own outcome. It is 429 where the queue of the entry is full, and 503 where the
/// store did not take the entry. Then `Retry-After` says when to send those entries again, and only
/// those: what was accepted is durable. If the store took no entry, the whole answer is 503. A body of
/// the wrong shape is refused as a whole. Each entry has its own `idempotency_key`; a batch with the
/// header `Idempotency-Key` is refused with 400.
#[utoipa::path(
    post, path = "/v1/executions:batch", tag = "executions", operation_id = "push_batch",
    request_body(content = BatchRequest, example = json!({"executions": [
        {"idempotency_key": "order-17", "target": {"type": "empty"}}, {"target": {"type": "empty"}, "delay": 30}]})),
    responses((status = 200, description = "The outcomes", body = BatchAnswer, headers(("Retry-After" = Option<String>))))
)]
pub async fn push_batch(
    State(state): Shared,
    headers: HeaderMap,
    Json(request): Json<BatchRequest>,
) -> Result<(Headers, axum::Json<BatchAnswer>), ApiError> {
    no_idempotency_key(&headers, "a batch accepts none: give each entry its own `idempotency_key`")?;
    let count = request.executions.len();
    if count == 0 || count > MAX_BATCH {
        return Err(ApiError::invalid("executions", format!("must be from 1 to {MAX_BATCH}")));
    }
    let requests = request.executions.into_iter();
    let requests = requests.map(|KeyedPush { spec, idempotency_key }| PushRequest { spec, idempotency_key });
    let (results, wait) = answers(state.engine.push_all(requests.collect()).await)?;
    let wait = wait.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds)));
    Ok((AppendHeaders(wait), axum::Json(BatchAnswer { results })))
}

/// Answers to the entries of a batch, and the longest time in seconds after which to send some of them
/// again.
///
/// # Errors
/// The store took no entry.
fn answers(
    outcomes: Vec<belfry_engine::Result<Accepted>>,
) -> Result<(Vec<BatchItem>, Option<u64>), ApiError> {
    if let Some(Err(error)) = outcomes.first()
        && outcomes.iter().all(|outcome| outcome.as_ref().is_err_and(is_untaken))
    {
        return Err(error.clone().into());
    }
    let mut wait = None;
    let answer = |outcome: belfry_engine::Result<Accepted>| {
        let error = match outcome {
            Ok(accepted) => return BatchItem::accepted(accepted.execution.id, accepted.is_new),
            Err(error) if is_untaken(&error) => ApiError::from(error).with_advice(SEND_AGAIN),
            Err(error) => error.into(),
        };
        wait = wait.max(error.retry_after());
        BatchItem::refused(error)
    };
    let results = outcomes.into_iter().map(answer).collect();
    Ok((results, wait))
}

fn is_untaken(error: &EngineError) -> bool {
    matches!(error, EngineError::Store(StoreError::Unavailable(_) | StoreError::Fenced))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use belfry_domain::{Execution, Priority, Run, Timestamp, Trigger};

    use super::*;

    fn created() -> Accepted {
        let run = Run { id: "push@a".to_owned(), root: None, more_roots: vec![], graph: 0 };
        let guard = "0 0 start push@a 1".to_owned().try_into().unwrap();
        let id = "push@a".parse().unwrap();
        let execution = Execution::new(id, run, Trigger::Push, Timestamp(0), Timestamp(0), guard);
        Accepted { execution, is_new: true }
    }

    fn not_taken() -> belfry_engine::Result<Accepted> {
        Err(StoreError::Unavailable("the table is throttled".to_owned()).into())
    }

    fn backlogged() -> belfry_engine::Result<Accepted> {
        let (pool, retry_after) = ("default".to_owned(), Duration::from_secs(14));
        Err(EngineError::Backlogged { pool, priority: Priority::Low, depth: 2, limit: 2, retry_after })
    }

    #[test]
    fn what_the_store_did_not_take_is_to_be_sent_again_alone() {
        let (results, wait) = answers(vec![Ok(created()), not_taken(), backlogged()]).unwrap();
        let statuses: Vec<u16> = results.iter().map(|result| result.status).collect();
        assert_eq!((statuses, wait), (vec![201, 503, 429], Some(14)));
        let detail = results[1].problem.as_ref().map(|problem| problem.detail.as_str());
        let expected = "the store did not answer: the table is throttled; send this entry again";
        assert_eq!(detail, Some(expected));
        assert_eq!(answers(vec![Ok(created()), not_taken()]).unwrap().1, Some(1));
    }

    #[test]
    fn a_batch_of_which_the_store_took_nothing_fails() {
        let error = answers(vec![not_taken(), not_taken()]).unwrap_err();
        assert_eq!(error.retry_after(), Some(1));
        assert_eq!(error.into_details().status, 503);
    }
}
