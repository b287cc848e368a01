//! Ids in paths. A malformed id is answered with 400, so that 404 always means that it does not exist.

use axum::{
    RequestPartsExt,
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use belfry_domain::{BackfillId, ExecutionId, IdError, JobId, Problem};

use super::{
    problem::{ApiError, Kind},
    worker_id,
};

pub struct JobIdPath(pub JobId);
pub struct ExecutionIdPath(pub ExecutionId);
/// Name of a pool in the path, in the form of a job id.
pub struct PoolPath(pub String);
pub struct WorkerIdPath(pub String);
pub struct BackfillIdPath(pub BackfillId);

async fn id<T: std::str::FromStr<Err = IdError>>(parts: &mut Parts, name: &str) -> Result<T, ApiError> {
    let text = parts.extract::<Path<String>>().await;
    let Path(text) = text.map_err(|error| ApiError::new(Kind::Malformed, error.body_text()))?;
    text.parse().map_err(|error: IdError| {
        ApiError::listing(Kind::Malformed, vec![Problem::new(name, error.to_string())])
    })
}

impl<S: Send + Sync> FromRequestParts<S> for JobIdPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        id(parts, "job_id").await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ExecutionIdPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        id(parts, "execution_id").await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PoolPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        id::<JobId>(parts, "pool").await.map(|name| Self(name.to_string()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WorkerIdPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = parts.extract::<Path<String>>().await;
        let Path(id) = text.map_err(|error| ApiError::new(Kind::Malformed, error.body_text()))?;
        match worker_id::problem(&id) {
            Some(problem) => Err(ApiError::listing(Kind::Malformed, vec![problem])),
            None => Ok(Self(id)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for BackfillIdPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        id(parts, "backfill_id").await.map(Self)
    }
}
