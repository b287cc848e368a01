//! The HTTP API, as a client that looks at every answer.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Method, RequestBuilder, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use serde_json::Value;

const PAGE: usize = 1000;

#[derive(Clone)]
pub struct Api {
    http: Client,
    pub url: String,
}

/// An answer, whatever its status.
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body; panics unless the status is 2xx.
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self.body
    }
}

impl Api {
    pub fn new(url: &str) -> Self {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let tls = builder.with_safe_default_protocol_versions().unwrap();
        let http = Client::builder()
            .tls_backend_preconfigured(
                tls.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
            )
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Self { http, url: url.to_owned() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request; `Err` where no server answers.
    pub async fn send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, headers, body })
    }

    pub async fn try_get(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.try_get(path).await.unwrap().ok()
    }

    pub async fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<Answer> {
        self.send(json(self.request(Method::POST, path), body)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.try_post(path, body).await.unwrap().ok()
    }

    pub async fn try_put(&self, path: &str, body: &Value) -> reqwest::Result<Answer> {
        self.send(json(self.request(Method::PUT, path), body)).await
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

    /// Reads an execution. Its id may hold characters that have a meaning in a path.
    pub async fn execution(&self, id: &str) -> Value {
        self.get(&format!("/v1/executions/{}", id.replace('/', "%2F"))).await
    }

    pub async fn role(&self) -> Option<String> {
        let health = self.try_get("/v1/health").await.ok()?.body;
        health["role"].as_str().map(str::to_owned)
    }
}

fn json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}
