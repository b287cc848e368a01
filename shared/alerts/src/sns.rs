//! Topic of SNS. It makes a signed request to SNS's query API, because a client crate for one call
//! would make up a good part of the tick.

use std::time::SystemTime;

use async_trait::async_trait;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use belfry_engine::ports::{AlertKind, Notice, Receiver};
use reqwest::Client;

use crate::{
    client::send,
    event::{event, short},
};

/// Limit of SNS on subjects, in characters.
const LONGEST_SUBJECT: usize = 100;

/// Endpoint of AWS, and the credentials for calls.
#[derive(Clone, Default)]
pub struct AwsAccess {
    /// Endpoint in place of AWS's own.
    pub endpoint: Option<String>,
    pub credentials: Option<SharedCredentialsProvider>,
}

pub struct Sns {
    pub name: String,
    pub installation: String,
    pub client: Client,
    pub topic_arn: String,
    pub access: AwsAccess,
    /// Kinds of alerts that this receiver leaves out, because CloudWatch's alarms tell the same topic.
    pub except: Vec<AlertKind>,
}

#[async_trait]
impl Receiver for Sns {
    fn name(&self) -> &str {
        &self.name
    }

    async fn tell(&self, notice: &Notice) -> Result<(), String> {
        if self.except.contains(&notice.alert.kind) {
            return Ok(());
        }
        let region = region(&self.topic_arn).ok_or("not the ARN of an SNS topic")?;
        let body = self.body(notice);
        let url = self.access.endpoint.clone().unwrap_or_else(|| endpoint(region));
        let url = format!("{}/", url.trim_end_matches('/'));
        let mut request = self.client.post(&url).header("content-type", CONTENT_TYPE);
        for (name, value) in self.signature(&url, region, &body).await? {
            request = request.header(name, value);
        }
        send(request.body(body)).await
    }
}

const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

impl Sns {
    fn body(&self, notice: &Notice) -> String {
        let alert = &notice.alert;
        let word = if alert.is_open() { alert.kind.severity() } else { "resolved" };
        let subject = format!("{} {word}: {}", self.installation, alert.key);
        // SNS takes printable ASCII there.
        let subject: String = subject.chars().filter(|character| matches!(character, ' '..='~')).collect();
        form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "Publish")
            .append_pair("Version", "2010-03-31")
            .append_pair("TopicArn", &self.topic_arn)
            .append_pair("Subject", &short(&subject, LONGEST_SUBJECT))
            .append_pair("Message", &event(&self.installation, notice).to_string())
            .append_pair("MessageAttributes.entry.1.Name", "kind")
            .append_pair("MessageAttributes.entry.1.Value.DataType", "String")
            .append_pair("MessageAttributes.entry.1.Value.StringValue", alert.kind.as_str())
            .finish()
    }

    async fn signature(&self, url: &str, region: &str, body: &str) -> Result<Vec<(String, String)>, String> {
        let provider = self.access.credentials.as_ref().ok_or("no AWS credentials")?;
        let identity = provider.provide_credentials().await.map_err(|error| error.to_string())?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("sns")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?;
        let headers = [("content-type", CONTENT_TYPE)].into_iter();
        let signable = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body.as_bytes()))
            .map_err(|error| error.to_string())?;
        let (instructions, _) =
            sign(signable, &parameters.into()).map_err(|error| error.to_string())?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Region in an ARN such as `arn:aws:sns:eu-west-1:123456789012:topic`. It becomes part of a host name,
/// so it must be a valid label.
fn region(topic_arn: &str) -> Option<&str> {
    let parts: Vec<&str> = topic_arn.split(':').collect();
    let ["arn", _, "sns", region, _, _] = parts[..] else { return None };
    let is_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!region.is_empty() && region.bytes().all(is_label)).then_some(region)
}

fn endpoint(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://sns.{region}.{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_says_where_it_is() {
        assert_eq!(region("arn:aws:sns:eu-west-1:123456789012:alerts"), Some("eu-west-1"));
        for wrong in
            ["", "alerts", "arn:aws:sqs:eu-west-1:1:q", "arn:aws:sns:evil.com/:1:t", "arn:aws:sns::1:t"]
        {
            assert_eq!(region(wrong), None, "{wrong}");
        }
        assert_eq!(endpoint("cn-north-1"), "https://sns.cn-north-1.amazonaws.com.cn");
    }
}
