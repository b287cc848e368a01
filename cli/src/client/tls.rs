//! HTTP client and its TLS.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn client(is_https: bool) -> anyhow::Result<Client> {
    let client = Client::builder()
        .tls_backend_preconfigured(tls(is_https)?)
        // A token must not follow a redirect to another host.
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .tcp_nodelay(true)
        .user_agent(concat!("belfry/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(client)
}

/// TLS configuration. The host's certificates are read only for https, because that takes longer than a
/// call over loopback.
fn tls(is_https: bool) -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    if is_https {
        return Ok(builder.with_platform_verifier()?.with_no_client_auth());
    }
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}
