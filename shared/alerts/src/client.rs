//! One request, whose failure is told without what may be secret in it.

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

/// Addresses are the operator's own choice, private ones too. Redirects are not followed: what is
/// sent is meant for whoever was named.
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

/// Any 2xx is a receipt. Neither the address nor what was answered is repeated: Slack's addresses
/// are secrets, and answers may quote a key.
pub async fn send(request: RequestBuilder) -> Result<(), String> {
    let response = request.send().await.map_err(|error| cause(&error.without_url()))?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("HTTP {}", status.as_u16())),
    }
}

/// The innermost cause says what happened.
fn cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
