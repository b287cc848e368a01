//! Targets that are services of AWS: their shapes, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use belfry_domain::{PushSpec, Target, validate_push};
use serde_json::{Value, json};

fn problems(target: &Value) -> Vec<String> {
    let spec: PushSpec = serde_json::from_value(json!({ "target": target })).unwrap();
    validate_push(&spec).into_iter().map(|problem| problem.field).collect()
}

#[test]
fn the_least_that_each_needs() {
    let arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:billing";
    for (kind, target) in [
        ("lambda", json!({ "function": "arn:aws:lambda:eu-west-1:123456789012:function:report:live" })),
        ("sqs", json!({ "queue_url": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo" })),
        ("eventbridge", json!({ "detail_type": "Report due" })),
        ("step_functions", json!({ "state_machine": arn })),
        ("ecs", json!({ "cluster": "main", "task_definition": "report:3", "container": "app" })),
    ] {
        let mut target = target;
        target["type"] = json!(kind);
        assert_eq!(problems(&target), Vec::<String>::new(), "{kind}");
        let target: Target = serde_json::from_value(target).unwrap();
        assert_eq!((target.kind(), target.default_pool()), (kind, "default"));
        assert_eq!(serde_json::to_value(&target).unwrap()["type"], kind);
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (field, target) in [
        ("target.function", json!({ "type": "lambda", "function": "a/../b" })),
        ("target.qualifier", json!({ "type": "lambda", "function": "a", "qualifier": "" })),
        ("target.queue_url", json!({ "type": "sqs", "queue_url": "orders" })),
        ("target.queue_url", json!({ "type": "sqs", "queue_url": "https://host" })),
        (
            "target.message_group",
            json!({ "type": "sqs", "queue_url": "https://h/q", "message_group": "a b" }),
        ),
        ("target.source", json!({ "type": "eventbridge", "detail_type": "x", "source": "aws.ec2" })),
        ("target.detail_type", json!({ "type": "eventbridge", "detail_type": "" })),
        ("target.state_machine", json!({ "type": "step_functions", "state_machine": "billing" })),
        (
            "target.state_machine",
            json!({ "type": "step_functions", "state_machine": "arn:aws:states:evil.com/:123456789012:stateMachine:b" }),
        ),
        (
            "target.subnets",
            json!({ "type": "ecs", "cluster": "c", "task_definition": "t", "container": "a", "security_groups": ["s"] }),
        ),
    ] {
        assert_eq!(problems(&target), [field], "{target}");
    }
}
