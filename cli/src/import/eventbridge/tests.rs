use belfry_domain::{Target, Timestamp};
use serde_json::{Value, json};

use super::{Import, Options};
use crate::import::{
    NoteKind, Translation,
    report::tests::{losses, shown},
};

const NOW: Timestamp = Timestamp(1_795_000_000_000);

fn import(options: &Options, files: &[(&str, &str)]) -> Translation<Target> {
    let mut import = Import::new(options, NOW);
    let mut translation = Translation::default();
    for (name, text) in files {
        import.add(&mut translation, name, text).unwrap();
    }
    import.finish(&mut translation);
    translation
}

fn one(target: &Value) -> Translation<Target> {
    let schedule =
        json!({"Name": "a", "ScheduleExpression": "cron(0 1 * * ? *)", "State": "ENABLED", "Target": target});
    import(&Options::default(), &[("f.json", &schedule.to_string())])
}

fn reasons(translation: &Translation<Target>) -> Vec<(&str, &str)> {
    losses(translation).into_iter().map(|note| (note.text.as_str(), note.reason.as_str())).collect()
}

#[test]
fn the_examples() {
    let read = |file: &str| {
        let path = format!("{}/../examples/eventbridge/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let (list, schedules) = (read("list.json"), read("schedules.json"));
    let files = [("list.json", list.as_str()), ("schedules.json", schedules.as_str())];
    insta::assert_snapshot!(shown(&import(&Options::default(), &files)));
}

#[test]
fn a_list_says_what_it_lacks_in_whatever_order() {
    let list = r#"{"Schedules": [{"Name": "a", "GroupName": "default"}, {"Name": "b", "GroupName": "g"}], "NextToken": "x"}"#;
    let definition = r#"{"Name": "a", "ScheduleExpression": "rate(1 hour)", "Target": {"Arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:m"}}"#;
    for files in [[("l", list), ("d", definition)], [("d", definition), ("l", list)]] {
        let translation = import(&Options::default(), &files);
        let not_carried = translation.notes.iter().filter(|note| note.kind == NoteKind::NotCarriedOver);
        let mut texts: Vec<&str> = not_carried.map(|note| note.text.as_str()).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["NextToken", "g/b"]);
    }
}

#[test]
fn documents_one_after_the_other() {
    let one = r#"{"Name": "a", "ScheduleExpression": "rate(1 hour)", "Target": {"Arn": "arn:aws:sqs:eu-west-1:1:q"}}"#;
    let text = format!("{one}\n{}", one.replace("\"a\"", "\"b\""));
    assert_eq!(import(&Options::default(), &[("-", &text)]).jobs.len(), 2);
}

/// Checks the service's defaults:
/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html>.
#[test]
fn retries_are_eventbridges_own() {
    let queue = "arn:aws:sqs:eu-west-1:123456789012:q";
    let job = one(&json!({"Arn": queue})).jobs.remove(0);
    assert_eq!((job.retry.max_retries, job.execution_timeout.as_deref()), (185, Some("86400s")));
    let job = one(
        &json!({"Arn": queue, "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}}),
    );
    let job = &job.jobs[0];
    assert_eq!((job.retry.max_retries, job.execution_timeout.as_deref()), (0, Some("60s")));
}

#[test]
fn targets_by_their_arn() {
    let target = |value: Value| {
        let translation = one(&value);
        let job = translation.jobs.first().unwrap_or_else(|| panic!("{value}: {:?}", translation.notes));
        (serde_json::to_value(&job.target).unwrap(), job.input.clone())
    };
    let (lambda, _) =
        target(json!({"Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f:7", "Input": "{}"}));
    assert_eq!(lambda["function"], "arn:aws:lambda:eu-west-1:123456789012:function:f");
    assert_eq!((&lambda["qualifier"], &lambda["invocation"]), (&json!("7"), &json!("event")));
    let (queue, _) = target(json!({"Arn": "arn:aws-cn:sqs:cn-north-1:123456789012:q"}));
    assert_eq!(queue["queue_url"], "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q");
    let call = |action: &str, input: Value| {
        target(json!({"Arn": format!("arn:aws:scheduler:::aws-sdk:{action}"), "Input": input.to_string()}))
    };
    let (lambda, input) = call(
        "lambda:invoke",
        json!({"FunctionName": "f", "InvocationType": "Event", "Payload": "{\"n\":1}"}),
    );
    assert_eq!(
        (&lambda["function"], &lambda["invocation"], input),
        (&json!("f"), &json!("event"), Some(json!({"n": 1})))
    );
    let machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:m";
    let (machine, input) = call("sfn:startExecution", json!({"StateMachineArn": machine, "Input": "{}"}));
    assert_eq!((&machine["type"], input), (&json!("step_functions"), Some(json!({}))));
    let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": "b"});
    let (event, _) = call("eventbridge:putEvents", json!({"Entries": [entry]}));
    assert_eq!((&event["event_bus"], &event["detail_type"]), (&json!("b"), &json!("t")));
}

#[test]
fn what_belfry_cannot_call_is_listed() {
    let universal = |action: &str, input: &str| json!({"Arn": format!("arn:aws:scheduler:::aws-sdk:{action}"), "Input": input});
    for (target, reason) in [
        (json!({"Arn": "arn:aws:sns:eu-west-1:123456789012:t"}), "calls sns"),
        (json!({"Arn": "q"}), "is not an ARN"),
        (json!({}), "Target.Arn: missing"),
        (universal("ec2:stopInstances", "{}"), "calls ec2:stopInstances"),
        (
            universal("sqs:sendMessage", "{\"QueueUrl\": \"https://q/1\", \"DelaySeconds\": 5}"),
            "no DelaySeconds",
        ),
        (universal("lambda:invoke", "x"), "Target.Input: expected value"),
        (json!({"Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c"}), "--ecs-container"),
        (json!({"Arn": "arn:aws:events:eu-west-1:123456789012:event-bus/b"}), "DetailType: missing"),
    ] {
        let translation = one(&target);
        assert!(translation.jobs.is_empty(), "{target}");
        let notes = reasons(&translation);
        assert!(notes.iter().any(|(_, why)| why.contains(reason)), "{target}: {notes:?}");
    }
}

#[test]
fn what_the_target_sees_differently_is_listed() {
    let function = "arn:aws:lambda:eu-west-1:123456789012:function:f";
    for (target, text, reason) in [
        (json!({"Arn": function, "Input": "hello"}), "a: Target.Input: hello", "is not JSON"),
        (json!({"Arn": function, "Input": "[1]"}), "a: Target.Input: [1]", "is not an object"),
        (json!({"Arn": function}), "a: Target.Input", "sends its own event"),
        (
            json!({"Arn": function, "Input": "{}", "RoleArn": "r"}),
            "a: Target.RoleArn: r",
            "the worker makes the call",
        ),
        (json!({"Arn": function, "Input": "{}", "Surprise": 1}), "a: Target: Surprise", "no such setting"),
    ] {
        let translation = one(&target);
        assert_eq!(translation.jobs.len(), 1);
        let notes = reasons(&translation);
        assert!(notes.iter().any(|(what, why)| *what == text && why.contains(reason)), "{target}: {notes:?}");
    }
}

#[test]
fn what_a_task_overrides_beside_its_command_is_listed() {
    let task = |input: Value| {
        let parameters = json!({"TaskDefinitionArn": "report:3", "LaunchType": "EC2"});
        one(&json!({"Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c", "EcsParameters": parameters,
            "Input": input.to_string()}))
    };
    let main = json!({"name": "main", "command": ["x"]});
    assert_eq!(reasons(&task(json!({"containerOverrides": [main]}))), []);
    for more in [
        json!({"containerOverrides": [main, {"name": "other"}]}),
        json!({"containerOverrides": [{"name": "main", "cpu": 256}]}),
        json!({"containerOverrides": [main], "taskRoleArn": "r"}),
    ] {
        let notes = task(more);
        assert!(reasons(&notes)[0].1.starts_with("belfry overrides only"), "{:?}", reasons(&notes));
    }
}

#[test]
fn a_schedule_whose_time_is_over_is_listed() {
    let schedule = json!({"Name": "a", "ScheduleExpression": "at(2020-01-01T00:00:00)",
        "Target": {"Arn": "arn:aws:sqs:eu-west-1:123456789012:q"}});
    let translation = import(&Options::default(), &[("f", &schedule.to_string())]);
    assert!(translation.jobs.is_empty());
    assert!(reasons(&translation)[0].1.contains("never run"), "{:?}", reasons(&translation));
}
