//! The request headers that mean something.

use axum::http::{HeaderMap, HeaderName, header};
use belfry_domain::SlotName;

use super::problem::ApiError;

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text =
        value.to_str().map_err(|_| ApiError::parameter(name.as_str(), "must be visible ASCII characters"))?;
    Ok(Some(text.trim()))
}

pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<SlotName>, ApiError> {
    let key = text(headers, &IDEMPOTENCY_KEY)?.map(str::parse::<SlotName>).transpose();
    key.map_err(|error| ApiError::parameter("Idempotency-Key", error.to_string()))
}

pub fn if_match(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    text(headers, &header::IF_MATCH)
}

/// Whether the client has this state already. By RFC 9110 a weak tag, as a cache on the way makes
/// it, is as good here as a strong one.
pub fn is_known(headers: &HeaderMap, etag: &str) -> Result<bool, ApiError> {
    let Some(tags) = text(headers, &header::IF_NONE_MATCH)? else { return Ok(false) };
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    Ok(tags == "*" || tags.split(',').any(|tag| strong(tag) == etag))
}

/// Whether the job must not exist yet: `*` is the only value that makes sense for that.
pub fn must_be_new(headers: &HeaderMap) -> Result<bool, ApiError> {
    match text(headers, &header::IF_NONE_MATCH)? {
        None => Ok(false),
        Some("*") => Ok(true),
        Some(_) => Err(ApiError::parameter("If-None-Match", "only * is supported")),
    }
}
