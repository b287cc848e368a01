//! Validation of a definition on its own. Checks that need the other jobs are in `graph`.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    push::PushSpec,
    slot_clock::SlotClock,
    spec::JobSpec,
    target::{CommandTarget, HttpTarget, Target},
    validate_aws::{check_ecs, check_eventbridge, check_lambda, check_sqs, check_step_functions},
    validate_elements::check_for_each,
    validate_limits::check_limits,
    work::Work,
};
use crate::{JobId, RetryPolicy, Timestamp, ZoneData, Zones, misfire::MAX_CAP};

/// Maximum size of an input in bytes. Larger inputs belong in an object store, with a reference here.
pub const MAX_INPUT_BYTES: usize = 64 * 1024;
const MAX_TAGS: usize = 50;
const MAX_TEXT_BYTES: usize = 1024;
const MAX_ATTEMPT: Duration = Duration::from_secs(7 * 24 * 3600);
const MAX_DEADLINE: Duration = Duration::from_secs(7 * 24 * 3600);
const MAX_JITTER: Duration = Duration::from_secs(24 * 3600);

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Path of the field: `schedule`, `target.url`, `dependencies[2]`.
    pub field: String,
    /// Place in the field's text, in bytes from 0. `null` or absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// Explanation of what is wrong, and what would be right.
    pub message: String,
}

