//! Request of an attempt: what the target asks for, and the ids that every target receives.

use belfry_alerts::{KeyError, SigningKey};
use belfry_domain::{HttpMethod, HttpTarget};
use belfry_engine::ports::Invocation;
use chrono::Utc;
use reqwest::{
    Client, Method, Request, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};

use crate::targets::{Environment, callback::Callback};

const USER_AGENT: &str = concat!("belfry/", env!("CARGO_PKG_VERSION"));

/// Headers that frame the message on the wire. With a wrong one, a second request could hide in the
/// first.
const FRAMING: [HeaderName; 5] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::UPGRADE, header::TE];

/// Error in the configuration of the job or the worker. Another attempt would fail alike.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("the url is not valid: {0}")]
    Url(String),
    #[error("the url begins with {0}:, but only http: and https: are known")]
    Scheme(String),
    #[error("header {0:?} is not a valid HTTP header")]
    Header(String),
    #[error("header {0:?} belongs to the connection and cannot be set")]
    Framing(String),
    #[error("signing_key must be env:NAME, with the name of the worker's variable that holds the key")]
    KeyReference,
    #[error("variable {0} is not set on this worker; put the signing key (whsec_…) there")]
    NoKey(String),
    #[error("variable {name} on this worker: {source}")]
    BadKey { name: String, source: KeyError },
    #[error("cannot build the request: {0}")]
    Other(#[from] reqwest::Error),
}

pub(super) fn build(
    client: &Client,
    target: &HttpTarget,
    invocation: &Invocation,
    callback: Option<&Callback>,
    environment: &Environment,
) -> Result<Request, RequestError> {
    let url = parse(&target.url)?;
    let body = has_body(target.method).then(|| invocation.input.to_string());
    let mut headers = headers(target, invocation, body.is_some())?;
    if let Some(callback) = callback {
        set(&mut headers, "belfry-callback-url", &callback.url)?;
        set(&mut headers, "belfry-callback-token", &callback.token)?;
    }
    if let Some(reference) = &target.signing_key {
        let key = signing_key(reference, environment)?;
        sign(&mut headers, &key, invocation, body.as_deref().unwrap_or_default())?;
    }
    let request = client.request(method(target.method), url).headers(headers);
    Ok(match body {
        Some(body) => request.body(body).build()?,
        None => request.build()?,
    })
}

fn parse(url: &str) -> Result<Url, RequestError> {
    let url = Url::parse(url).map_err(|error| RequestError::Url(error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(RequestError::Scheme(other.to_owned())),
    }
}

fn has_body(method: HttpMethod) -> bool {
    matches!(method, HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch)
}

fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
    }
}

/// Headers of the request. Later ones replace earlier ones: a job may set its own content type and
/// agent, but not another execution.
fn headers(target: &HttpTarget, invocation: &Invocation, has_body: bool) -> Result<HeaderMap, RequestError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    if has_body {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in &target.headers {
        set(&mut headers, name, value)?;
    }
    let attempt = invocation.attempt.to_string();
    set(&mut headers, "idempotency-key", invocation.execution_id.as_str())?;
    set(&mut headers, "belfry-execution-id", invocation.execution_id.as_str())?;
    set(&mut headers, "belfry-run-id", &invocation.run_id)?;
    set(&mut headers, "belfry-attempt", &attempt)?;
    set(&mut headers, "belfry-fence", &attempt)?;
    Ok(headers)
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), RequestError> {
    let invalid = || RequestError::Header(name.to_owned());
    let key: HeaderName = name.parse().map_err(|_| invalid())?;
    if FRAMING.contains(&key) {
        return Err(RequestError::Framing(name.to_owned()));
    }
    headers.insert(key, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| invalid())?);
    Ok(())
}

fn signing_key(reference: &str, environment: &Environment) -> Result<SigningKey, RequestError> {
    let name = reference.strip_prefix("env:").ok_or(RequestError::KeyReference)?;
    let secret = environment.get(name).ok_or_else(|| RequestError::NoKey(name.to_owned()))?;
    SigningKey::parse(&secret.to_string_lossy())
        .map_err(|source| RequestError::BadKey { name: name.to_owned(), source })
}

/// Signs the request. The id is equal for all retries, so that a receiver can drop doubles.
fn sign(
    headers: &mut HeaderMap,
    key: &SigningKey,
    invocation: &Invocation,
    body: &str,
) -> Result<(), RequestError> {
    let id = invocation.execution_id.as_str();
    let timestamp = Utc::now().timestamp();
    set(headers, "webhook-id", id)?;
    set(headers, "webhook-timestamp", &timestamp.to_string())?;
    set(headers, "webhook-signature", &key.sign(id, timestamp, body.as_bytes()))
}
