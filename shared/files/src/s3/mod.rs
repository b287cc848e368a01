//! Bucket, accessed by URLs that carry their own signature. Writers use them, and so do readers of logs
//! who are sent to the bucket.

mod archive;
mod logs;
mod sign;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_types::SdkConfig;
use belfry_engine::ports::StoreError;
use reqwest::{Client, Method, Url, redirect};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::sync::OnceCell;

pub use self::{archive::BucketArchive, logs::BucketLogs};

/// Time limit of one request as a whole.
const PATIENCE: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Variable with the name of the installation's bucket for its history; `infra/` sets it.
const VARIABLE: &str = "BELFRY_HISTORY_BUCKET";

/// Bucket. Clones share connections.
#[derive(Debug, Clone)]
pub struct Bucket {
    access: Arc<Access>,
    /// HTTP client, built when it is first needed: reading the host's certificates takes a while.
    http: Arc<OnceCell<Client>>,
}

#[derive(Debug)]
struct Access {
    bucket: String,
    region: String,
    /// Endpoint in place of AWS's own.
    endpoint: Option<String>,
    credentials: Option<SharedCredentialsProvider>,
}

impl Bucket {
    /// History of the installation. `None` where the installation keeps none.
    pub fn of_installation(sdk: &SdkConfig) -> Option<Self> {
        let bucket = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty())?;
        Some(Self::new(bucket, sdk))
    }

    pub fn new(bucket: String, sdk: &SdkConfig) -> Self {
        let access = Access {
            bucket,
            region: sdk.region().map(ToString::to_string).unwrap_or_default(),
            endpoint: sdk.endpoint_url().map(str::to_owned),
            credentials: sdk.credentials_provider(),
        };
        Self { access: Arc::new(access), http: Arc::default() }
    }

    /// Puts an object, which replaces an object with the same key.
    ///
    /// # Errors
    /// The bucket does not answer, or refuses the object.
    pub async fn put(&self, key: &str, kind: &'static str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let url = self.signed(&Method::PUT, key, PATIENCE).await?;
        let client = self.http.get_or_try_init(async || client()).await;
        let client = client.map_err(|why| self.failed(key, &why))?;
        let sent = client.put(url).header("content-type", kind).body(bytes).send().await;
        let answer = sent.map_err(|error| self.failed(key, &cause(&error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let text = answer.text().await.unwrap_or_default();
        Err(self.failed(key, &format!("{status}: {}", text.chars().take(300).collect::<String>())))
    }

    /// Signed URL of an object. Anybody who has the URL can read the object, for the time `valid`.
    pub async fn url(&self, key: &str, valid: Duration) -> Result<Url, StoreError> {
        self.signed(&Method::GET, key, valid).await
    }

    async fn signed(&self, method: &Method, key: &str, valid: Duration) -> Result<Url, StoreError> {
        let Access { bucket, region, endpoint, credentials } = &*self.access;
        let failed = |why: String| self.failed(key, &why);
        let provider = credentials.as_ref().ok_or_else(|| failed("no credentials".to_owned()))?;
        let credentials = provider.provide_credentials().await.map_err(|error| failed(error.to_string()))?;
        let url = sign::url(endpoint.as_deref(), bucket, region, key).map_err(failed)?;
        let request = sign::Request { method: method.as_str(), url, region, valid, now: SystemTime::now() };
        sign::sign(request, credentials).map_err(failed)
    }

    fn failed(&self, key: &str, why: &str) -> StoreError {
        StoreError::Unavailable(format!("s3://{}/{key}: {why}", self.access.bucket))
    }
}

fn client() -> Result<Client, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let tls = builder.with_platform_verifier().map_err(|error| error.to_string())?.with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(PATIENCE)
        .build()
        .map_err(|error| cause(&error))
}

/// Innermost cause of an error, which says what happened. The client's own text would repeat the signed
/// URL.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