impl Problem {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), position: None, message: message.into() }
    }

    fn at(mut self, position: Option<usize>) -> Self {
        self.position = position;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Problems of a job that can be seen from the job alone. `now` decides whether its schedule has a
/// future slot, by the bundled zone data.
pub fn validate_job(spec: &JobSpec, now: Timestamp) -> Vec<Problem> {
    validate_job_by(&Zones::of(ZoneData::bundled()), spec, now)
}

/// Problems of a job as for [`validate_job`], by these zone data.
pub fn validate_job_by(zones: &Zones, spec: &JobSpec, now: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    if spec.job_id.as_str() == JobId::PUSH {
        problems.push(Problem::new("job_id", "`push` is reserved for pushed work; choose another name"));
    }
    either(&mut problems, spec.command.is_some(), spec.target.is_some(), "command", "target");
    either(&mut problems, spec.schedule.is_some(), spec.run_at.is_some(), "schedule", "run_at");
    check_schedule(&mut problems, zones, spec, now);
    check_retries(&mut problems, spec.max_retries, spec.retry.as_ref().map(|retry| retry.max_retries));
    check_work(&mut problems, &spec.work(), spec.command.is_some());
    check_input(&mut problems, spec.input.as_ref());
    check_for_each(&mut problems, spec);
    check_limits(&mut problems, spec);
    check_tags(&mut problems, spec);
    check_text(&mut problems, "description", spec.description.as_deref());
    if spec.jitter.is_some_and(|jitter| jitter.0 > MAX_JITTER) {
        problems.push(Problem::new("jitter", "must be at most 24h"));
    }
    if spec.must_finish_by.is_some_and(|by| by.0.is_zero() || by.0 > MAX_DEADLINE) {
        problems.push(Problem::new("must_finish_by", "must be more than 0 and at most 7d after the slot"));
    }
    if spec.misfire_cap.is_some_and(|cap| cap == 0 || cap > MAX_CAP) {
        problems.push(Problem::new("misfire_cap", format!("must be between 1 and {MAX_CAP}")));
    }
    problems
}

/// Problems of a push.
pub fn validate_push(spec: &PushSpec) -> Vec<Problem> {
    let mut problems = Vec::new();
    either(&mut problems, spec.command.is_some(), spec.target.is_some(), "command", "target");
    if spec.command.is_none() && spec.target.is_none() {
        problems.push(Problem::new("target", "is missing; give `target` or `command`"));
    }
    either(&mut problems, spec.run_at.is_some(), spec.delay.is_some(), "run_at", "delay");
    check_retries(&mut problems, spec.max_retries, spec.retry.as_ref().map(|retry| retry.max_retries));
    check_work(&mut problems, &spec.work(), spec.command.is_some());
    check_input(&mut problems, spec.input.as_ref());
    problems
}

fn either(problems: &mut Vec<Problem>, one: bool, other: bool, name: &str, other_name: &str) {
    if one && other {
        problems.push(Problem::new(other_name, format!("`{name}` is given too; give only one of the two")));
    }
}

fn check_schedule(problems: &mut Vec<Problem>, zones: &Zones, spec: &JobSpec, now: Timestamp) {
    if let (Some(start), Some(end)) = (spec.start, spec.end)
        && start >= end
    {
        problems.push(Problem::new("end", "must be later than `start`"));
    }
    if !spec.is_scheduled() {
        let needless = [
            ("timezone", spec.timezone.is_some()),
            ("start", spec.start.is_some()),
            ("end", spec.end.is_some()),
            ("jitter", spec.jitter.is_some()),
            ("clock", spec.clock == SlotClock::Both),
            ("must_finish_by", spec.must_finish_by.is_some()),
        ];
        for (field, _) in needless.iter().filter(|(_, given)| *given) {
            problems.push(Problem::new(*field, "has no effect without `schedule`"));
        }
        return;
    }
    let field = if spec.schedule.is_some() { "schedule" } else { "run_at" };
    match spec.parsed_schedule(zones) {
        Err(error) => {
            let field = if error.field() == "timezone" { "timezone" } else { field };
            problems.push(Problem::new(field, error.to_string()).at(Some(error.position())));
        }
        Ok(Some(schedule)) if schedule.next_after(now.to_utc()).is_none() => {
            problems
                .push(Problem::new(field, format!("has no slot after now ({now}); the job would never run")));
        }
        Ok(Some(schedule)) if spec.clock == SlotClock::Both && schedule.eventbridge().is_none() => {
            let message = "`both` needs a schedule that EventBridge Scheduler supports: whole minutes, no interval, \
                           and at most one restricted day field";
            problems.push(Problem::new("clock", message));
        }
        Ok(_) => {}
    }
}

fn check_retries(problems: &mut Vec<Problem>, short: Option<u32>, long: Option<u32>) {
    if let (Some(short), Some(long)) = (short, long)
        && short != long
        // What is not given, where there are other fields, reads as the default.
        && long != RetryPolicy::default().max_retries
    {
        let message = format!("is {short}, but `retry.max_retries` is {long}; give only one of them");
        problems.push(Problem::new("max_retries", message));
    }
}

fn check_work(problems: &mut Vec<Problem>, work: &Work, short: bool) {
    if work.retry.max_retries > 1000 {
        problems.push(Problem::new("max_retries", "must be at most 1000"));
    }
    if work.retry.max_lost > 1000 {
        problems.push(Problem::new("retry.max_lost", "must be at most 1000"));
    }
    if work.timeout.0.is_zero() || work.timeout.0 > MAX_ATTEMPT {
        problems.push(Problem::new("timeout", "must be more than 0 and at most 7d"));
    }
    if work.execution_timeout.is_some_and(|timeout| timeout.0.is_zero()) {
        problems.push(Problem::new("execution_timeout", "must be more than 0"));
    }
    if let Err(error) = work.pool.parse::<JobId>() {
        problems.push(Problem::new("pool", error.to_string().replace("job id", "pool name")));
    }
    match &work.target {
        Target::Empty {} => {}
        Target::Command(command) => check_command(problems, command, short),
        Target::Http(http) => check_http(problems, http),
        Target::Lambda(lambda) => check_lambda(problems, lambda),
        Target::Sqs(sqs) => check_sqs(problems, sqs),
        Target::EventBridge(event) => check_eventbridge(problems, event),
        Target::StepFunctions(machine) => check_step_functions(problems, machine),
        Target::Ecs(task) => check_ecs(problems, task),
    }
}

fn check_command(problems: &mut Vec<Problem>, target: &CommandTarget, short: bool) {
    let field = if short { "command" } else { "target.command" };
    if target.command.is_blank() {
        problems.push(Problem::new(
            field,
            "is empty: give a string for `sh -c`, or a list that begins with a program",
        ));
    }
    for name in target.environment.keys().chain(&target.pass_environment) {
        if name.is_empty() || name.contains(['=', '\0']) {
            problems.push(Problem::new(
                "target.environment",
                format!("{name:?} is not a valid name of a variable"),
            ));
        }
    }
}

fn check_http(problems: &mut Vec<Problem>, target: &HttpTarget) {
    let rest = target.url.strip_prefix("https://").or_else(|| target.url.strip_prefix("http://"));
    match rest {
        None => problems.push(Problem::new("target.url", "must begin with http:// or https://").at(Some(0))),
        Some(rest) if rest.split(['/', '?', '#']).next().is_none_or(str::is_empty) => {
            problems.push(Problem::new("target.url", "has no host").at(Some(target.url.len() - rest.len())));
        }
        Some(_) => {}
    }
    if let Some(position) = target.url.find(|c: char| c.is_whitespace() || c.is_control()) {
        problems.push(Problem::new("target.url", "must not contain white space").at(Some(position)));
    }
    for (name, value) in &target.headers {
        let is_name = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if !is_name || value.bytes().any(|b| b < b' ' && b != b'\t' || b == 0x7f) {
            problems.push(Problem::new(format!("target.headers.{name}"), "is not a valid HTTP header"));
        }
    }
    if target.signing_key.as_ref().is_some_and(|key| key.strip_prefix("env:").is_none_or(str::is_empty)) {
        let message =
            "must be `env:NAME`, the worker's variable that holds the key; definitions must not contain keys";
        problems.push(Problem::new("target.signing_key", message));
    }
}

fn check_input(problems: &mut Vec<Problem>, input: Option<&Value>) {
    let bytes = input.map_or(0, |input| input.to_string().len());
    if bytes > MAX_INPUT_BYTES {
        let message = format!(
            "has {bytes} bytes as JSON; at most {MAX_INPUT_BYTES} are allowed: store it elsewhere and pass a reference"
        );
        problems.push(Problem::new("input", message));
    }
}

fn check_tags(problems: &mut Vec<Problem>, spec: &JobSpec) {
    if spec.tags.len() > MAX_TAGS {
        problems.push(Problem::new("tags", format!("at most {MAX_TAGS} tags are allowed")));
    }
    for (name, value) in &spec.tags {
        check_text(problems, "tags", Some(name));
        check_text(problems, "tags", Some(value));
    }
}

fn check_text(problems: &mut Vec<Problem>, field: &str, text: Option<&str>) {
    if text.is_some_and(|text| text.len() > MAX_TEXT_BYTES) {
        problems.push(Problem::new(field, format!("must have at most {MAX_TEXT_BYTES} bytes")));
    }
}
