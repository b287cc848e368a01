//! Import of schedules of EventBridge Scheduler, from the JSON that `aws scheduler` prints.
//!
//! - Expressions (`cron(…)`, `rate(…)`, `at(…)`), zones and bounds have the same meaning here. A
//!   flexible window becomes a jitter, and a disabled schedule begins paused.
//! - EventBridge repeats its own call of the target, 185 times within a day by default; the retries
//!   here do the same. A Lambda function is called as EventBridge does it, without waiting.
//! - `list-schedules` shows no expressions: the report names schedules that it lists and that no
//!   `get-schedule` shows.

mod target;
#[cfg(test)]
mod tests;
mod universal;

use std::collections::{BTreeMap, BTreeSet};

use belfry_domain::{Target, Timestamp};
use chrono::{DateTime, Utc};
use serde_json::Value;

pub use self::target::Options;
use super::{
    ImportedJob, Note, NoteKind, Translation,
    fields::{Field, Fields, Report, text_of},
    job::Retry,
    name,
};
use crate::files::{self, FileErrors, Node};

const UNKNOWN: &str = "belfry has no such setting";
const STAYS: &str = "the job stays after its last slot; delete the job then";
const DEAD_LETTERS: &str =
    "belfry keeps dead letters itself (belfry dead-letters), and sends them to its own queue";
const RATE: &str = "counts from the epoch; EventBridge counts from the creation of the schedule: set `start` of the job, \
                    and the job counts from there";
const WINDOW: &str =
    "is a jitter: each slot starts within the window, after a delay that is fixed for the slot";
const RULE: &str = "is a rule of an event bus, as `aws events describe-rule` prints one, no schedule of EventBridge \
                    Scheduler: its targets are in `aws events list-targets-by-rule`; create a schedule from it and import the schedule";
const PATTERN: &str = "is a rule with an event pattern, as from `aws events describe-rule`, and has no times";
const RULES: &str = "is a rule of an event bus, from `aws events list-rules`, no schedule of EventBridge Scheduler: its \
                     targets are in `aws events list-targets-by-rule`; create a schedule from it and import the schedule";
const TARGETS: &str =
    "are the targets of a rule, as from `aws events list-targets-by-rule`, and have no times";
const LISTED: &str = "a list has no schedule expressions; import the output of `aws scheduler get-schedule`";

/// Number of retries that EventBridge Scheduler makes by default.
const DEFAULT_RETRIES: u64 = 185;
const DEFAULT_AGE_SECONDS: u64 = 86_400;

pub struct Import<'a> {
    pub options: &'a Options,
    pub now: Timestamp,
    /// Schedules that a list named and that have no definition yet.
    listed: BTreeMap<String, Note>,
    defined: BTreeSet<String>,
}

impl<'a> Import<'a> {
    pub fn new(options: &'a Options, now: Timestamp) -> Self {
        Self { options, now, listed: BTreeMap::new(), defined: BTreeSet::new() }
    }

    /// Adds the schedules of a file. `file` is its name for people.
    pub fn add(
        &mut self,
        translation: &mut Translation<Target>,
        file: &str,
        text: &str,
    ) -> Result<(), FileErrors> {
        for document in files::documents(file, text)? {
            self.add_node(translation, file, &document);
        }
        Ok(())
    }

    /// Reports the schedules that were listed and never defined. Called at the end.
    pub fn finish(self, translation: &mut Translation<Target>) {
        translation.notes.extend(self.listed.into_values());
    }

