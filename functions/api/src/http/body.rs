//! JSON bodies, and exact messages about errors in them.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    response::IntoResponse,
};
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::error::Category;

use super::{
    fields::Object,
    hint,
    problem::{ApiError, Kind},
};

/// Maximum size of a body on most routes, in bytes.
pub const SMALL: usize = 1024 * 1024;
/// Maximum size of a body on routes that take many things at once, in bytes.
pub const LARGE: usize = 16 * 1024 * 1024;

/// Body that should be JSON and has not been read yet. The door has checked its content type.
pub struct RawJson(Bytes);

impl RawJson {
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        self.read_with(Object::new())
    }

    pub fn read_with<'de, S: DeserializeSeed<'de> + Clone>(&'de self, seed: S) -> Result<S::Value, ApiError> {
        let mut reader = serde_json::Deserializer::from_slice(&self.0);
        let value = seed.clone().deserialize(&mut reader);
        let value = value.and_then(|value| reader.end().map(|()| value));
        value.map_err(|error| explain(&self.0, seed, &error))
    }

    /// Reads the body. An absent body and null give the default.
    ///
    /// # Errors
    /// The body is not JSON of this shape.
    pub fn read_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, ApiError> {
        if matches!(self.0.trim_ascii(), b"" | b"null") { Ok(T::default()) } else { self.read() }
    }
}

impl<S: Send + Sync> FromRequest<S> for RawJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Bytes::from_request(request, state).await.map(Self).map_err(unread)
    }
}

/// Body that was read and has the right shape.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        RawJson::from_request(request, state).await?.read().map(Self)
    }
}

fn unread(rejection: BytesRejection) -> ApiError {
    let detail = rejection.body_text();
    ApiError::new(Kind::of_status(rejection.into_response().status()), detail)
}

fn explain<'de, S: DeserializeSeed<'de>>(bytes: &'de [u8], seed: S, error: &serde_json::Error) -> ApiError {
    match error.classify() {
        Category::Data => not_of_this_shape(bytes, seed, error),
        _ if bytes.is_empty() => ApiError::new(Kind::Malformed, "the body is empty; send JSON"),
        _ => ApiError::new(Kind::Malformed, format!("the body is not JSON: {error}")),
    }
}

/// Error for a body of another shape. It reads the body again with the path noted, which would be too
/// slow for every request.
fn not_of_this_shape<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    seed: S,
    error: &serde_json::Error,
) -> ApiError {
    let mut track = serde_path_to_error::Track::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let _ = seed.deserialize(serde_path_to_error::Deserializer::new(&mut reader, &mut track));
    let text = error.to_string();
    let path = field(&track.path().to_string(), &text);
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = hint::shorten(text.strip_suffix(&place).unwrap_or(&text));
    ApiError::invalid(&path, format!("{message} (line {}, column {})", error.line(), error.column().max(1)))
}

/// Name of the field with the error. The body as a whole has no name, but a missing field has one.
fn field(path: &str, message: &str) -> String {
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (path, missing) {
        (".", None) => "body".to_owned(),
        (".", Some(missing)) => missing.to_owned(),
        (path, None) => path.to_owned(),
        (path, Some(missing)) => format!("{path}.{missing}"),
    }
}

#[cfg(test)]
mod tests {
    use belfry_domain::{JobId, JobSpec, PushSpec};

    use super::*;
    use crate::http::fields::{KeyedPush, NamedJob};

    fn problem<T: DeserializeOwned>(json: &str) -> (u16, String) {
        let error = RawJson(json.to_owned().into()).read::<T>().err().unwrap().into_details();
        (error.status, error.detail)
    }

    #[test]
    fn every_error_has_its_place() {
        let shown: Vec<_> = [
            "",
            "{",
            "{\"job_id\":\"a\",}",
            "[]",
            "{}",
            "{\"job_id\":7}",
            "{\"job_id\":\"a b\"}",
            "{\"job_id\":\"a\",\"shedule\":\"@daily\"}",
            "{\"job_id\":\"a\",\"retry\":{\"backof\":\"fixed\"}}",
            "{\"job_id\":\"a\",\n\"retry\":{\"backoff\":\"expo\"}}",
            "{\"job_id\":\"a\",\"timeout\":\"soon\"}",
            "{\"job_id\":\"a\",\"dependencies\":[\"b\",\"c d\"]}",
            "{\"job_id\":\"a\",\"target\":{\"type\":\"htp\"}}",
            "{\"job_id\":\"a\",\"target\":{\"type\":\"http\",\"url\":\"http://x\",\"verb\":\"GET\"}}",
            "{\"job_id\":\"a\"} x",
        ]
        .into_iter()
        .map(|json| format!("{json}\n  {:?}", problem::<JobSpec>(json)))
        .collect();
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn a_batch_item_is_a_push_with_its_key() {
        let json = r#"{"name":"mail","idempotency_key":"k-1","target":{"type":"empty"}}"#;
        let item: KeyedPush = serde_json::from_str(json).unwrap();
        assert_eq!(item.idempotency_key.unwrap().as_str(), "k-1");
        assert_eq!(
            item.spec,
            serde_json::from_str::<PushSpec>(r#"{"name":"mail","target":{"type":"empty"}}"#).unwrap()
        );
        assert_eq!(
            serde_json::from_str::<KeyedPush>(r#"{"idempotency_key":null}"#).unwrap().idempotency_key,
            None
        );
        let twice = r#"{"idempotency_key":"a","idempotency_key":"b"}"#;
        assert!(serde_json::from_str::<KeyedPush>(twice).is_err());
        let bad = RawJson(r#"[{},{"idempotency_key":"a b"}]"#.into());
        let error = bad.read_with(std::marker::PhantomData::<Vec<KeyedPush>>).unwrap_err();
        insta::assert_snapshot!(error.into_details().detail);
    }

    #[test]
    fn a_job_takes_its_id_from_the_path() {
        let id: JobId = "nightly".parse().unwrap();
        let read = |json: &str| RawJson(json.to_owned().into()).read_with(NamedJob(&id));
        let (spec, own) = read("{}").unwrap();
        assert_eq!((spec.job_id, own), (id.clone(), None));
        let (spec, own) = read(r#"{"timeout":5,"job_id":"other"}"#).unwrap();
        assert_eq!((spec.job_id, own), (id.clone(), "other".parse().ok()));
        assert_eq!(spec.timeout.unwrap().to_string(), "5s");
        assert_eq!(read(r#"{"job_id":null}"#).unwrap_err().into_details().status, 422);
    }
}
