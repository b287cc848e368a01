use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use belfry_domain::{GateKey, Job, JobId, MAX_NOTE_CHARACTERS};
use belfry_engine::{EngineError, JobChange};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    ApiState,
    http::{
        body::RawJson,
        fields::NamedJob,
        headers::{is_known, precondition},
        ids::JobIdPath,
        problem::ApiError,
        query::{Query, encode_cursor},
        schema::{Conflict, NotFound, PreconditionFailed, TagFilter},
    },
    views::{JobPage, JobStatus, JobView, LimitsView},
};

/// Most waiting executions that an answer shows.
const WAITING: usize = 100;

type Shared = State<Arc<ApiState>>;

fn shown(state: &ApiState, status: StatusCode, job: &Job) -> Response {
    let view = JobView::of(job, state.engine.ports.clock.now());
    (status, [(header::ETAG, job.etag())], Json(view)).into_response()
}

/// Create or replace a job
///
/// The whole definition is replaced. `job_id` may be left out of the body.
#[utoipa::path(
    put, path = "/v1/jobs/{job_id}", tag = "jobs", operation_id = "put_job",
    params(
        ("job_id" = JobId, Path, description = "Name of the job"),
        ("If-Match" = Option<String>, Header, description = "Change the job only if it has this ETag; `*` means any"),
        ("If-None-Match" = Option<crate::http::schema::Asterisk>, Header, description = "`*`: create the job only if it does not exist"),
    ),
    request_body(content = inline(crate::http::schema::JobBody), description = "The definition",
        example = json!({"schedule": "0 0 * * *", "command": "python generate_report.py", "max_retries": 3, "timeout": 3600})),
    responses(
        (status = 201, description = "Created", body = JobView, headers(("ETag" = String), ("Location" = String))),
        (status = 200, description = "Replaced, or the same as before", body = JobView, headers(("ETag" = String))),
        (status = 409, response = Conflict), (status = 412, response = PreconditionFailed),
    )
)]
pub async fn put_job(
    State(state): Shared,
    JobIdPath(id): JobIdPath,
    headers: HeaderMap,
    body: RawJson,
) -> Result<Response, ApiError> {
    let (spec, own) = body.read_with(NamedJob(&id))?;
    if own.is_some_and(|own| own != id) {
        return Err(ApiError::invalid(
            "job_id",
            format!("differs from the job id in the path, {id}; you can leave it out"),
        ));
    }
    let outcomes = state.engine.apply_jobs(vec![spec], &precondition(&headers)?).await?;
    let outcome = outcomes.first().ok_or_else(|| EngineError::Conflict("nothing was applied".to_owned()))?;
    if outcome.change != JobChange::Created {
        return Ok(shown(&state, StatusCode::OK, &outcome.job));
    }
    let location = [(header::LOCATION, format!("/v1/jobs/{id}"))];
    Ok((location, shown(&state, StatusCode::CREATED, &outcome.job)).into_response())
}

/// Get a job
#[utoipa::path(
    get, path = "/v1/jobs/{job_id}", tag = "jobs", operation_id = "get_job",
    params(
        ("job_id" = JobId, Path, description = "Name of the job"),
        ("If-None-Match" = Option<String>, Header, description = "ETags of known versions: 304 if the job has one of them"),
    ),
    responses(
        (status = 200, description = "The job", body = JobView, headers(("ETag" = String))),
        (status = 304, description = "Unchanged definition; `next_slot` may have moved on", headers(("ETag" = String))),
        (status = 404, response = NotFound),
    )
)]
pub async fn get_job(
    State(state): Shared,
    JobIdPath(id): JobIdPath,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let job = state.engine.ports.jobs.job(&id).await?.filter(|job| !job.deleted);
    let job = job.ok_or_else(|| EngineError::NotFound { what: "job", id: id.to_string() })?;
    // How limits stand is part of the answer, and no part of the tag.
    if job.limits().is_none() && is_known(&headers, &job.etag())? {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, job.etag())]).into_response());
    }
    let mut view = JobView::of(&job, state.engine.ports.clock.now());
    if job.limits().is_some() {
        let gate = state.engine.job_gate(&id).await?;
        let line = state.engine.ports.gates.line(&GateKey { job_id: id, key: None }, WAITING).await?;
        view.limits = Some(LimitsView::of(gate, line, job.spec.circuit.is_some()));
    }
    Ok(([(header::ETAG, job.etag())], Json(view)).into_response())
}

