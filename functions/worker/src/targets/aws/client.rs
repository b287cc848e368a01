//! Client that sends one signed request.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use belfry_engine::ports::Completion;
use reqwest::{Client, Method, Request, Url, header::HeaderMap};

use super::{
    AwsAccess,
    answer::{Answer, Refusal},
};
use crate::targets::http::{Guard, build_client, cause};

#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The configuration of the job or the worker is wrong.
    #[error("{0}")]
    Misconfigured(String),
    #[error("no AWS credentials: {0}")]
    Credentials(String),
    #[error("{service} did not answer: {cause}")]
    NoAnswer { service: &'static str, cause: String },
    #[error("{service}: {refusal}")]
    Refused { service: &'static str, refusal: Refusal },
}

impl CallError {
    pub fn into_completion(self) -> Completion {
        match &self {
            Self::Refused { refusal, .. } if !refusal.is_retryable() => {
                Completion::failed_for_good(self.to_string())
            }
            Self::Misconfigured(_) => Completion::failed_for_good(self.to_string()),
            _ => Completion::failed(self.to_string()),
        }
    }

    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }
}

pub(super) struct SignedClient {
    http: Client,
    access: AwsAccess,
}

/// Request to an AWS service.
pub(super) struct Call<'a> {
    /// Name of the service, as in host names and signatures.
    pub service: &'static str,
    pub region: Option<&'a str>,
    /// Path, percent-encoded, with a slash at its beginning.
    pub path: &'a str,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl SignedClient {
    pub fn new(access: AwsAccess) -> Result<Self, CallError> {
        // AWS's addresses may be private ones, through endpoints in the worker's own network.
        let http = build_client(Guard::new(true)).map_err(|error| CallError::Misconfigured(cause(&error)))?;
        Ok(Self { http, access })
    }

    /// Calls an action of a service that speaks JSON. A header holds the action's name.
    pub async fn action(
        &self,
        service: &'static str,
        region: Option<&str>,
        (target, version): (&str, &str),
        body: &serde_json::Value,
    ) -> Result<Answer, CallError> {
        let headers = vec![
            ("content-type", format!("application/x-amz-json-{version}")),
            ("x-amz-target", target.to_owned()),
        ];
        self.call(Call { service, region, path: "/", headers, body: body.to_string() }).await
    }

    pub async fn call(&self, call: Call<'_>) -> Result<Answer, CallError> {
        let service = call.service;
        let request = self.signed(call).await?;
        let no_answer = |error: reqwest::Error| CallError::NoAnswer { service, cause: cause(&error) };
        let response = self.http.execute(request).await.map_err(no_answer)?;
        let answer = Answer::read(response).await.map_err(no_answer)?;
        answer.checked().map_err(|refusal| CallError::Refused { service, refusal })
    }

    async fn signed(&self, call: Call<'_>) -> Result<Request, CallError> {
        let wrong = |why: String| CallError::Misconfigured(why);
        let region = call.region.or(self.access.region.as_deref());
        let region = region.ok_or_else(|| wrong("no region: set AWS_REGION on the worker".to_owned()))?;
        let url = url(self.access.endpoint.as_deref(), call.service, region, call.path).map_err(wrong)?;
        let provider = self.access.credentials.as_ref();
        let provider: &SharedCredentialsProvider =
            provider.ok_or_else(|| CallError::Credentials("this worker has none".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let identity = credentials.map_err(|error| CallError::Credentials(error.to_string()))?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(call.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let sent = || call.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = SignableBody::Bytes(call.body.as_bytes());
        let signable = SignableRequest::new("POST", url.as_str(), sent(), body);
        let signable = signable.map_err(|error| wrong(error.to_string()))?;
        let (instructions, _) =
            sign(signable, &parameters.into()).map_err(|error| wrong(error.to_string()))?.into_parts();
        let mut all = HeaderMap::new();
        for (name, value) in sent().chain(instructions.headers()) {
            let value = value.parse().map_err(|_| wrong(format!("header {name} is not valid")))?;
            all.insert(header_name(name).map_err(wrong)?, value);
        }
        let request = self.http.request(Method::POST, url).headers(all).body(call.body).timeout(LONGEST_CALL);
        request.build().map_err(|error| wrong(error.to_string()))
    }
}

/// Time limit of a call that waits for a function's end.
const LONGEST_CALL: Duration = Duration::from_secs(16 * 60);

fn header_name(name: &str) -> Result<reqwest::header::HeaderName, String> {
    name.parse().map_err(|_| format!("header {name} is not valid"))
}

fn url(endpoint: Option<&str>, service: &str, region: &str, path: &str) -> Result<Url, String> {
    // A region becomes part of a host name: it must not lead elsewhere.
    if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(format!("{region:?} is not a region"));
    }
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let base = match endpoint {
        Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
        None => format!("https://{service}.{region}.{suffix}"),
    };
    format!("{base}{path}").parse().map_err(|error| format!("the endpoint {base} is not valid: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_to_aws_or_to_the_endpoint() {
        let to = |endpoint, region| url(endpoint, "sqs", region, "/").map(|url| url.to_string());
        assert_eq!(to(None, "eu-west-1").unwrap(), "https://sqs.eu-west-1.amazonaws.com/");
        assert_eq!(to(None, "cn-north-1").unwrap(), "https://sqs.cn-north-1.amazonaws.com.cn/");
        assert_eq!(to(Some("http://127.0.0.1:4566/"), "eu-west-1").unwrap(), "http://127.0.0.1:4566/");
        for region in ["", "evil.com/", "a@b", "eu west"] {
            assert!(to(None, region).is_err(), "{region}");
        }
    }
}
