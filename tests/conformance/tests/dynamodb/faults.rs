//! A connection that fails at a call that the test chooses.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use tokio::sync::Semaphore;

/// Fault in the call with this number, counted from 0.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Neither this call nor any later one gets through: the process has died.
    Death(usize),
    /// The call gets through, and its answer is lost.
    LostAnswer(usize),
    /// This call and all later ones wait until the semaphore is closed.
    Hold(usize, Arc<Semaphore>),
    /// No call that names this gets through.
    Naming(&'static str),
    /// The table throttles so many transactions before it takes one.
    Throttled(usize),
}

#[derive(Debug, Clone)]
pub struct Faulty {
    inner: SharedHttpClient,
    fault: Fault,
    calls: Arc<AtomicUsize>,
    transactions: Arc<AtomicUsize>,
}

impl Faulty {
    pub fn new(fault: Fault) -> Self {
        let inner = aws_smithy_http_client::Builder::new().build_http();
        Self { inner, fault, calls: Arc::default(), transactions: Arc::default() }
    }

    /// Whether this call is one of the transactions that are throttled.
    fn throttles(&self, request: &HttpRequest, count: usize) -> bool {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        target.ends_with(".TransactWriteItems") && self.transactions.fetch_add(1, Ordering::Relaxed) < count
    }

    /// Number of calls so far.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Changes settings of the SDK. Where an answer is lost the SDK repeats the call; otherwise it repeats
    /// nothing.
    pub fn config(&self, whole: &SdkConfig) -> SdkConfig {
        let retries = match self.fault {
            Fault::LostAnswer(_) => {
                RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1))
            }
            _ => RetryConfig::disabled(),
        };
        let config = whole.clone().into_builder();
        config.http_client(self.clone()).retry_config(retries).build()
    }
}

impl HttpClient for Faulty {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(FaultyConnector { connector, client: self.clone() })
    }
}

#[derive(Debug)]
struct FaultyConnector {
    connector: SharedHttpConnector,
    client: Faulty,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let number = self.client.calls.fetch_add(1, Ordering::Relaxed);
        let (connector, client) = (self.connector.clone(), self.client.clone());
        let broken = || ConnectorError::io("the connection is broken".into());
        HttpConnectorFuture::new(async move {
            match client.fault.clone() {
                Fault::Death(at) if number >= at => Err(broken()),
                Fault::LostAnswer(at) if number == at => {
                    connector.call(request).await?;
                    Err(broken())
                }
                Fault::Hold(from, held) if number >= from => {
                    // Closing it is what lets go.
                    assert!(held.acquire().await.is_err());
                    connector.call(request).await
                }
                Fault::Naming(text) if names(&request, text) => Err(broken()),
                Fault::Throttled(count) if client.throttles(&request, count) => Ok(cancelled()),
                _ => connector.call(request).await,
            }
        })
    }
}

fn names(request: &HttpRequest, text: &str) -> bool {
    String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).contains(text)
}

/// Answer of DynamoDB where it throttles one of the tables of a transaction.
fn cancelled() -> HttpResponse {
    let reasons =
        r#"[{"Code":"None"},{"Code":"ThrottlingError","Message":"Throughput exceeds the current capacity"}]"#;
    let body = format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled","CancellationReasons":{reasons}}}"#
    );
    let mut answer = HttpResponse::new(400.try_into().unwrap(), body.into());
    answer.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    answer
}
