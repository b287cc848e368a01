//! Targets of EventBridge schedules, told apart by the service in the target's ARN.

use belfry_domain::{
    CompletedBy, EcsLaunchType, EcsTarget, EventBridgeTarget, SqsTarget, StepFunctionsTarget, Target,
};
use serde_json::Value;

use super::universal;
use crate::import::{
    NoteKind,
    fields::{Field, Fields, Report, text_of},
};

#[derive(Debug, Clone, Default)]
pub struct Options {
    pub prefix: String,
    /// Container of ECS tasks. A schedule names it only where it overrides something in it.
    pub ecs_container: Option<String>,
}

const ROLE: &str = "the worker makes the call; the role of the worker must allow it";
const OTHER: &str = "the target of belfry has no such setting";
const PLACEHOLDER: &str =
    "belfry does not fill in <aws.scheduler…>; belfry adds slot, attempt and execution id to the input";
const NOT_JSON: &str = "is not JSON; the target receives a JSON string";
const BESIDE: &str = "is not an object; the target receives it under `input`, beside `belfry`";
const NO_INPUT: &str = "without Input EventBridge sends its own event; belfry sends only its ids";

const OVERRIDES: &str = "belfry overrides only the command and the variables of one container";

type Called = (Target, Option<Value>);

/// Parts of `arn:partition:service:region:account:resource`.
pub(super) struct Arn<'a> {
    pub whole: &'a str,
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    pub fn parse(whole: &'a str) -> Option<Self> {
        let mut parts = whole.splitn(6, ':');
        let (prefix, partition) = (parts.next()?, parts.next()?);
        let (service, region, account, resource) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        (prefix == "arn").then_some(Self { whole, partition, service, region, account, resource })
    }
}

pub(super) fn read(options: &Options, mut fields: Fields, report: &mut Report) -> Result<Called, String> {
    let arn = fields.text("Arn", report).ok_or("Target.Arn: missing")?;
    if let Some(role) = fields.take("RoleArn") {
        report.changed(&role, ROLE);
    }
    let given = fields.take("Input");
    let arn = Arn::parse(&arn).ok_or_else(|| format!("Target.Arn: {arn:?} is not an ARN"))?;
    if let Some(action) = arn.resource.strip_prefix("aws-sdk:").filter(|_| arn.service == "scheduler") {
        let input = given.as_ref().and_then(|field| text_of(field.node)).unwrap_or_default();
        let called = universal::read(action, &input)?;
        warn(&called.0, given.as_ref(), called.1.as_ref(), report);
        fields.rest(report, NoteKind::NotCarriedOver, OTHER);
        return Ok(called);
    }
    let input = given.as_ref().map(|field| json_of(field, report));
    let called = templated(options, &arn, &mut fields, input, report)?;
    warn(&called.0, given.as_ref(), called.1.as_ref(), report);
    fields.rest(report, NoteKind::NotCarriedOver, OTHER);
    Ok(called)
}

fn json_of(field: &Field, report: &mut Report) -> Value {
    let text = text_of(field.node).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|_| {
        report.changed(field, NOT_JSON);
        Value::String(text)
    })
}

/// Reports what the target will receive in another form: context attributes, which Belfry does not fill
/// in, and input that is no JSON object.
fn warn(target: &Target, given: Option<&Field>, input: Option<&Value>, report: &mut Report) {
    let Some(field) = given else { return };
    if text_of(field.node).is_some_and(|text| text.contains("<aws.scheduler.")) {
        report.changed(field, PLACEHOLDER);
    }
    let has_ids = matches!(target, Target::Lambda(_) | Target::EventBridge(_) | Target::StepFunctions(_));
    if has_ids && input.is_some_and(|input| !input.is_object()) {
        report.changed(field, BESIDE);
    }
}

fn templated(
    options: &Options,
    arn: &Arn,
    fields: &mut Fields,
    input: Option<Value>,
    report: &mut Report,
) -> Result<Called, String> {
    let target = match arn.service {
        "lambda" => {
            if input.is_none() {
                report.add_plain("Target.Input", NoteKind::Changed, NO_INPUT);
            }
            universal::lambda(arn.whole)
        }
        "sqs" => sqs(arn, fields, report),
        "states" => Target::StepFunctions(StepFunctionsTarget { state_machine: arn.whole.to_owned() }),
        "events" => event(arn, fields, report)?,
        "ecs" => return ecs(options, arn, fields, input.as_ref(), report),
        other => {
            return Err(format!(
                "calls {other}, and belfry has no such target; a Lambda function can make the call"
            ));
        }
    };
    Ok((target, input))
}

