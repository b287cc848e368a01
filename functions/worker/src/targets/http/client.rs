//! Client that all requests share, for its idle connections.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;

use super::address_policy::Guard;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit of idle connections. It is below the 60 s after which common load balancers hang up, so
/// that few requests meet a closing connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

#[derive(Debug, thiserror::Error)]
pub(in crate::targets) enum ClientError {
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

pub(in crate::targets) fn build(guard: Guard) -> Result<Client, ClientError> {
    let client = Client::builder()
        .tls_backend_preconfigured(tls()?)
        .dns_resolver(guard)
        .no_proxy()
        // Followed by hand: the client would turn a redirected POST into a GET without its body.
        .redirect(redirect::Policy::none())
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build()?;
    Ok(client)
}

/// TLS configuration that trusts the authorities that the host trusts, so that an organisation's own
/// authority needs no second set-up.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
    };
    let mut config = match builder()?.with_platform_verifier() {
        Ok(config) => config.with_no_client_auth(),
        // Plain HTTP still works on an image without certificates.
        Err(error) => {
            tracing::warn!(%error, "no https target can be reached: install ca-certificates, or set SSL_CERT_FILE");
            builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
