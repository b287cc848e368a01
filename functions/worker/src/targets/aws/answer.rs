//! Answers of AWS services.

use std::fmt;

use reqwest::{Response, StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::targets::tail::one_line;

/// Maximum number of bytes that are read of an answer.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Error codes of 400s after which another attempt makes sense, because not all services answer 429.
const PASSING: [&str; 12] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "LimitExceededException",
    "ServiceUnavailable",
    "InternalFailure",
    "ExpiredTokenException",
    "ExecutionLimitExceeded",
];

pub(super) struct Answer {
    status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub code: String,
    pub body: Value,
}

impl Answer {
    pub async fn read(mut response: Response) -> reqwest::Result<Self> {
        let mut body = Vec::new();
        while body.len() < MAX_BODY_BYTES
            && let Some(chunk) = response.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status: response.status(), headers: response.headers().clone(), body })
    }

    pub fn checked(self) -> Result<Self, Refusal> {
        if self.status.is_success() {
            return Ok(self);
        }
        let body = self.json();
        let in_header = self.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let code = in_header.or_else(|| body["__type"].as_str()).unwrap_or_default();
        // `namespace#Code:http://…`, of which the middle is what it is called.
        let code = code.rsplit('#').next().and_then(|code| code.split(':').next()).unwrap_or_default();
        Err(Refusal { status: self.status, code: code.to_owned(), body })
    }

    /// Body as JSON. Null where it is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

impl Refusal {
    pub fn is_retryable(&self) -> bool {
        self.status.is_server_error()
            || self.status == StatusCode::TOO_MANY_REQUESTS
            || is_passing(&self.code)
    }
}

pub(super) fn is_passing(code: &str) -> bool {
    PASSING.contains(&code)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = ["message", "Message"].into_iter().find_map(|name| self.body[name].as_str());
        write!(f, "HTTP {}", self.status.as_u16())?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        message.map_or(Ok(()), |message| write!(f, ": {}", one_line(message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, headers: &[(&'static str, &str)], body: &str) -> Refusal {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: headers.collect(), body: body.as_bytes().to_vec() };
        answer.checked().map(drop).unwrap_err()
    }

    #[test]
    fn codes_are_found_where_services_put_them() {
        let body = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"}"#;
        assert_eq!(refusal(400, &[], body).to_string(), "HTTP 400 QueueDoesNotExist: no such queue");
        let header = [("x-amzn-errortype", "TooManyRequestsException:http://internal.amazon.com/")];
        assert_eq!(refusal(429, &header, "{}").code, "TooManyRequestsException");
        assert_eq!(refusal(502, &[], "<html>").to_string(), "HTTP 502");
    }

    #[test]
    fn what_is_worth_another_try() {
        let is_retryable =
            |status, code| refusal(status, &[], &format!(r#"{{"__type":"{code}"}}"#)).is_retryable();
        assert!(is_retryable(500, "") && is_retryable(429, "") && is_retryable(400, "ThrottlingException"));
        assert!(
            !is_retryable(400, "ValidationException") && !is_retryable(404, "") && !is_retryable(403, "")
        );
    }
}
