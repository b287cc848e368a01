//! Request to the API.

use reqwest::{Client, Method, RequestBuilder, Url, header};
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Call {
    method: Method,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Call {
    fn new<const N: usize>(method: Method, path: [&str; N]) -> Self {
        let path = path.into_iter().map(str::to_owned).collect();
        Self { method, path, query: Vec::new(), headers: Vec::new(), body: None }
    }

    /// Builds a GET request. `path` has one element for each segment, so that ids need no escaping
    /// here.
    pub fn get<const N: usize>(path: [&str; N]) -> Self {
        Self::new(Method::GET, path)
    }

    pub fn post<const N: usize>(path: [&str; N]) -> Self {
        Self::new(Method::POST, path)
    }

    pub fn delete<const N: usize>(path: [&str; N]) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub fn idempotency_key(mut self, key: Option<&String>) -> Self {
        self.headers.extend(key.map(|key| ("idempotency-key", in_header(key))));
        self
    }

    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) fn build(self, http: &Client, base: &Url, token: Option<&str>) -> RequestBuilder {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&self.path);
        }
        // An id may end like an action (`mail@order:cancel`); nothing that is read is one.
        if self.method == Method::GET
            && let Some((start, end)) = url.path().rsplit_once(':')
            && end.chars().all(|character| character.is_ascii_lowercase())
        {
            let path = format!("{start}%3A{end}");
            url.set_path(&path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut request = http.request(self.method, url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        match self.body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(body.to_string()),
            None => request,
        }
    }
}

/// Sets the idempotency key. A key with quotes or backslashes is sent as a string of RFC 9651, so that
/// they are not read as the string's own.
fn in_header(key: &str) -> String {
    if !key.contains(['"', '\\']) {
        return key.to_owned();
    }
    format!("\"{}\"", key.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_readable_in_paths_and_cannot_leave_them() {
        let http = crate::client::tls::client(false).unwrap();
        let base = Url::parse("http://h:1/prefix/").unwrap();
        let call = Call::get(["v1", "executions", "a@2026-11-23T00:00:00Z~2"]).query("q", Some("a b"));
        let request = call.build(&http, &base, None).build().unwrap();
        assert_eq!(request.url().as_str(), "http://h:1/prefix/v1/executions/a@2026-11-23T00:00:00Z~2?q=a+b");
        let call = Call::get(["v1", "jobs", "../x?y"]);
        let request = call.build(&http, &base, None).build().unwrap();
        assert_eq!(request.url().as_str(), "http://h:1/prefix/v1/jobs/..%2Fx%3Fy");
        let path = |call: Call| call.build(&http, &base, None).build().unwrap().url().path().to_owned();
        let [read, act] =
            [Call::get, Call::post].map(|call| path(call(["v1", "executions", "a@order:cancel"])));
        assert_eq!(read, "/prefix/v1/executions/a@order%3Acancel", "an id, though it ends like an action");
        assert_eq!(act, "/prefix/v1/executions/a@order:cancel");
    }

    #[test]
    fn a_key_is_sent_as_the_server_reads_it() {
        let http = crate::client::tls::client(false).unwrap();
        let base = Url::parse("http://h:1/").unwrap();
        for (key, sent) in
            [("order-42", "order-42"), ("a\"b", "\"a\\\"b\""), ("\"a\"", "\"\\\"a\\\"\""), ("\\", "\"\\\\\"")]
        {
            let call = Call::post(["v1", "executions"]).idempotency_key(Some(&key.to_owned()));
            let request = call.build(&http, &base, None).build().unwrap();
            assert_eq!(request.headers()["idempotency-key"], sent, "{key}");
        }
    }
}
