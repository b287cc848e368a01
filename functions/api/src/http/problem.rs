//! Errors as RFC 9457 problems.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use belfry_domain::Problem;
use belfry_engine::{EngineError, ports::StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const PROBLEM_JSON: &str = "application/problem+json";

/// Kinds of problems, each with one HTTP status and one stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is malformed: wrong JSON syntax, or a malformed id.
    Malformed,
    /// A query parameter or header has a value that is not allowed.
    InvalidParameter,
    Unauthorized,
    /// A browser sent the request for a page that is not the API's own.
    ForeignPage,
    NotFound,
    MethodNotAllowed,
    Conflict,
    PreconditionFailed,
    TooLarge,
    /// The request names a host that is not this server.
    Misdirected,
    UnsupportedMediaType,
    /// The body can be read, but asks for something impossible.
    Invalid,
    /// The idempotency key was used for another request before.
    KeyReused,
    /// The queue is full.
    Backlogged,
    Internal,
    Standby,
    Unavailable,
    /// Other requests changed the same rows first, again and again.
    Contended,
}

impl Kind {
    /// Status, name and title of a kind.
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The request is malformed"),
            Self::InvalidParameter => {
                (StatusCode::BAD_REQUEST, "invalid-parameter", "A parameter is not valid")
            }
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, "unauthorized", "A valid bearer token is required")
            }
            Self::ForeignPage => {
                (StatusCode::FORBIDDEN, "foreign-page", "Request from a web page of another origin")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
            }
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "The current state does not allow this"),
            Self::PreconditionFailed => {
                (StatusCode::PRECONDITION_FAILED, "precondition-failed", "The precondition failed")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::Misdirected => {
                (StatusCode::MISDIRECTED_REQUEST, "misdirected", "Wrong host name for this API")
            }
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body must be JSON")
            }
            Self::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The request is not valid"),
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The idempotency key belongs to another request",
            ),
            Self::Backlogged => (StatusCode::TOO_MANY_REQUESTS, "backlogged", "The queue is full"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
            Self::Standby => (StatusCode::SERVICE_UNAVAILABLE, "standby", "This process is a standby"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The store did not answer"),
            Self::Contended => {
                (StatusCode::SERVICE_UNAVAILABLE, "contended", "Other requests keep changing the same things")
            }
        }
    }

    pub fn status(self) -> StatusCode {
        self.parts().0
    }

    /// Kind of an error that the web framework answered by itself.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::TOO_MANY_REQUESTS => Self::Backlogged,
            status if status.is_client_error() => Self::Malformed,
            _ => Self::Internal,
        }
    }
}

/// RFC 9457 problem details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDetails {
    /// Stable name of the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:belfry:problem:invalid", pattern = "^urn:belfry:problem:[a-z-]+$")]
    pub kind: String,
    /// Kind of problem in words.
    #[schema(example = "The request is not valid")]
    pub title: String,
    /// HTTP status of the problem.
    #[schema(example = 422, minimum = 400, maximum = 599)]
    pub status: u16,
    /// Explanation of this occurrence, for people.
    #[schema(example = "schedule: minute (column 1): 61 is out of range 0-59")]
    pub detail: String,
    /// Fields that are wrong, each with its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// Error on its way to the client.
#[derive(Debug, Clone)]
pub struct ApiError(Box<(ProblemDetails, Option<(HeaderName, HeaderValue)>)>);

impl ApiError {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (status, name, title) = kind.parts();
        let kind = format!("urn:belfry:problem:{name}");
        let (title, detail) = (title.to_owned(), detail.into());
        Self(Box::new((
            ProblemDetails { kind, title, status: status.as_u16(), detail, problems: Vec::new() },
            None,
        )))
    }

    /// Error with several problems, and a detail that lists them.
    pub fn listing(kind: Kind, problems: Vec<Problem>) -> Self {
        let detail: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let mut error = Self::new(kind, detail.join("; "));
        error.0.0.problems = problems;
        error
    }

    pub fn parameter(name: &str, message: impl Into<String>) -> Self {
        Self::listing(Kind::InvalidParameter, vec![Problem::new(name, message)])
    }

    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::listing(Kind::Invalid, vec![Problem::new(field, message)])
    }

    pub fn with_header(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        self.0.1 = value.try_into().ok().map(|value| (name, value));
        self
    }

    /// Adds to the detail what the caller is to do.
    pub fn with_advice(mut self, advice: &str) -> Self {
        self.0.0.detail = format!("{}; {advice}", self.0.0.detail);
        self
    }

    /// Seconds after which to send the request again, where that may help.
    pub fn retry_after(&self) -> Option<u64> {
        let (name, value) = self.0.1.as_ref()?;
        value.to_str().ok().filter(|_| *name == header::RETRY_AFTER)?.parse().ok()
    }

    pub fn into_details(self) -> ProblemDetails {
        self.0.0
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::Unavailable(_) => {
                Self::new(Kind::Unavailable, detail).with_header(header::RETRY_AFTER, "1")
            }
            StoreError::Fenced => Self::new(Kind::Standby, detail).with_header(header::RETRY_AFTER, "5"),
            _ => Self::new(Kind::Internal, detail),
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let detail = error.to_string();
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Invalid(problems) => Self::listing(Kind::Invalid, problems),
            EngineError::NotFound { .. } => Self::new(Kind::NotFound, detail),
            EngineError::Conflict(_) | EngineError::WrongStatus { .. } => Self::new(Kind::Conflict, detail),
            EngineError::Contended(_) => {
                Self::new(Kind::Contended, detail).with_header(header::RETRY_AFTER, "1")
            }
            EngineError::KeyReused { .. } => Self::new(Kind::KeyReused, detail),
            EngineError::Backlogged { retry_after, .. } => {
                let seconds = retry_after.as_secs().max(1);
                let detail = format!("{detail}; try again in {seconds} s");
                Self::new(Kind::Backlogged, detail).with_header(header::RETRY_AFTER, seconds.to_string())
            }
            // There is no tag of a job that is absent.
            EngineError::PreconditionFailed { current } => {
                let refused = Self::new(Kind::PreconditionFailed, detail);
                if current.starts_with('"') { refused.with_header(header::ETAG, current) } else { refused }
            }
            _ => Self::new(Kind::Internal, detail),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (details, header) = *self.0;
        let status = StatusCode::from_u16(details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&details).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        response.headers_mut().extend(header);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contention_is_to_be_repeated_and_a_conflict_is_not() {
        let answer = |error: EngineError| {
            let response = ApiError::from(error).into_response();
            let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
            (response.status().as_u16(), retry_after)
        };
        let contended = answer(EngineError::Contended("job a".to_owned()));
        assert_eq!(contended, (503, Some(HeaderValue::from_static("1"))));
        assert_eq!(answer(EngineError::Conflict("job b depends on job a".to_owned())), (409, None));
    }
}
