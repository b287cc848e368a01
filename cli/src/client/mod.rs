//! HTTP client of a running belfry.

mod call;
mod tls;
pub mod wire;

use reqwest::{Response, StatusCode, Url, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::call::Call;
use crate::{error::CliError, problem::Problem};

/// Number of rows that one request asks for.
const PAGE: usize = 500;

pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl Client {
    pub fn new(url: &str, token: Option<String>) -> anyhow::Result<Self> {
        let base = Url::parse(url).map_err(|error| CliError::Usage(format!("--url {url:?}: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(CliError::Usage(format!("--url {url:?}: must begin with http:// or https://")).into());
        }
        Ok(Self { http: tls::client(base.scheme() == "https")?, base, token })
    }

    /// Sends the call and returns the answer's JSON.
    ///
    /// # Errors
    /// The problem that the server sent, or the failure to reach it.
    pub async fn send(&self, call: Call) -> Result<Value, CliError> {
        let request = call.build(&self.http, &self.base, self.token.as_deref());
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let is_success = response.status().is_success();
        let status = response.status();
        let text = self.text(response).await?;
        if !is_success {
            return Err(CliError::Refused(Box::new(Problem::read(status, &text))));
        }
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| self.not_belfry(&error))
    }

    /// Downloads text piece by piece, also where the answer redirects to another address.
    pub async fn download(&self, call: Call) -> anyhow::Result<Response> {
        let request = call.build(&self.http, &self.base, self.token.as_deref());
        let mut response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status() == StatusCode::TEMPORARY_REDIRECT {
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let url = Url::parse(location.unwrap_or_default())?;
            // Without the token, which is not for that host.
            response = tls::client(url.scheme() == "https")?
                .get(url)
                .send()
                .await
                .map_err(|error| self.unreachable(&error))?;
        }
        let status = response.status();
        if !status.is_success() {
            let text = self.text(response).await?;
            return Err(CliError::Refused(Box::new(Problem::read(status, &text))).into());
        }
        Ok(response)
    }

    pub async fn next_piece(&self, download: &mut Response) -> Result<Option<impl AsRef<[u8]>>, CliError> {
        download.chunk().await.map_err(|error| self.unreachable(&error))
    }

    async fn text(&self, response: Response) -> Result<String, CliError> {
        response.text().await.map_err(|error| self.unreachable(&error))
    }

    /// Items of a paged listing, at most `limit`.
    pub async fn pages(&self, call: Call, limit: usize) -> Result<Vec<Value>, CliError> {
        let mut items: Vec<Value> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let wanted = PAGE.min(limit - items.len());
            let page = call.clone().query("limit", Some(wanted)).query("cursor", cursor.take());
            let page: wire::Page = self.decode(self.send(page).await?)?;
            items.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() || items.len() >= limit {
                items.truncate(limit);
                return Ok(items);
            }
        }
    }

    pub fn decode<T: DeserializeOwned>(&self, value: Value) -> Result<T, CliError> {
        serde_json::from_value(value).map_err(|error| self.not_belfry(&error))
    }

    fn url(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    fn unreachable(&self, error: &reqwest::Error) -> CliError {
        CliError::Unreachable { url: self.url(), why: root_cause(error) }
    }

    fn not_belfry(&self, error: &serde_json::Error) -> CliError {
        CliError::NotBelfry { url: self.url(), why: error.to_string() }
    }
}

/// Innermost cause of an error, which says what happened. The client's own text only says "error
/// sending request".
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
