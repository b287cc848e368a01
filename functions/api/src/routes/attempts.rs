//! Attempts outside of the engine: workers that speak HTTP, and targets that call back.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Json as Answer, extract::State, http::Uri};
use belfry_domain::{ClaimToken, ExecutionId, Holder, MAX_INPUT_BYTES, Progress, Timestamp};
use belfry_engine::{
    LeaseRequest,
    ports::{Completion, Ending, Load, Output, WorkerKind, WorkerReport},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    ApiState,
    http::{
        body::Json,
        ids::{ExecutionIdPath, PoolPath},
        problem::{ApiError, Kind},
        query::Query,
        schema::{Conflict, NotFound},
        worker_id,
    },
    views::{ExecutionView, HeartbeatReplyView, LeaseAnswer},
};

type Shared = State<Arc<ApiState>>;

/// Longest wait for work in seconds. API Gateway gives up after 30 s.
const LONGEST_WAIT_SECONDS: u64 = 20;
const MOST_AT_ONCE: u32 = 10;
const SHORTEST_LEASE_SECONDS: u32 = 5;
const LONGEST_LEASE_SECONDS: u32 = 3600;
const LARGEST_LOAD: u32 = 100_000;
const MAX_LABELS: usize = 20;
const MAX_LABEL: usize = 64;
const LONGEST_RETRY_AFTER_SECONDS: u32 = 3600;
/// Number of bytes that are kept of the end of an attempt's output.
const OUTPUT_TAIL_BYTES: usize = 4096;
const MAX_ERROR_CHARACTERS: usize = 500;

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LeaseQuery {
    /// Seconds to wait for the first attempt.
    #[param(required = false, minimum = 0, maximum = 20, default = 0)]
    pub wait: u64,
}

