//! The target that the jobs call over HTTP: it counts who called, by execution and attempt.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// Calls of each attempt, by `execution attempt`.
type Calls = Arc<Mutex<BTreeMap<String, u32>>>;

pub struct Target {
    pub address: String,
    calls: Calls,
    server: JoinHandle<()>,
}

impl Target {
    pub async fn start() -> Self {
        let calls = Calls::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().route("/{kind}", post(called)).with_state(Arc::clone(&calls));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, calls, server }
    }

    pub fn calls(&self) -> BTreeMap<String, u32> {
        self.calls.lock().unwrap().clone()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Everything succeeds but what is `bad`, for good, and the first attempt of what `fails_first`.
async fn called(
    State(calls): State<Calls>,
    Path(kind): Path<String>,
    headers: HeaderMap,
) -> (StatusCode, &'static str) {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let attempt = header("belfry-attempt");
    *calls.lock().unwrap().entry(format!("{} {attempt}", header("idempotency-key"))).or_default() += 1;
    match kind.as_str() {
        "bad" => (StatusCode::BAD_REQUEST, "broken"),
        "fails_first" if attempt == "1" => (StatusCode::INTERNAL_SERVER_ERROR, "broken"),
        _ => (StatusCode::OK, "{\"done\": true}"),
    }
}
