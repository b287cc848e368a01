use belfry_domain::SqsTarget;
use belfry_engine::ports::{Completion, Invocation};
use serde_json::{Value, json};

use super::{Outcome, client::SignedClient, token::token};
use crate::targets::callback::Callback;

const VERSION: &str = "1.0";

pub(super) async fn run(
    client: &SignedClient,
    target: &SqsTarget,
    invocation: &Invocation,
    callback: Option<&Callback>,
) -> Outcome {
    let request = request(target, invocation, callback);
    let call = ("AmazonSQS.SendMessage", VERSION);
    let answer = client.action("sqs", region(&target.queue_url), call, &request).await?;
    Ok(Completion::succeeded(Some(json!({ "message_id": answer.json()["MessageId"] }))))
}

fn request(target: &SqsTarget, invocation: &Invocation, callback: Option<&Callback>) -> Value {
    let attribute = |kind: &str, value: &str| json!({ "DataType": kind, "StringValue": value });
    let attempt = invocation.attempt.to_string();
    let mut request = json!({
        "QueueUrl": target.queue_url,
        "MessageBody": invocation.input.to_string(),
        "MessageAttributes": {
            "belfry-execution-id": attribute("String", invocation.execution_id.as_str()),
            "belfry-attempt": attribute("Number", &attempt),
            "belfry-fence": attribute("Number", &attempt),
        },
    });
    if let Some(callback) = callback {
        let attributes = &mut request["MessageAttributes"];
        attributes["belfry-callback-url"] = attribute("String", &callback.url);
        attributes["belfry-callback-token"] = attribute("String", &callback.token);
    }
    if target.queue_url.strip_suffix(".fifo").is_some() {
        let job_id = invocation.execution_id.job_id();
        let group = target.message_group.as_deref().unwrap_or(job_id.as_str());
        request["MessageGroupId"] = json!(group);
        request["MessageDeduplicationId"] = json!(token(&invocation.execution_id));
    }
    request
}

/// Region in a URL such as `https://sqs.eu-west-1.amazonaws.com/…`. `None` where the host names none;
/// the worker's own region applies then.
fn region(queue_url: &str) -> Option<&str> {
    let (_, rest) = queue_url.split_once("://")?;
    rest.strip_prefix("sqs.")?.split_once(".amazonaws.com").map(|(region, _)| region)
}

#[cfg(test)]
mod tests {
    use belfry_domain::CompletedBy;

    use super::*;
    use crate::targets::aws::fixtures::invocation;

    #[test]
    fn the_region_is_in_the_url() {
        assert_eq!(region("https://sqs.eu-west-1.amazonaws.com/1/q"), Some("eu-west-1"));
        assert_eq!(region("https://sqs.cn-north-1.amazonaws.com.cn/1/q"), Some("cn-north-1"));
        assert_eq!(region("http://127.0.0.1:4566/1/q"), None);
    }

    #[test]
    fn a_fifo_queue_drops_what_it_has_seen() {
        let target = |name: &str| SqsTarget {
            queue_url: format!("https://sqs.eu-west-1.amazonaws.com/1/{name}"),
            message_group: None,
            completion: CompletedBy::Callback,
        };
        let invocation = invocation(json!({ "order": 1 }));
        let plain = request(&target("orders"), &invocation, None);
        assert_eq!(plain["MessageBody"], r#"{"order":1}"#);
        assert_eq!(plain["MessageAttributes"]["belfry-attempt"]["StringValue"], "2");
        assert!(plain.get("MessageDeduplicationId").is_none());
        let callback = Callback { url: "https://b/v1".to_owned(), token: "2-07".to_owned() };
        let fifo = request(&target("orders.fifo"), &invocation, Some(&callback));
        assert_eq!(fifo["MessageAttributes"]["belfry-callback-token"]["StringValue"], "2-07");
        assert!(plain["MessageAttributes"].get("belfry-callback-token").is_none());
        assert_eq!(fifo["MessageGroupId"], "nightly");
        assert_eq!(fifo["MessageDeduplicationId"], token(&invocation.execution_id));
    }
}
