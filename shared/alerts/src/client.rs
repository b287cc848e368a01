//! HTTP client. It makes one request, and reports a failure without anything secret.

use std::{error::Error, sync::Arc, time::Duration};

use reqwest::{Client, RequestBuilder, redirect};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt as _;

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

/// Builds the client. Addresses are the operator's own choice, private ones too. Redirects are not
/// followed: a notice is meant only for the receiver that was named.
///
/// # Errors
/// TLS or the client can't be set up.
pub fn build() -> Result<Client, ClientError> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .user_agent(concat!("belfry/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(client)
}

/// Sends a request. Any 2xx is a receipt. The error repeats neither the address nor the answer: Slack's
/// addresses are secrets, and answers may quote a key.
///
/// # Errors
/// The HTTP status, or the cause of the failure.
pub async fn send(request: RequestBuilder) -> Result<(), String> {
    let response = request.send().await.map_err(|error| cause(&error.without_url()))?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("HTTP {}", status.as_u16())),
    }
}

/// Innermost cause of an error, which says what happened.
fn cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
