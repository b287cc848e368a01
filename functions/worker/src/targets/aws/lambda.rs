use base64::{Engine as _, engine::general_purpose::STANDARD};
use belfry_domain::{LambdaInvocation, LambdaTarget};
use belfry_engine::ports::{Completion, Invocation, Output};
use serde_json::{Value, json};

use super::{
    Outcome,
    answer::Answer,
    client::{Call, SignedClient},
    identity, with_identity,
};
use crate::targets::{
    callback::Callback,
    tail::{Tail, one_line},
};

/// Maximum size of a result in bytes.
const MAX_RESULT_BYTES: usize = 64 * 1024;
const OUTPUT_TAIL_BYTES: usize = 4096;

pub(super) async fn run(
    client: &SignedClient,
    target: &LambdaTarget,
    invocation: &Invocation,
    callback: Option<&Callback>,
) -> Outcome {
    let (kind, client_context) = match target.invocation {
        LambdaInvocation::RequestResponse => {
            ("RequestResponse", Some(json!({ "custom": identity(invocation) })))
        }
        LambdaInvocation::Event => ("Event", None),
    };
    let mut headers =
        vec![("content-type", "application/json".to_owned()), ("x-amz-invocation-type", kind.to_owned())];
    headers
        .extend(client_context.map(|context| ("x-amz-client-context", STANDARD.encode(context.to_string()))));
    let call = Call {
        service: "lambda",
        region: region(&target.function),
        path: &path(target),
        headers,
        body: payload(invocation, callback).to_string(),
    };
    Ok(completion(&client.call(call).await?))
}

fn payload(invocation: &Invocation, callback: Option<&Callback>) -> Value {
    let mut payload = with_identity(invocation);
    if let Some(callback) = callback {
        payload["belfry"]["callback_url"] = json!(callback.url);
        payload["belfry"]["callback_token"] = json!(callback.token);
    }
    payload
}

/// Region in a function's ARN. `None` for a plain name, which is looked up in the worker's own region.
fn region(function: &str) -> Option<&str> {
    function.strip_prefix("arn:")?.split(':').nth(2)
}

fn path(target: &LambdaTarget) -> String {
    let encoded = |text: &str| text.replace(':', "%3A").replace('$', "%24");
    let path = format!("/2015-03-31/functions/{}/invocations", encoded(&target.function));
    match &target.qualifier {
        Some(qualifier) => format!("{path}?Qualifier={}", encoded(qualifier)),
        None => path,
    }
}

fn completion(answer: &Answer) -> Completion {
    let payload = answer.json();
    let completion = match answer.headers.get("x-amz-function-error") {
        Some(_) => Completion::failed(error_of(&payload)),
        None if answer.body.len() > MAX_RESULT_BYTES || payload.is_null() => Completion::succeeded(None),
        None => Completion::succeeded(Some(payload)),
    };
    match output(&answer.body) {
        Some(output) => completion.with_output(output),
        None => completion,
    }
}

fn output(body: &[u8]) -> Option<Output> {
    let mut tail = Tail::new(OUTPUT_TAIL_BYTES);
    tail.push(body);
    tail.output()
}

/// Error in the form in which the runtimes report it.
fn error_of(payload: &Value) -> String {
    let kind = payload["errorType"].as_str().unwrap_or("error");
    let message = payload["errorMessage"].as_str().unwrap_or("the function gave no message");
    format!("the function failed: {}: {}", one_line(kind), one_line(message))
}

#[cfg(test)]
mod tests {
    use belfry_domain::CompletedBy;

    use super::*;

    #[test]
    fn an_arn_names_its_region_and_is_encoded_in_the_path() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:report".to_owned();
        assert_eq!(region(&function), Some("eu-west-1"));
        assert_eq!(region("report"), None);
        let qualifier = Some("$LATEST".to_owned());
        let target = LambdaTarget {
            function,
            qualifier,
            invocation: LambdaInvocation::Event,
            completion: CompletedBy::Answer,
        };
        assert_eq!(
            path(&target),
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Areport/invocations?Qualifier=%24LATEST"
        );
    }
}
