use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, HttpBody},
    http::{HeaderMap, HeaderName, Method, Request, StatusCode, header},
};
use belfry_api::{ApiState, Auth, Door, Leadership, Telemetry, TokenVerifier, router};
use belfry_conformance::ManualClock;
use belfry_domain::{ClaimToken, CompletedBy, ExecutionId, Target, Timestamp};
use belfry_engine::{
    Engine, Settings, StoredAlerts, Worker,
    ports::{
        Acquired, Alert, Alerts, Completion, Invocation, Log, LogWriter, Logs, Output, Ports, Random, Runner,
        Source, Stop, StoreError,
    },
};
use belfry_sqlite::{MemoryQueue, Store, Waves};
use futures::FutureExt;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

pub const TOKEN: &str = "the-token";
pub const JSON: (&str, &str) = ("content-type", "application/json");

#[derive(Default)]
struct Counter(AtomicU64);

impl Random for Counter {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, SeqCst)
    }
}

struct Silent;

#[async_trait]
impl Alerts for Silent {
    async fn raise(&self, _: Alert) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Runner for which commands fail for good, callbacks are taken, and everything else succeeds with its
/// input as its result.
struct Scripted(Arc<Mutex<Vec<ClaimToken>>>);

#[async_trait]
impl Runner for Scripted {
    async fn run(&self, invocation: Invocation) -> Completion {
        let output = Output { tail: "the end".to_owned(), bytes: 70_000, log: None };
        match invocation.target {
            Target::Command(_) => Completion::failed_for_good("exit status 3").with_output(output),
            target if target.completion() == CompletedBy::Callback => {
                self.0.lock().unwrap().push(invocation.token);
                Completion::handed_over()
            }
            _ => Completion::succeeded(Some(invocation.input)).with_output(output),
        }
    }
}

/// Logs with the references `here` and `elsewhere`; all others are gone.
struct Kept;

#[async_trait]
impl Logs for Kept {
    async fn open(&self, _: &ExecutionId, _: u32) -> Result<Box<dyn LogWriter>, StoreError> {
        unreachable!("nothing here writes logs")
    }

    async fn read(&self, reference: &str) -> Result<Option<Log>, StoreError> {
        Ok(match reference {
            "here" => {
                let pieces = ["all ", "of it"].map(|piece| Ok(piece.as_bytes().to_vec()));
                Some(Log::Here(Box::pin(futures::stream::iter(pieces))))
            }
            "elsewhere" => Some(Log::Elsewhere("https://bucket.example/key?signed".to_owned())),
            _ => None,
        })
    }

    async fn remove(&self, _: &[ExecutionId]) -> Result<(), StoreError> {
        unreachable!("nothing here removes logs")
    }
}

pub struct Role(pub AtomicBool);

impl Leadership for Role {
    fn is_leader(&self) -> bool {
        self.0.load(SeqCst)
    }
    fn leader_hint(&self) -> Option<String> {
        Some("host-7".to_owned())
    }
}

struct OneToken;

#[async_trait]
impl TokenVerifier for OneToken {
    async fn verify(&self, token: &str) -> bool {
        assert_ne!(token, "panic", "a defect, to see what comes of it");
        token == TOKEN
    }
}

pub struct Api {
    router: Router,
    pub engine: Arc<Engine>,
    pub clock: Arc<ManualClock>,
    pub role: Arc<Role>,
    queue: Arc<MemoryQueue>,
    waves: Mutex<Waves>,
    /// Tokens of attempts that may call back.
    pub called_back: Arc<Mutex<Vec<ClaimToken>>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Detail of a problem. It checks that the answer is one, with this status.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["type"].as_str().unwrap().starts_with("urn:belfry:problem:"));
        problem["detail"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }
}

