//! A target that jobs call over HTTP.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

/// Function that gives the answer to the nth call, counted from 1.
type Answer = fn(usize) -> (StatusCode, Duration);

pub struct Receiver {
    pub url: String,
    calls: Arc<Calls>,
    server: JoinHandle<()>,
}

struct Calls {
    answer: Answer,
    /// Execution and attempt that each call named.
    seen: Mutex<Vec<(String, u32)>>,
    /// Tokens of calls that may call back.
    tokens: Mutex<Vec<String>>,
    changed: Notify,
}

impl Receiver {
    pub async fn start(answer: Answer) -> Self {
        let calls = Arc::new(Calls {
            answer,
            seen: Mutex::default(),
            tokens: Mutex::default(),
            changed: Notify::new(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(called)).with_state(Arc::clone(&calls));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, calls, server }
    }

    pub fn calls(&self) -> Vec<(String, u32)> {
        self.calls.seen.lock().unwrap().clone()
    }

    pub fn tokens(&self) -> Vec<String> {
        self.calls.tokens.lock().unwrap().clone()
    }

    pub async fn until_called(&self, times: usize, within: Duration) {
        let wait = async {
            loop {
                let changed = self.calls.changed.notified();
                if self.calls().len() >= times {
                    break;
                }
                changed.await;
            }
        };
        let outcome = tokio::time::timeout(within, wait).await;
        assert!(outcome.is_ok(), "called {} times, not {times}, within {within:?}", self.calls().len());
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn called(State(calls): State<Arc<Calls>>, headers: HeaderMap) -> StatusCode {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let token = headers.get("belfry-callback-token").map(|token| token.to_str().unwrap().to_owned());
    calls.tokens.lock().unwrap().extend(token);
    let count = {
        let mut seen = calls.seen.lock().unwrap();
        seen.push((text("idempotency-key"), text("belfry-attempt").parse().unwrap()));
        seen.len()
    };
    calls.changed.notify_one();
    let (status, after) = (calls.answer)(count);
    tokio::time::sleep(after).await;
    status
}
