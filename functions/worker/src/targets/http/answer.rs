//! Completion of an attempt from an HTTP answer, of which no more is read than is of use.

use std::time::Duration;

use belfry_engine::ports::{Completion, Ending};
use chrono::{DateTime, Utc};
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use super::failure::cause;
use crate::targets::tail::Tail;

/// Maximum number of bytes that are read of a body.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Maximum size of a result in bytes.
const MAX_RESULT_BYTES: usize = 64 * 1024;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Beginning of a body, which may become the result, and its end, which is kept for people.
struct Body {
    head: Vec<u8>,
    bytes: usize,
    tail: Tail,
}

/// Reads the completion. An answer of 202 does not end the attempt where the target may call back.
pub(super) async fn completion(
    mut response: Response,
    may_call_back: bool,
    output_tail_bytes: usize,
) -> Completion {
    let mut body = Body { head: Vec::new(), bytes: 0, tail: Tail::new(output_tail_bytes) };
    let read = body.read(&mut response).await;
    let status = response.status();
    let completion = match read {
        // However much of the answer came: it has been taken.
        _ if may_call_back && status == StatusCode::ACCEPTED => Completion::handed_over(),
        Err(error) if status.is_success() => {
            Completion::failed(format!("HTTP {status}, but the body ended early: {}", cause(&error)))
        }
        _ if status.is_success() => Completion::succeeded(body.result(response.headers())),
        _ => refused(status, response.headers(), &body),
    };
    match body.tail.output() {
        Some(output) => completion.with_output(output),
        None => completion,
    }
}

impl Body {
    async fn read(&mut self, response: &mut Response) -> reqwest::Result<()> {
        while self.bytes < MAX_BODY_BYTES
            && let Some(chunk) = response.chunk().await?
        {
            // One byte too many shows that it is too large.
            let room = MAX_RESULT_BYTES + 1 - self.head.len();
            self.head.extend_from_slice(&chunk[..chunk.len().min(room)]);
            self.bytes += chunk.len();
            self.tail.push(&chunk);
        }
        Ok(())
    }

    fn result(&self, headers: &HeaderMap) -> Option<Value> {
        if self.head.len() > MAX_RESULT_BYTES || !is_json(media_type(headers)) {
            return None;
        }
        serde_json::from_slice(&self.head).ok()
    }
}

fn refused(status: StatusCode, headers: &HeaderMap, body: &Body) -> Completion {
    let mut error = format!("HTTP {status}");
    // The last line of a page of HTML says nothing.
    if media_type(headers) != "text/html"
        && let Some(line) = body.tail.last_line()
    {
        error = format!("{error}: {line}");
    }
    let retry_after = retry_after(status, headers, Utc::now());
    Completion {
        ending: Ending::Failed { error, is_final: !is_retryable(status), retry_after },
        output: None,
    }
}

fn is_retryable(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
}

/// Wait that the target asks for: seconds, or a date in the form that RFC 9110 (5.6.7) prefers.
fn retry_after(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now).to_std().unwrap_or_default(),
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn is_json(media_type: &str) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    media_type == "application/json" || media_type.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_an_hour() {
        let now = "1994-11-06T08:49:07Z".parse().unwrap();
        let wait = |text: &str, status| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(status, &headers, now).map(|wait| wait.as_secs())
        };
        let busy = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(wait("120", busy), Some(120));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT", busy), Some(30));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT", busy), Some(0));
        assert_eq!(wait("99999", busy), Some(3600));
        assert_eq!(wait("99999999999999999999999", busy), None);
        assert_eq!(wait("soon", busy), None);
        assert_eq!(wait("-1", busy), None);
        assert_eq!(wait("5", StatusCode::TOO_MANY_REQUESTS), Some(5));
        assert_eq!(wait("5", StatusCode::INTERNAL_SERVER_ERROR), None);
    }

    #[test]
    fn what_is_worth_another_try() {
        for (status, expected) in [
            (400, false),
            (404, false),
            (408, true),
            (425, true),
            (429, true),
            (302, false),
            (500, true),
            (503, true),
        ] {
            assert_eq!(is_retryable(StatusCode::from_u16(status).unwrap()), expected, "{status}");
        }
    }

    #[test]
    fn json_by_any_of_its_names() {
        for (name, expected) in [
            ("application/json", true),
            ("Application/Problem+JSON", true),
            ("text/plain", false),
            ("", false),
        ] {
            assert_eq!(is_json(name), expected, "{name}");
        }
    }
}
