//! Request headers that have a meaning.

use axum::http::{HeaderMap, HeaderName, header};
use belfry_domain::{IdError, IdempotencyKey};
use belfry_engine::Precondition;

use super::problem::ApiError;

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text =
        value.to_str().map_err(|_| ApiError::parameter(name.as_str(), "must be visible ASCII characters"))?;
    Ok(Some(text.trim()))
}

/// Reads the key as it is, or as the string of a structured field that
/// draft-ietf-httpapi-idempotency-key-header asks for: the quotes are no part of the key.
///
/// # Errors
/// The header occurs twice, or holds no valid key.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let refused = |why: String| ApiError::parameter("Idempotency-Key", why);
    if headers.get_all(IDEMPOTENCY_KEY).iter().count() > 1 {
        return Err(refused("is given more than once".to_owned()));
    }
    let Some(text) = text(headers, &IDEMPOTENCY_KEY)? else { return Ok(None) };
    let key = match text.strip_prefix('"') {
        None => text.to_owned(),
        Some(rest) => unquoted(rest).ok_or_else(|| refused(NO_STRING.to_owned()))?,
    };
    key.parse().map(Some).map_err(|error: IdError| refused(error.to_string()))
}

/// Refuses an idempotency key on a request that does not use one. Ignoring it would let the caller rely
/// on it.
pub fn no_idempotency_key(headers: &HeaderMap, instead: &str) -> Result<(), ApiError> {
    if headers.contains_key(IDEMPOTENCY_KEY) {
        return Err(ApiError::parameter("Idempotency-Key", instead));
    }
    Ok(())
}

const NO_STRING: &str =
    "begins with a quote and must end with a quote; put a \\ before each \" and \\ in the key";

/// Text of a string of RFC 9651 whose first quote is left out.
fn unquoted(rest: &str) -> Option<String> {
    let mut characters = rest.strip_suffix('"')?.chars();
    let mut key = String::new();
    while let Some(character) = characters.next() {
        key.push(match character {
            '"' => return None,
            '\\' => characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?,
            other => other,
        });
    }
    Some(key)
}

/// Reads `If-Match` and `If-None-Match` of a request that changes a job.
///
/// # Errors
/// A header is not readable, or `If-None-Match` is not `*`.
pub fn precondition(headers: &HeaderMap) -> Result<Precondition, ApiError> {
    let wrong = |why: &str| ApiError::parameter("If-None-Match", why);
    let if_match = text(headers, &header::IF_MATCH)?;
    match (if_match, text(headers, &header::IF_NONE_MATCH)?) {
        (None, None) => Ok(Precondition::None),
        (None, Some("*")) => Ok(Precondition::Absent),
        // A job in no state at all: none is there and absent.
        (Some(_), Some("*")) => Ok(Precondition::Is(Vec::new())),
        (_, Some(_)) => Err(wrong("only * is supported")),
        (Some("*"), None) => Ok(Precondition::Exists),
        (Some(tags), None) => {
            Ok(Precondition::Is(tags.split(',').map(|tag| tag.trim().to_owned()).collect()))
        }
    }
}

/// Whether the client has this state already. By RFC 9110 a weak tag, as a cache on the way makes it,
/// counts like a strong one here.
///
/// # Errors
/// The header is not readable.
pub fn is_known(headers: &HeaderMap, etag: &str) -> Result<bool, ApiError> {
    let Some(tags) = text(headers, &header::IF_NONE_MATCH)? else { return Ok(false) };
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    Ok(tags == "*" || tags.split(',').any(|tag| strong(tag) == etag))
}
