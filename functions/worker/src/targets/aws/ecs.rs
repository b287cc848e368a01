use belfry_domain::EcsTarget;
use belfry_engine::ports::{Completion, Invocation};
use serde_json::{Value, json};

use super::{Outcome, client::SignedClient, token::token};

const VERSION: &str = "1.1";

pub(super) async fn run(client: &SignedClient, target: &EcsTarget, invocation: &Invocation) -> Outcome {
    let call = ("AmazonEC2ContainerServiceV20141113.RunTask", VERSION);
    let region = target.cluster.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2));
    match client.action("ecs", region, call, &request(target, invocation)).await {
        Ok(answer) => Ok(completion(&answer.json())),
        // The token was used with another attempt's number: its task was started.
        Err(error) if error.refusal().is_some_and(|refusal| refusal.code == "ConflictException") => {
            let tasks = error.refusal().map(|refusal| refusal.body["resourceIds"].clone());
            Ok(Completion::succeeded(Some(json!({ "task_arns": tasks }))))
        }
        Err(error) => Err(error),
    }
}

fn request(target: &EcsTarget, invocation: &Invocation) -> Value {
    let attempt = invocation.attempt.to_string();
    let input = invocation.input.to_string();
    let own = [
        ("BELFRY_EXECUTION_ID", invocation.execution_id.as_str()),
        ("BELFRY_ATTEMPT", &attempt),
        ("BELFRY_FENCE", &attempt),
        ("BELFRY_INPUT", &input),
    ];
    let given = target.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let given = given.filter(|(name, _)| own.iter().all(|(own, _)| own != name));
    let environment: Vec<Value> =
        given.chain(own).map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut container = json!({ "name": target.container, "environment": environment });
    if !target.command.is_empty() {
        container["command"] = json!(target.command);
    }
    let mut request = json!({
        "cluster": target.cluster,
        "taskDefinition": target.task_definition,
        "launchType": target.launch_type.as_str(),
        "count": 1,
        "clientToken": token(&invocation.execution_id),
        "startedBy": "belfry",
        "overrides": { "containerOverrides": [container] },
    });
    if !target.subnets.is_empty() {
        let address = if target.assign_public_ip { "ENABLED" } else { "DISABLED" };
        request["networkConfiguration"]["awsvpcConfiguration"] = json!({
            "subnets": target.subnets,
            "securityGroups": target.security_groups,
            "assignPublicIp": address,
        });
    }
    request
}

/// Completion by the answer. The request may succeed and start nothing, mostly for want of capacity.
fn completion(answer: &Value) -> Completion {
    if let Some(task) = answer["tasks"][0]["taskArn"].as_str() {
        return Completion::succeeded(Some(json!({ "task_arns": [task] })));
    }
    let reason = answer["failures"][0]["reason"].as_str().unwrap_or("no task was started");
    let error = format!("ecs: {reason}");
    if reason == "MISSING" { Completion::failed_for_good(error) } else { Completion::failed(error) }
}

#[cfg(test)]
mod tests {
    use belfry_engine::ports::Ending;

    use super::*;
    use crate::targets::aws::fixtures::invocation;

    #[test]
    fn the_container_is_told_who_it_is() {
        let target: EcsTarget = serde_json::from_value(json!({
            "cluster": "c", "task_definition": "t:1", "container": "app",
            "subnets": ["s"], "environment": { "A": "1", "BELFRY_ATTEMPT": "99" }
        }))
        .unwrap();
        let request = request(&target, &invocation(json!([1])));
        let environment = request["overrides"]["containerOverrides"][0]["environment"].as_array().unwrap();
        let values = |name: &str| -> Vec<&Value> {
            let found = environment.iter().filter(|variable| variable["name"] == name);
            found.map(|variable| &variable["value"]).collect()
        };
        assert_eq!(values("A"), ["1"]);
        assert_eq!(values("BELFRY_ATTEMPT"), ["2"]);
        assert_eq!(values("BELFRY_INPUT"), ["[1]"]);
        assert_eq!(request["launchType"], "FARGATE");
        assert_eq!(request["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"], "DISABLED");
    }

    #[test]
    fn nothing_started_is_a_failure() {
        let ending = |answer: Value| completion(&answer).ending;
        assert!(matches!(ending(json!({ "tasks": [{ "taskArn": "t" }] })), Ending::Succeeded { .. }));
        let capacity = ending(json!({ "tasks": [], "failures": [{ "reason": "RESOURCE:MEMORY" }] }));
        assert!(matches!(capacity, Ending::Failed { is_final: false, .. }));
        let missing = ending(json!({ "tasks": [], "failures": [{ "reason": "MISSING" }] }));
        assert!(matches!(missing, Ending::Failed { is_final: true, .. }));
    }
}