/// Delete a job
///
/// Executions that have not started are cancelled; running ones may end. A job that others depend on
/// cannot be deleted.
#[utoipa::path(
    delete, path = "/v1/jobs/{job_id}", tag = "jobs", operation_id = "delete_job",
    params(
        ("job_id" = JobId, Path, description = "Name of the job"),
        ("If-Match" = Option<String>, Header, description = "Change the job only if it has this ETag; `*` means any"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, response = NotFound), (status = 409, response = Conflict), (status = 412, response = PreconditionFailed),
    )
)]
pub async fn delete_job(
    State(state): Shared,
    JobIdPath(id): JobIdPath,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    state.engine.delete_job(&id, &precondition(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    /// Note for people, at most 500 characters, shown with the job until it is resumed. Default: none, or
    /// the note of a job that is paused already.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// Pause a job
///
/// Slots after now do not start until the job is resumed. Earlier ones still do. A new version of the
/// definition keeps the pause and its note.
#[utoipa::path(
    post, path = "/v1/jobs/{job_id}:pause", tag = "jobs", operation_id = "pause_job",
    params(("job_id" = JobId, Path, description = "Name of the job")),
    request_body(content = Option<PauseBody>, example = json!({"note": "the source is down until Monday"})),
    responses(
        (status = 200, description = "Paused", body = JobView, headers(("ETag" = String))),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn pause_job(
    State(state): Shared,
    JobIdPath(id): JobIdPath,
    body: RawJson,
) -> Result<Response, ApiError> {
    let note = body.read_or_default::<PauseBody>()?.note;
    if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE_CHARACTERS) {
        return Err(ApiError::invalid("note", format!("at most {MAX_NOTE_CHARACTERS} characters")));
    }
    let job = state.engine.pause_job(&id, note.as_deref()).await?;
    Ok(shown(&state, StatusCode::OK, &job))
}

/// Resume a job
///
/// The job's misfire policy decides about the slots of the pause.
#[utoipa::path(
    post, path = "/v1/jobs/{job_id}:resume", tag = "jobs", operation_id = "resume_job",
    params(("job_id" = JobId, Path, description = "Name of the job")),
    responses(
        (status = 200, description = "Resumed", body = JobView, headers(("ETag" = String))),
        (status = 404, response = NotFound), (status = 409, response = Conflict),
    )
)]
pub async fn resume_job(State(state): Shared, JobIdPath(id): JobIdPath) -> Result<Response, ApiError> {
    let job = state.engine.resume_job(&id).await?;
    Ok(shown(&state, StatusCode::OK, &job))
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobQuery {
    /// Tag of the job, `key:value`. May be repeated; all must match.
    #[param(required = false, style = Form, explode)]
    pub tag: Vec<TagFilter>,
    /// State of the jobs.
    #[param(inline)]
    pub status: Option<JobStatus>,
    /// Part of the job's id.
    pub search: Option<String>,
    /// Pool of the jobs.
    pub pool: Option<String>,
    /// Maximum number of items on the page.
    #[param(required = false, minimum = 1, maximum = 1000, default = 100)]
    pub limit: usize,
    /// Value of `next_cursor` in the page before. Default: the first page.
    #[param(pattern = "^([A-Za-z0-9_-]{4})*$")]
    pub cursor: Option<String>,
}

impl JobQuery {
    fn of(uri: &Uri) -> Result<Self, ApiError> {
        let query = Query::of(uri, &["status", "search", "pool", "limit", "cursor"], &["tag"])?;
        let statuses = [("active", JobStatus::Active), ("paused", JobStatus::Paused)];
        Ok(Self {
            tag: query.all("tag").map(TagFilter::parse).collect::<Result<_, _>>()?,
            status: query.word("status", &statuses)?,
            search: query.text("search").map(str::to_owned),
            pool: query.text("pool").map(str::to_owned),
            limit: query.limit()?,
            cursor: query.cursor()?,
        })
    }

    fn wants(&self, job: &Job) -> bool {
        self.cursor.as_deref().is_none_or(|cursor| job.id().as_str() > cursor)
            && self.status.is_none_or(|status| status == JobStatus::of(job))
            && self.search.as_deref().is_none_or(|part| job.id().as_str().contains(part))
            && self.pool.as_deref().is_none_or(|pool| job.work().pool == pool)
            && self.tag.iter().all(|tag| tag.fits(job))
    }
}

/// List jobs, in the order of their ids
#[utoipa::path(
    get, path = "/v1/jobs", tag = "jobs", operation_id = "list_jobs", params(JobQuery),
    responses((status = 200, description = "A page of jobs", body = JobPage))
)]
pub async fn list_jobs(State(state): Shared, uri: Uri) -> Result<Json<JobPage>, ApiError> {
    let query = JobQuery::of(&uri)?;
    let (_, mut jobs) = state.engine.ports.jobs.all_jobs().await?;
    jobs.retain(|job| query.wants(job));
    jobs.sort_unstable_by(|a, b| a.id().cmp(b.id()));
    let has_more = jobs.len() > query.limit;
    jobs.truncate(query.limit);
    let now = state.engine.ports.clock.now();
    let next_cursor = jobs.last().filter(|_| has_more).map(|last| encode_cursor(last.id().as_str()));
    Ok(Json(JobPage { items: jobs.iter().map(|job| JobView::of(job, now)).collect(), next_cursor }))
}
