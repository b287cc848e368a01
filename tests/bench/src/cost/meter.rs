//! Meter of a client's connections: counts calls, and the requests that SQS bills for them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::HttpRequest,
};

/// Size of the parts by which SQS counts requests.
const BILLED_BYTES: u64 = 64 * 1024;

#[derive(Debug, Clone)]
pub struct Meter {
    inner: SharedHttpClient,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU64,
    sqs_requests: AtomicU64,
}

impl Meter {
    pub fn new() -> Self {
        Self { inner: aws_smithy_http_client::Builder::new().build_http(), counts: Arc::default() }
    }

    /// Number of calls, to all services together.
    pub fn calls(&self) -> u64 {
        self.counts.calls.load(Ordering::Relaxed)
    }

    pub fn sqs_requests(&self) -> u64 {
        self.counts.sqs_requests.load(Ordering::Relaxed)
    }

    fn count(&self, request: &HttpRequest) {
        self.counts.calls.fetch_add(1, Ordering::Relaxed);
        if request.headers().get("x-amz-target").is_some_and(|target| target.starts_with("AmazonSQS.")) {
            let bytes = request.body().bytes().map_or(0, <[u8]>::len);
            self.counts.sqs_requests.fetch_add(billed(bytes), Ordering::Relaxed);
        }
    }
}

/// Number of requests as which a payload of `bytes` bytes is billed.
pub fn billed(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BILLED_BYTES).max(1)
}

impl HttpClient for Meter {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Counting { connector, meter: self.clone() })
    }
}

#[derive(Debug)]
struct Counting {
    connector: SharedHttpConnector,
    meter: Meter,
}

impl HttpConnector for Counting {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.meter.count(&request);
        self.connector.call(request)
    }
}
