use belfry_domain::EventBridgeTarget;
use belfry_engine::ports::{Completion, Invocation};
use serde_json::{Value, json};

use super::{Outcome, answer::is_passing, client::SignedClient, with_identity};
use crate::targets::tail::one_line;

const VERSION: &str = "1.1";

pub(super) async fn run(
    client: &SignedClient,
    target: &EventBridgeTarget,
    invocation: &Invocation,
) -> Outcome {
    let entry = json!({
        "EventBusName": target.event_bus,
        "Source": target.source,
        "DetailType": target.detail_type,
        "Detail": with_identity(invocation).to_string(),
    });
    let region = target.event_bus.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2));
    let call = ("AWSEvents.PutEvents", VERSION);
    let answer = client.action("events", region, call, &json!({ "Entries": [entry] })).await?;
    Ok(completion(&answer.json()))
}

/// Completion by the answer. The request may succeed while its one entry fails.
fn completion(answer: &Value) -> Completion {
    let entry = &answer["Entries"][0];
    let Some(code) = entry["ErrorCode"].as_str() else {
        return Completion::succeeded(Some(json!({ "event_id": entry["EventId"] })));
    };
    let error = format!("events: {code}: {}", one_line(entry["ErrorMessage"].as_str().unwrap_or_default()));
    if is_passing(code) { Completion::failed(error) } else { Completion::failed_for_good(error) }
}

#[cfg(test)]
mod tests {
    use belfry_engine::ports::Ending;

    use super::*;

    #[test]
    fn an_entry_that_failed_is_a_failure() {
        let ending = |entry: Value| completion(&json!({ "Entries": [entry] })).ending;
        assert!(matches!(ending(json!({ "EventId": "e" })), Ending::Succeeded { result: Some(_) }));
        let passing = ending(json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "slow" }));
        assert!(matches!(passing, Ending::Failed { is_final: false, .. }));
        let wrong = ending(json!({ "ErrorCode": "InvalidArgument" }));
        assert!(matches!(wrong, Ending::Failed { is_final: true, .. }));
    }
}
