//! The API, called again where an answer is lost: when a process of a function fails, the emulator ends
//! the others in the middle of their work.

use std::{
    ops::Deref,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use belfry_e2e::{Answer, until};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// Time for several lost answers: each is known to be lost after half a minute, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);
const PAGE: usize = 1000;

/// Client of the API through the function, which repeats calls. Methods of the inner client, such as
/// `try_post`, call once.
pub struct Api(belfry_e2e::Api);

impl Deref for Api {
    type Target = belfry_e2e::Api;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Api {
    pub fn new(url: &str) -> Self {
        Self(belfry_e2e::Api::new(url))
    }

    /// Makes a request with a key of its own, so that a repeated request asks for the same work. Batches
    /// have a key for each execution instead, and the slots of a backfill run once without one.
    pub fn change(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        static KEYS: AtomicU32 = AtomicU32::new(0);
        let key = format!("case-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let takes_none = path.ends_with(":batch") || path.ends_with("/backfills");
        let request = self.request(method, path);
        let request = if takes_none { request } else { request.header("idempotency-key", key) };
        request.header("content-type", "application/json").body(body.to_string())
    }

    /// Sends a request, which may be repeated, until there is an answer. 500 is an answer: a fault of
    /// Belfry's own.
    pub async fn answer(&self, request: RequestBuilder) -> Answer {
        until("an answer", PATIENCE, async || {
            let lost = match self.send(request.try_clone()?).await {
                Ok(answer) if answer.status <= 500 => return Some(answer),
                Ok(answer) => answer.body.to_string(),
                Err(error) => error.to_string(),
            };
            eprintln!("asked again, for an answer was lost: {lost}");
            None
        })
        .await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.answer(self.request(Method::GET, path)).await.ok()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.answer(self.change(Method::POST, path, body)).await.ok()
    }

    /// Reads all items of a paged listing. `path` may have a query.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let mut page = self.get(&format!("{path}{sign}limit={PAGE}&cursor={cursor}")).await;
            items.append(page["items"].as_array_mut().expect("a page has items"));
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return items,
            }
        }
    }

    pub async fn execution(&self, id: &str) -> Value {
        self.get(&format!("/v1/executions/{id}")).await
    }
}
