//! URLs that carry their own signature.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        UriPathNormalizationMode, sign as signature,
    },
    sign::v4,
};
use reqwest::Url;

pub(super) struct Request<'a> {
    pub method: &'a str,
    pub url: Url,
    pub region: &'a str,
    pub valid: Duration,
    pub now: SystemTime,
}

/// URL of an object: at AWS by the bucket's host, at other endpoints by a path.
pub(super) fn url(endpoint: Option<&str>, bucket: &str, region: &str, key: &str) -> Result<Url, String> {
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    // They become parts of a host's name: they must not lead elsewhere.
    if !is_plain(bucket) || !is_plain(region) {
        return Err(format!("{bucket:?} in {region:?} is not a valid bucket"));
    }
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let base = match endpoint {
        Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
        None => format!("https://{bucket}.s3.{region}.{suffix}"),
    };
    format!("{base}/{}", encoded(key)).parse().map_err(|error| format!("the endpoint {base}: {error}"))
}

/// Key encoded as S3 requires it in a signature.
fn encoded(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

pub(super) fn sign(request: Request<'_>, credentials: Credentials) -> Result<Url, String> {
    let Request { method, mut url, region, valid, now } = request;
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(valid);
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("s3")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?;
    let signable =
        SignableRequest::new(method, url.as_str(), std::iter::empty(), SignableBody::UnsignedPayload)
            .map_err(|error| error.to_string())?;
    let signed = signature(signable, &parameters.into()).map_err(|error| error.to_string())?;
    let (instructions, _) = signed.into_parts();
    url.query_pairs_mut().extend_pairs(instructions.params());
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_at_the_buckets_host_or_under_its_path() {
        let at = |endpoint, key| url(endpoint, "belfry-history", "eu-west-1", key).map(|url| url.to_string());
        assert_eq!(
            at(None, "logs/a/2026-11-23T00:00:00Z~1/1.log").unwrap(),
            "https://belfry-history.s3.eu-west-1.amazonaws.com/logs/a/2026-11-23T00%3A00%3A00Z~1/1.log"
        );
        assert_eq!(
            at(Some("http://127.0.0.1:4566/"), "dt=1/x+y").unwrap(),
            "http://127.0.0.1:4566/belfry-history/dt%3D1/x%2By"
        );
        for (bucket, region) in [("evil.com/", "eu-west-1"), ("b", "eu@x"), ("", "eu-west-1")] {
            assert!(url(None, bucket, region, "k").is_err(), "{bucket} {region}");
        }
    }

    /// Reproduces the example of "Authenticating Requests: Using Query Parameters" in the documentation
    /// of S3.
    #[test]
    fn the_signature_is_that_of_the_documentation() {
        let credentials = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            None,
            None,
            "documentation",
        );
        let request = Request {
            method: "GET",
            url: "https://examplebucket.s3.amazonaws.com/test.txt".parse().unwrap(),
            region: "us-east-1",
            valid: Duration::from_secs(86_400),
            // 2013-05-24T00:00:00Z
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600),
        };
        let signed = sign(request, credentials).unwrap();
        let signature = signed.query_pairs().find(|(name, _)| name == "X-Amz-Signature").unwrap().1;
        assert_eq!(signature, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    }
}
