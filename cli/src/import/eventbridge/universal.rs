//! Universal targets: calls of an API. Belfry knows some of them as targets of its own.

use belfry_domain::{
    CompletedBy, EventBridgeTarget, LambdaInvocation, LambdaTarget, SqsTarget, StepFunctionsTarget, Target,
};
use serde_json::Value;

type Called = (Target, Option<Value>);

pub(super) fn read(action: &str, input: &str) -> Result<Called, String> {
    let request: Value = serde_json::from_str(input).map_err(|error| format!("Target.Input: {error}"))?;
    match action {
        "lambda:invoke" => invoke(&request),
        "sqs:sendMessage" => {
            let queue_url = need(&request, "QueueUrl")?;
            let message_group = request["MessageGroupId"].as_str().map(str::to_owned);
            only(&request, &["QueueUrl", "MessageBody", "MessageGroupId"])?;
            let completion = CompletedBy::default();
            Ok((
                Target::Sqs(SqsTarget { queue_url, message_group, completion }),
                body(&request["MessageBody"]),
            ))
        }
        "sfn:startExecution" => {
            only(&request, &["StateMachineArn", "Input"])?;
            let state_machine = need(&request, "StateMachineArn")?;
            Ok((Target::StepFunctions(StepFunctionsTarget { state_machine }), body(&request["Input"])))
        }
        "eventbridge:putEvents" => event(&request),
        other => {
            Err(format!("calls {other}, and belfry has no such target; a Lambda function can make the call"))
        }
    }
}

/// Lambda target of an ARN `…:function:name`, which a version or an alias may follow.
pub(super) fn lambda(function: &str) -> Target {
    let (function, qualifier) =
        match function.split_once(":function:").and_then(|(_, name)| name.split_once(':')) {
            Some((_, qualifier)) => {
                (&function[..function.len() - qualifier.len() - 1], Some(qualifier.to_owned()))
            }
            None => (function, None),
        };
    Target::Lambda(LambdaTarget {
        function: function.to_owned(),
        qualifier,
        invocation: LambdaInvocation::Event,
        completion: CompletedBy::default(),
    })
}

fn invoke(request: &Value) -> Result<Called, String> {
    only(request, &["FunctionName", "InvocationType", "Payload", "Qualifier"])?;
    let invocation = match request["InvocationType"].as_str() {
        Some("Event") => LambdaInvocation::Event,
        None | Some("RequestResponse") => LambdaInvocation::RequestResponse,
        Some(other) => return Err(format!("Target.Input.InvocationType: belfry has no {other}")),
    };
    let Target::Lambda(named) = lambda(&need(request, "FunctionName")?) else {
        return Err("Target.Input.FunctionName: is not a function".to_owned());
    };
    let qualifier = request["Qualifier"].as_str().map(str::to_owned).or(named.qualifier);
    let target =
        LambdaTarget { function: named.function, qualifier, invocation, completion: named.completion };
    Ok((Target::Lambda(target), body(&request["Payload"])))
}

fn event(request: &Value) -> Result<Called, String> {
    let [entry] = request["Entries"].as_array().map_or(&[][..], Vec::as_slice) else {
        return Err("Target.Input.Entries: belfry sends one event for each slot".to_owned());
    };
    only(request, &["Entries"])?;
    only(entry, &["EventBusName", "Source", "DetailType", "Detail"])?;
    let bus = entry["EventBusName"].as_str().unwrap_or("default").to_owned();
    let (source, detail_type) = (need(entry, "Source")?, need(entry, "DetailType")?);
    let target = EventBridgeTarget { event_bus: bus, source, detail_type };
    Ok((Target::EventBridge(target), body(&entry["Detail"])))
}

fn need(request: &Value, field: &str) -> Result<String, String> {
    let text = request[field].as_str().map(str::to_owned);
    text.ok_or_else(|| format!("Target.Input.{field}: missing"))
}

/// Checks that a call has only known fields: a call that says more than Belfry's target can say is not
/// the same call.
fn only(request: &Value, known: &[&str]) -> Result<(), String> {
    let fields = request.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    match fields.filter(|name| !known.contains(name)).collect::<Vec<_>>() {
        unknown if unknown.is_empty() => Ok(()),
        unknown => Err(format!("Target.Input: belfry's target has no {}", unknown.join(", "))),
    }
}

/// Body as JSON. A text that contains JSON becomes that JSON.
fn body(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| value.clone())),
        other => Some(other.clone()),
    }
}