    fn add_node(&mut self, translation: &mut Translation<Target>, file: &str, node: &Node) {
        let mut report = Report { file, subject: String::new(), notes: Vec::new() };
        if let files::Content::List(items) = &node.content {
            for item in items {
                self.add_node(translation, file, item);
            }
            return;
        }
        let mut fields = Fields::of("", node);
        let is_rule = node.get("Arn").and_then(text_of).is_some_and(|arn| arn.contains(":rule/"));
        if node.get("Schedules").is_some() {
            self.note_list(&mut fields, &mut report);
            fields.rest(&mut report, NoteKind::NotCarriedOver, "the list is incomplete; list all pages");
        } else if is_rule || node.get("EventPattern").is_some() {
            note_rule(
                node,
                if node.get("ScheduleExpression").is_some() { RULE } else { PATTERN },
                &mut report,
            );
        } else if node.get("Rules").is_some() {
            fields
                .list("Rules", &mut report)
                .iter()
                .for_each(|rule| note_rule(rule.node, RULES, &mut report));
            fields.rest(&mut report, NoteKind::NotCarriedOver, "the list is incomplete; list all pages");
        } else if let Some(targets) = fields.take("Targets") {
            report.lost(&targets, TARGETS);
            fields.rest(&mut report, NoteKind::NotCarriedOver, UNKNOWN);
        } else if node.get("ScheduleExpression").is_some() {
            match self.job(fields, translation, &mut report) {
                Ok(job) => {
                    report.became(node, &job);
                    translation.jobs.push(job);
                }
                Err(reason) => report.add(node, "schedule".to_owned(), NoteKind::NotCarriedOver, &reason),
            }
        } else {
            let reason =
                "is neither a schedule, as `aws scheduler get-schedule` prints one, nor a list of them";
            report.add(node, "document".to_owned(), NoteKind::NotCarriedOver, reason);
        }
        translation.notes.extend(report.notes);
    }

    fn note_list(&mut self, fields: &mut Fields, report: &mut Report) {
        for item in fields.list("Schedules", report) {
            let value = item.node.value();
            let (group, name) = (group_of(&value), value["Name"].as_str().unwrap_or_default().to_owned());
            let key = format!("{group}/{name}");
            if self.defined.contains(&key) {
                continue;
            }
            let before = report.notes.len();
            report.add(item.node, key.clone(), NoteKind::NotCarriedOver, LISTED);
            self.listed.extend(report.notes.drain(before..).map(|note| (key.clone(), note)));
        }
    }

    fn job(
        &mut self,
        mut fields: Fields,
        so_far: &Translation<Target>,
        report: &mut Report,
    ) -> Result<ImportedJob<Target>, String> {
        let name = fields.text("Name", report).ok_or("Name: missing")?;
        let group = fields.text("GroupName", report).unwrap_or_else(|| "default".to_owned());
        report.subject.clone_from(&name);
        let key = format!("{group}/{name}");
        self.listed.remove(&key);
        self.defined.insert(key);
        let mut target = fields.object("Target", report);
        let retry = retry(&mut target, report);
        let (called, input) = target::read(self.options, target, report)?;
        let mut job = ImportedJob::new(self.name(&name, &group, so_far), called);
        job.input = input;
        (job.retry, job.execution_timeout) = retry;
        let description =
            fields.text("Description", report).map(|text| format!(": {text}")).unwrap_or_default();
        job.description = format!("{}{description}", described(&format!("{group}/{name}")));
        if group != "default" {
            job.tags.insert("group".to_owned(), group);
        }
        when(&mut job, &mut fields, report)?;
        for own in ["Arn", "CreationDate", "LastModificationDate"] {
            let _ = fields.take(own);
        }
        fields.rest(report, NoteKind::NotCarriedOver, UNKNOWN);
        job.checked(self.now)
    }

    fn name(&self, name: &str, group: &str, so_far: &Translation<Target>) -> String {
        let taken = |name: &str| so_far.has(name);
        let short = format!("{}{name}", self.options.prefix);
        let long = format!("{}{group}.{name}", self.options.prefix);
        name::unique(if group == "default" { &short } else { &long }, &long, taken)
    }
}

/// Notes a rule under its whole text.
fn note_rule(node: &Node, reason: &str, report: &mut Report) {
    report.add(node, node.value().to_string(), NoteKind::NotCarriedOver, reason);
}

fn described(key: &str) -> String {
    format!("EventBridge schedule {key}")
}

fn group_of(value: &Value) -> String {
    value["GroupName"].as_str().unwrap_or("default").to_owned()
}