impl Api {
    /// Advances the clock by so many seconds, with a tick each second.
    pub async fn tick(&self, seconds: u32) {
        let (ports, shards) = (&self.engine.ports, self.engine.settings.shards);
        for _ in 0..seconds {
            self.clock.advance(Duration::from_secs(1));
            let now = ports.clock.now();
            let acquired = ports.leases.acquire(0, "test", now, now.plus(Duration::from_secs(60))).await;
            let Acquired::Leader(lease) = acquired.unwrap() else { panic!("another leads") };
            self.engine.tick(&lease, shards.all()).await.unwrap();
        }
    }

    pub fn open() -> Self {
        Self::new(Auth::Open)
    }

    pub fn guarded() -> Self {
        Self::new(Auth::Bearer(Arc::new(OneToken)))
    }

    fn new(auth: Auth) -> Self {
        Self::with_settings(auth, Settings::standalone())
    }

    pub fn with_settings(auth: Auth, settings: Settings) -> Self {
        let store = Arc::new(Store::open_in_memory().unwrap());
        let start: Timestamp = "2026-11-23T12:00:30Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let telemetry = Arc::new(Telemetry::default());
        let (queue, waves) = MemoryQueue::start(clock.clone(), settings.ageing_step).unwrap();
        let alerts = StoredAlerts { rows: store.clone(), clock: clock.clone(), also: Arc::new(Silent) };
        let ports = Ports::new(
            store,
            queue.clone(),
            clock.clone(),
            Arc::new(Counter::default()),
            telemetry.clone(),
            Arc::new(alerts),
        );
        let engine = Arc::new(Engine::new(ports, settings));
        let role = Arc::new(Role(AtomicBool::new(true)));
        let state = ApiState {
            engine: engine.clone(),
            telemetry,
            door: Door::Server { listening: [127, 0, 0, 1].into(), public: None },
            auth,
            leadership: role.clone(),
            source: queue.clone(),
            closing: Stop::new(),
            logs: Some(Arc::new(Kept)),
            capacity: 4,
        };
        Self {
            router: router(state),
            engine,
            clock,
            role,
            queue,
            waves: Mutex::new(waves),
            called_back: Arc::default(),
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// Calls the API as clients do: with a Host and, for a body, its content type, unless `headers`
    /// hold others.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let body = body.into();
        let has = |name: HeaderName| headers.iter().any(|(other, _)| name == *other);
        let kind = (!body.is_end_stream() && !has(header::CONTENT_TYPE)).then_some(JSON);
        self.call_bare(method, path, &[headers, kind.as_slice()].concat(), body).await
    }

    /// Calls the API with a Host at least.
    pub async fn call_bare(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(header::HOST, "127.0.0.1:7433");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], "").await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, &[], body.to_string()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &[], body.to_string()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], "").await
    }

    fn worker(&self) -> Worker {
        Worker { id: "worker-1".to_owned(), runner: Arc::new(Scripted(self.called_back.clone())) }
    }

    /// Handles so many messages of one pool, and not the messages that follow from them.
    pub async fn take_from(&self, pool: &str, count: usize) {
        let deliveries =
            self.queue.receive(pool, count, Duration::ZERO, &Stop::new()).now_or_never().and_then(Result::ok);
        for delivery in deliveries.unwrap_or_default() {
            self.engine.execute(&delivery.message, &self.worker()).await.unwrap();
        }
    }

    /// Runs everything that waits for a worker.
    pub async fn work(&self) {
        self.work_in(&["default", "command"]).await;
    }

    pub async fn work_in(&self, pools: &[&str]) {
        loop {
            let wave = self.waves.lock().unwrap().try_recv();
            if let Ok(wave) = wave {
                self.engine.dispatch(wave).await.unwrap();
                continue;
            }
            let mut deliveries = Vec::new();
            for pool in pools {
                deliveries.extend(
                    self.queue
                        .receive(pool, 10, Duration::ZERO, &Stop::new())
                        .now_or_never()
                        .and_then(Result::ok)
                        .unwrap_or_default(),
                );
            }
            if deliveries.is_empty() {
                return;
            }
            for delivery in deliveries {
                self.engine.execute(&delivery.message, &self.worker()).await.unwrap();
            }
        }
    }
}
