//! Validation of AWS targets, without asking AWS.

use super::{
    aws_target::{EcsTarget, EventBridgeTarget, LambdaTarget, SqsTarget, StepFunctionsTarget},
    validate::Problem,
};

/// Whether a text consists of letters, digits and `others`, and has at most `longest` bytes.
fn is_name(text: &str, others: &str, longest: usize) -> bool {
    let is_known = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    !text.is_empty() && text.len() <= longest && text.chars().all(is_known)
}

fn check(problems: &mut Vec<Problem>, is_right: bool, field: &str, message: &str) {
    if !is_right {
        problems.push(Problem::new(field, message));
    }
}

pub fn check_lambda(problems: &mut Vec<Problem>, target: &LambdaTarget) {
    let message = "must be a function's name or ARN";
    check(problems, is_name(&target.function, ":_$-", 256), "target.function", message);
    let is_right = target.qualifier.as_ref().is_none_or(|qualifier| is_name(qualifier, "_$-", 128));
    check(problems, is_right, "target.qualifier", "must be a version or an alias");
}

pub fn check_sqs(problems: &mut Vec<Problem>, target: &SqsTarget) {
    let url = &target.queue_url;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let has_path = rest
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(host, path)| !host.is_empty() && !path.is_empty());
    let is_right = has_path && !url.contains(|c: char| c.is_whitespace() || c.is_control());
    check(problems, is_right, "target.queue_url", "must be the URL of an SQS queue");
    let is_printable = |group: &String| group.bytes().all(|byte| byte.is_ascii_graphic());
    let is_group = |group: &String| !group.is_empty() && group.len() <= 128 && is_printable(group);
    let message = "must be 1 to 128 printable ASCII characters";
    check(problems, target.message_group.as_ref().is_none_or(is_group), "target.message_group", message);
}

pub fn check_eventbridge(problems: &mut Vec<Problem>, target: &EventBridgeTarget) {
    let message = "must be an event bus's name or ARN";
    check(problems, is_name(&target.event_bus, "_./:-", 256), "target.event_bus", message);
    let is_source = (1..=256).contains(&target.source.len()) && !target.source.starts_with("aws.");
    check(problems, is_source, "target.source", "must have 1 to 256 bytes and not begin with `aws.`");
    let is_right = (1..=128).contains(&target.detail_type.len());
    check(problems, is_right, "target.detail_type", "must have 1 to 128 bytes");
}

pub fn check_step_functions(problems: &mut Vec<Problem>, target: &StepFunctionsTarget) {
    let parts: Vec<&str> = target.state_machine.splitn(7, ':').collect();
    let is_right = matches!(
        parts[..],
        ["arn", partition, "states", region, account, "stateMachine", name]
            if partition.starts_with("aws") && is_name(partition, "-", 20) && is_name(region, "-", 30)
                && account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())
                && is_name(name, "_.:-", 128)
    );
    let message = "must be an ARN such as arn:aws:states:eu-west-1:123456789012:stateMachine:billing";
    check(problems, is_right, "target.state_machine", message);
}

pub fn check_ecs(problems: &mut Vec<Problem>, target: &EcsTarget) {
    check(
        problems,
        is_name(&target.cluster, "_/:-", 256),
        "target.cluster",
        "must be a cluster's name or ARN",
    );
    let message = "must be a family, family:revision or ARN";
    check(problems, is_name(&target.task_definition, "_/:-", 512), "target.task_definition", message);
    let is_container = is_name(&target.container, "_-", 255);
    check(problems, is_container, "target.container", "must be the name of one of the task's containers");
    let is_variable = |name: &String| !name.is_empty() && !name.contains(['=', '\0']);
    let is_right = target.environment.keys().all(is_variable);
    check(problems, is_right, "target.environment", "has a name that is not valid for a variable");
    let is_idle =
        !target.subnets.is_empty() || (target.security_groups.is_empty() && !target.assign_public_ip);
    check(
        problems,
        is_idle,
        "target.subnets",
        "is missing; security groups and public addresses need subnets",
    );
}
