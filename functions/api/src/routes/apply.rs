use std::sync::Arc;

use axum::extract::State;
use belfry_domain::JobSpec;
use belfry_engine::Precondition;
use serde::{Deserialize, Deserializer, de::DeserializeSeed};
use utoipa::ToSchema;

use crate::{
    ApiState,
    http::{body::Json, fields::Object, problem::ApiError, schema::Conflict},
    views::{AppliedJob, ApplyAnswer},
};

const MAX_JOBS: usize = 10_000;

/// Definitions to apply together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyRequest {
    /// Definitions of the jobs, 1 to 10,000.
    #[schema(value_type = Vec<JobSpec>, min_items = 1, max_items = 10_000)]
    jobs: Vec<Definition>,
    /// Whether to answer with the changes and write nothing. Default false.
    #[serde(default)]
    dry_run: bool,
}

struct Definition(JobSpec);

impl<'de> Deserialize<'de> for Definition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Object::new().deserialize(deserializer).map(Self)
    }
}

/// Create or replace many jobs, all or none
///
/// The jobs may depend on each other. With `dry_run` nothing is written.
#[utoipa::path(
    post, path = "/v1/jobs:apply", tag = "jobs", operation_id = "apply_jobs",
    request_body(content = ApplyRequest, example = json!({"dry_run": true, "jobs": [
        {"job_id": "ingest", "schedule": "@daily", "command": "./ingest"},
        {"job_id": "report", "dependencies": ["ingest"], "command": "./report"}]})),
    responses(
        (status = 200, description = "Changes that were made, or would be made", body = ApplyAnswer),
        (status = 409, response = Conflict),
    )
)]
pub async fn apply_jobs(
    State(state): State<Arc<ApiState>>,
    Json(request): Json<ApplyRequest>,
) -> Result<axum::Json<ApplyAnswer>, ApiError> {
    let ApplyRequest { jobs, dry_run } = request;
    if jobs.is_empty() || jobs.len() > MAX_JOBS {
        return Err(ApiError::invalid("jobs", format!("must be from 1 to {MAX_JOBS}")));
    }
    let specs: Vec<JobSpec> = jobs.into_iter().map(|definition| definition.0).collect();
    let any = Precondition::None;
    let outcomes = if dry_run {
        state.engine.plan_jobs(&specs, &any).await?
    } else {
        state.engine.apply_jobs(specs, &any).await?
    };
    Ok(axum::Json(ApplyAnswer { dry_run, jobs: outcomes.iter().map(AppliedJob::of).collect() }))
}