fn sqs(arn: &Arn, fields: &mut Fields, report: &mut Report) -> Target {
    let mut parameters = fields.object("SqsParameters", report);
    let message_group = parameters.text("MessageGroupId", report);
    parameters.rest(report, NoteKind::NotCarriedOver, OTHER);
    let domain = if arn.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let queue_url = format!("https://sqs.{}.{domain}/{}/{}", arn.region, arn.account, arn.resource);
    Target::Sqs(SqsTarget { queue_url, message_group, completion: CompletedBy::default() })
}

fn event(arn: &Arn, fields: &mut Fields, report: &mut Report) -> Result<Target, String> {
    let mut parameters = fields.object("EventBridgeParameters", report);
    let detail_type =
        parameters.text("DetailType", report).ok_or("Target.EventBridgeParameters.DetailType: missing")?;
    let source = parameters.text("Source", report).unwrap_or_else(|| "belfry".to_owned());
    parameters.rest(report, NoteKind::NotCarriedOver, OTHER);
    Ok(Target::EventBridge(EventBridgeTarget { event_bus: arn.whole.to_owned(), source, detail_type }))
}

/// Whether an override contains more than the command and the variables of one container, all of them
/// texts.
fn overrides_more(input: &Value) -> bool {
    let only = |object: &Value, known: &[&str]| {
        object.as_object().is_some_and(|fields| fields.keys().all(|name| known.contains(&name.as_str())))
    };
    let overrides = input["containerOverrides"].as_array().map_or(&[][..], Vec::as_slice);
    !only(input, &["containerOverrides"])
        || overrides.len() > 1
        || !overrides.iter().all(|one| only(one, &["name", "command", "environment"]) && is_of_texts(one))
}

fn is_of_texts(container: &Value) -> bool {
    let items = |name: &str| container[name].as_array().into_iter().flatten();
    let is_list = |name: &str| container[name].is_null() || container[name].is_array();
    let is_pair = |pair: &Value| pair["name"].is_string() && pair["value"].is_string();
    let fields = |pair: &Value| pair.as_object().map_or(0, serde_json::Map::len);
    is_list("command")
        && is_list("environment")
        && items("command").all(Value::is_string)
        && items("environment").all(|pair| is_pair(pair) && fields(pair) == 2)
}

/// Translates an ECS target. Container overrides in the input become the target's container.
fn ecs(
    options: &Options,
    arn: &Arn,
    fields: &mut Fields,
    input: Option<&Value>,
    report: &mut Report,
) -> Result<Called, String> {
    let none = Value::Null;
    let overrides = input.map_or(&none, |input| &input["containerOverrides"][0]);
    let named = overrides["name"].as_str().map(str::to_owned);
    let container = named.or_else(|| options.ecs_container.clone());
    let container = container.ok_or("names no container of the task; give --ecs-container")?;
    if let Some(input) = input.filter(|input| overrides_more(input)) {
        report.add_plain(&format!("Target.Input: {input}"), NoteKind::NotCarriedOver, OVERRIDES);
    }
    let mut parameters = fields.object("EcsParameters", report);
    let definition = parameters.text("TaskDefinitionArn", report);
    let task_definition = definition.ok_or("Target.EcsParameters.TaskDefinitionArn: missing")?;
    let launch_type = match parameters.text("LaunchType", report).as_deref() {
        None | Some("FARGATE") => EcsLaunchType::Fargate,
        Some("EC2") => EcsLaunchType::Ec2,
        Some(other) => return Err(format!("Target.EcsParameters.LaunchType: belfry has no {other}")),
    };
    if let Some(field) = parameters.take("TaskCount").filter(|field| field.node.value() != 1) {
        report.lost(&field, "belfry starts one task for each slot");
    }
    let mut configuration = parameters.object("NetworkConfiguration", report);
    let mut network = configuration.object("awsvpcConfiguration", report);
    configuration.rest(report, NoteKind::NotCarriedOver, OTHER);
    let subnets = network.texts("Subnets", report);
    let security_groups = network.texts("SecurityGroups", report);
    let assign_public_ip = match network.text("AssignPublicIp", report).as_deref() {
        None | Some("DISABLED") => false,
        Some("ENABLED") => true,
        Some(other) => return Err(format!("AssignPublicIp: {other} is neither ENABLED nor DISABLED")),
    };
    network.rest(report, NoteKind::NotCarriedOver, OTHER);
    parameters.rest(report, NoteKind::NotCarriedOver, OTHER);
    let texts = |list: &Value| {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let pairs = overrides["environment"].as_array().into_iter().flatten();
    let pair = |pair: &Value| Some((pair["name"].as_str()?.to_owned(), pair["value"].as_str()?.to_owned()));
    let target = Target::Ecs(EcsTarget {
        cluster: arn.whole.to_owned(),
        task_definition,
        container,
        command: texts(&overrides["command"]),
        environment: pairs.filter_map(pair).collect(),
        launch_type,
        subnets,
        security_groups,
        assign_public_ip,
    });
    Ok((target, None))
}
