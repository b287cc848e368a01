//! Tests of certificates: the worker trusts exactly the authorities that the host trusts.

use std::{env, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{CertifiedKey, KeyPair};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    process::Command,
};
use tokio_rustls::TlsAcceptor;

use crate::support::{bounded, failure, post, result, run, targets};

const URL: &str = "BELFRY_TEST_URL";

fn acceptor(made: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(made: &CertifiedKey<KeyPair>) -> String {
    let acceptor = acceptor(made);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            stream.read_u8().await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            stream.flush().await.unwrap();
        }
    });
    format!("https://localhost:{port}/")
}

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_named() {
    let url = serve(&certificate()).await;
    let failed = failure(&run(&targets(), post(&url)).await);
    assert!(!failed.is_final && failed.error.starts_with("certificate not accepted: "), "{}", failed.error);
}

/// Runs in a process of its own, because the host's trust is read from the process's variables.
#[tokio::test]
async fn a_certificate_that_the_host_trusts_is_accepted() {
    let made = certificate();
    let directory = tempfile::tempdir().unwrap();
    let trusted = directory.path().join("trusted.pem");
    let encoded = STANDARD.encode(made.cert.der());
    std::fs::write(&trusted, format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n"))
        .unwrap();
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--ignored", "https::asks"])
        .env("SSL_CERT_FILE", &trusted)
        .env(URL, serve(&made).await)
        .status();
    assert!(bounded(status).await.unwrap().success());
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn asks() {
    result(&run(&targets(), post(&env::var(URL).unwrap())).await);
}