fn when(job: &mut ImportedJob<Target>, fields: &mut Fields, report: &mut Report) -> Result<(), String> {
    job.schedule = fields.text("ScheduleExpression", report).ok_or("ScheduleExpression: missing")?;
    let zone = fields.text("ScheduleExpressionTimezone", report);
    job.timezone = zone.filter(|zone| !matches!(zone.as_str(), "UTC" | "Etc/UTC"));
    job.start = instant(fields.take("StartDate"), report);
    job.end = instant(fields.take("EndDate"), report);
    job.paused = match fields.text("State", report).as_deref() {
        None | Some("ENABLED") => false,
        Some("DISABLED") => true,
        Some(other) => return Err(format!("State: {other} is neither ENABLED nor DISABLED")),
    };
    job.jitter = window(fields, report)?;
    if let Some(field) = fields.take("ActionAfterCompletion")
        && text_of(field.node).as_deref() == Some("DELETE")
    {
        report.changed(&field, STAYS);
    }
    if job.schedule.starts_with("rate(") && job.start.is_none() {
        let text = format!("ScheduleExpression: {}", job.schedule);
        report.add_plain(&text, NoteKind::Changed, RATE);
    }
    Ok(())
}

fn window(fields: &mut Fields, report: &mut Report) -> Result<Option<String>, String> {
    let mut window = fields.object("FlexibleTimeWindow", report);
    let mode = window.text("Mode", report);
    let minutes = window.take("MaximumWindowInMinutes");
    window.rest(report, NoteKind::NotCarriedOver, UNKNOWN);
    match (mode.as_deref(), minutes) {
        (None | Some("OFF"), None) => Ok(None),
        (None | Some("OFF"), Some(field)) => {
            report.lost(&field, "has no effect without the mode FLEXIBLE");
            Ok(None)
        }
        (Some("FLEXIBLE"), Some(field)) => {
            let minutes = field
                .node
                .value()
                .as_u64()
                .ok_or("FlexibleTimeWindow.MaximumWindowInMinutes: is not a number")?;
            report.changed(&field, WINDOW);
            Ok(Some(format!("{minutes}m")))
        }
        (Some("FLEXIBLE"), None) => Err("FlexibleTimeWindow.MaximumWindowInMinutes: missing".to_owned()),
        (Some(other), _) => Err(format!("FlexibleTimeWindow.Mode: {other} is neither OFF nor FLEXIBLE")),
    }
}

/// Instant in RFC 3339, or in seconds since the epoch, as older versions of the command line print it.
fn instant(field: Option<Field>, report: &mut Report) -> Option<String> {
    let field = field?;
    let value = field.node.value();
    let at = match value.as_f64() {
        Some(seconds) => DateTime::from_timestamp_millis((seconds * 1000.0) as i64),
        None => value
            .as_str()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            .map(|at| at.with_timezone(&Utc)),
    };
    if at.is_none() {
        report.lost(&field, "is not an instant");
    }
    at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
}

/// Retries that EventBridge makes for its call of the target.
fn retry(target: &mut Fields, report: &mut Report) -> (Retry, Option<String>) {
    let mut policy = target.object("RetryPolicy", report);
    let retries = policy.number("MaximumRetryAttempts", report).unwrap_or(DEFAULT_RETRIES);
    if retries > 1000 {
        let text = format!("Target.RetryPolicy.MaximumRetryAttempts: {retries}");
        report.add_plain(&text, NoteKind::Changed, "1000, the most that belfry has");
    }
    let retries = retries.min(1000) as u32;
    let age = policy.number("MaximumEventAgeInSeconds", report).unwrap_or(DEFAULT_AGE_SECONDS);
    policy.rest(report, NoteKind::NotCarriedOver, UNKNOWN);
    if let Some(field) = target.take("DeadLetterConfig") {
        report.lost(&field, DEAD_LETTERS);
    }
    (Retry::new(retries, 3), Some(format!("{age}s")))
}