impl LeaseQuery {
    fn of(uri: &Uri) -> Result<Self, ApiError> {
        let query = Query::of(uri, &["wait"], &[])?;
        let Some(text) = query.text("wait") else { return Ok(Self { wait: 0 }) };
        let wait = text.parse().ok().filter(|wait| *wait <= LONGEST_WAIT_SECONDS);
        let wrong =
            || ApiError::parameter("wait", format!("must be whole seconds from 0 to {LONGEST_WAIT_SECONDS}"));
        Ok(Self { wait: wait.ok_or_else(wrong)? })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaseBody {
    /// Name of the worker, shown with its attempts: the same in all calls of one worker, different for each
    /// worker.
    #[schema(pattern = "^[!-~]{1,128}$", example = "render-7")]
    worker_id: String,
    /// Maximum number of attempts to lease.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 10, default = 1)]
    limit: u32,
    /// Length of the lease in seconds. Without a heartbeat within it the attempt goes to another worker.
    #[serde(default = "usual_lease_seconds")]
    #[schema(minimum = 5, maximum = 3600, default = 60)]
    lease_seconds: u32,
    /// Number of attempts that the worker can run at once. Shown by `belfry workers`.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    capacity: u32,
    /// Number of attempts that the worker runs now. Shown by `belfry workers`.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000, default = 0)]
    running: u32,
    /// Version of the worker, at most 64 characters. Shown by `belfry workers`. Default: none.
    #[serde(default)]
    #[schema(max_length = 64)]
    version: Option<String>,
    /// Labels of the worker, at most 20 of at most 64 characters. Shown by `belfry workers`. Default: none.
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

fn one() -> u32 {
    1
}

fn usual_lease_seconds() -> u32 {
    60
}

impl LeaseBody {
    fn check(&self) -> Result<(), ApiError> {
        if let Some(problem) = worker_id::problem(&self.worker_id) {
            return Err(ApiError::listing(Kind::Invalid, vec![problem]));
        }
        check_range("limit", self.limit, 1, MOST_AT_ONCE)?;
        check_range("capacity", self.capacity, 1, LARGEST_LOAD)?;
        check_range("running", self.running, 0, LARGEST_LOAD)?;
        if self.version.as_ref().is_some_and(|version| version.chars().count() > MAX_LABEL) {
            return Err(ApiError::invalid("version", format!("must have at most {MAX_LABEL} characters")));
        }
        let is_long = |text: &String| text.chars().count() > MAX_LABEL;
        if self.labels.len() > MAX_LABELS
            || self.labels.iter().any(|(name, value)| is_long(name) || is_long(value))
        {
            let message =
                format!("at most {MAX_LABELS} labels with at most {MAX_LABEL} characters each are allowed");
            return Err(ApiError::invalid("labels", message));
        }
        Ok(())
    }

    fn report(self, pool: &str, now: Timestamp) -> WorkerReport {
        let load = Load { capacity: self.capacity, running: self.running };
        WorkerReport {
            id: self.worker_id,
            kind: WorkerKind::Http,
            version: self.version,
            seen_at: now,
            pools: [(pool.to_owned(), load)].into(),
            labels: self.labels,
        }
    }
}

/// Lease attempts of a pool
///
/// For workers that use HTTP only. The call waits up to `wait` seconds for work and claims it; the
/// list is empty when there was none. Send a heartbeat within each lease, and `:finish` at the end.
/// When a lease ends without either, the attempt goes to another worker. A draining worker gets no
/// attempts.
#[utoipa::path(
    post, path = "/v1/pools/{pool}:lease", tag = "workers", operation_id = "lease_attempts",
    params(
        ("pool" = String, Path, description = "Name of the pool", pattern = "^(?![.]+$)[A-Za-z0-9_.-]{1,128}$"),
        LeaseQuery,
    ),
    request_body(content = LeaseBody, example = json!({"worker_id": "render-7", "lease_seconds": 60})),
    responses((status = 200, description = "Attempts that the worker now holds", body = LeaseAnswer))
)]
pub async fn lease_attempts(
    State(state): Shared,
    PoolPath(pool): PoolPath,
    uri: Uri,
    Json(body): Json<LeaseBody>,
) -> Result<Answer<LeaseAnswer>, ApiError> {
    let wait = LeaseQuery::of(&uri)?.wait;
    body.check()?;
    let request = LeaseRequest {
        pool,
        worker_id: body.worker_id.clone(),
        limit: body.limit as usize,
        wait: Duration::from_secs(wait),
        lease: lease(body.lease_seconds)?,
    };
    let report = body.report(&request.pool, state.engine.ports.clock.now());
    if state.engine.report_worker_now_and_then(report).await? {
        return Ok(Answer(LeaseAnswer { attempts: Vec::new(), draining: true }));
    }
    let leased = state.engine.lease(state.source.as_ref(), &request, &state.closing).await?;
    Ok(Answer(LeaseAnswer::of(leased)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatBody {
    /// Token of the lease.
    token: ClaimToken,
    /// New length of the lease in seconds, from now.
    #[serde(default = "usual_lease_seconds")]
    #[schema(minimum = 5, maximum = 3600, default = 60)]
    lease_seconds: u32,
    /// Progress to show. Default: unchanged.
    #[serde(default)]
    progress: Option<Progress>,
}

/// Renew the lease of an attempt
///
/// A lease is never renewed beyond the attempt's timeout. The answer says whether the attempt should
/// stop. 409 means that the caller no longer holds the attempt and must stop it.
#[utoipa::path(
    post, path = "/v1/executions/{execution_id}:heartbeat", tag = "workers", operation_id = "heartbeat",
    params(("execution_id" = ExecutionId, Path, description = "Name of the execution, `job@slot`")),
    request_body(content = HeartbeatBody, example = json!({"token": "1-00c0ffee00c0ffee", "lease_seconds": 60, "progress": {"percent": 42}})),
    responses(
        (status = 200, description = "The lease is renewed", body = HeartbeatReplyView),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn heartbeat(
    State(state): Shared,
    ExecutionIdPath(id): ExecutionIdPath,
    Json(body): Json<HeartbeatBody>,
) -> Result<Answer<HeartbeatReplyView>, ApiError> {
    let lease = lease(body.lease_seconds)?;
    let pulse = state.engine.heartbeat(&id, body.token, lease, body.progress).await?;
    let is_draining = match &pulse.execution.claim {
        Some(claim) if claim.holder == Holder::Remote => state.engine.touch_worker(&claim.worker_id).await?,
        _ => false,
    };
    Ok(Answer(HeartbeatReplyView::of(&pulse, is_draining)))
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishStatus {
    Success,
    Failed,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishBody {
    /// Token of the lease. A target that calls back may send it as the header `Belfry-Callback-Token`
    /// instead.
    token: ClaimToken,
    /// Outcome of the attempt.
    status: FinishStatus,
    /// Result of a success: JSON for dependents, at most 64 KiB.
    #[serde(default)]
    result: Option<Value>,
    /// Error of a failure in one line, for people. The first 500 characters are kept.
    #[serde(default)]
    error: Option<String>,
    /// Whether another attempt cannot help after this failure. Default false.
    #[serde(default, rename = "final")]
    is_final: bool,
    /// Shortest delay before the next attempt after a failure, in seconds. Default: as the job's retry
    /// policy says.
    #[serde(default)]
    #[schema(maximum = 3600)]
    retry_after_seconds: Option<u32>,
    /// Output of the attempt. The last 4 KiB are kept.
    #[serde(default)]
    output: Option<String>,
}

/// End an attempt
///
/// The job's retry policy decides whether a failure is retried. The first report counts: repeating it
/// is answered alike and changes nothing, a different one is 409, as is a report after the lease was
/// lost.
#[utoipa::path(
    post, path = "/v1/executions/{execution_id}:finish", tag = "workers", operation_id = "finish",
    params(("execution_id" = ExecutionId, Path, description = "Name of the execution, `job@slot`")),
    request_body(
        content = FinishBody,
        example = json!({"token": "1-00c0ffee00c0ffee", "status": "success", "result": {"rows": 3}})
    ),
    responses(
        (status = 200, description = "The execution after the attempt", body = ExecutionView),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn finish(
    State(state): Shared,
    ExecutionIdPath(id): ExecutionIdPath,
    Json(body): Json<FinishBody>,
) -> Result<Answer<ExecutionView>, ApiError> {
    let token = body.token;
    let completion = completion(body)?;
    Ok(Answer(state.engine.finish_elsewhere(&id, token, completion).await?.into()))
}

fn completion(body: FinishBody) -> Result<Completion, ApiError> {
    let ending = match body.status {
        FinishStatus::Success => {
            let of_failure = [
                ("error", body.error.is_some()),
                ("final", body.is_final),
                ("retry_after_seconds", body.retry_after_seconds.is_some()),
            ];
            if let Some((field, _)) = of_failure.into_iter().find(|(_, is_given)| *is_given) {
                return Err(ApiError::invalid(field, "is only for `\"status\": \"failed\"`"));
            }
            Ending::Succeeded { result: checked(body.result)? }
        }
        FinishStatus::Failed => {
            if body.result.is_some() {
                return Err(ApiError::invalid("result", "is only for `\"status\": \"success\"`"));
            }
            let retry_after = body.retry_after_seconds.unwrap_or(0);
            check_range("retry_after_seconds", retry_after, 0, LONGEST_RETRY_AFTER_SECONDS)?;
            Ending::Failed {
                error: one_line(body.error.as_deref().unwrap_or("the worker gave no reason")),
                is_final: body.is_final,
                retry_after: body.retry_after_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            }
        }
    };
    let output = body.output.filter(|output| !output.is_empty()).map(|output| tail(&output));
    Ok(Completion { ending, output })
}

fn checked(result: Option<Value>) -> Result<Option<Value>, ApiError> {
    let bytes = result.as_ref().map_or(0, |result| result.to_string().len());
    if bytes > MAX_INPUT_BYTES {
        let message = format!(
            "has {bytes} bytes as JSON; at most {MAX_INPUT_BYTES} are allowed: store it elsewhere and pass a reference"
        );
        return Err(ApiError::invalid("result", message));
    }
    Ok(result)
}

fn one_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.trim().chars().take(MAX_ERROR_CHARACTERS).collect()
}

fn tail(text: &str) -> Output {
    let least = text.len().saturating_sub(OUTPUT_TAIL_BYTES);
    let start = (least..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    Output { tail: text[start..].to_owned(), bytes: text.len() as u64, log: None }
}

fn lease(seconds: u32) -> Result<Duration, ApiError> {
    check_range("lease_seconds", seconds, SHORTEST_LEASE_SECONDS, LONGEST_LEASE_SECONDS)?;
    Ok(Duration::from_secs(seconds.into()))
}

fn check_range(field: &str, value: u32, least: u32, most: u32) -> Result<(), ApiError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ApiError::invalid(field, format!("must be from {least} to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_where_it_may_be() {
        assert_eq!(one_line("\n  boom \nat line 3"), "boom");
        assert_eq!(one_line(&"ä".repeat(600)).chars().count(), MAX_ERROR_CHARACTERS);
        let kept = tail(&format!("{}x", "ä".repeat(4000)));
        assert_eq!((kept.bytes, kept.tail.len()), (8001, OUTPUT_TAIL_BYTES - 1), "no half of a character");
        assert_eq!(tail("short"), Output { tail: "short".to_owned(), bytes: 5, log: None });
    }
}
