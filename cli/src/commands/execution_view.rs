//! View of one execution, complete, for people.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use comfy_table::Cell;

use super::timeline;
use crate::{
    client::wire::{Attempt, Execution},
    show::{plain, table, time},
};

pub fn text(row: &Execution) -> String {
    let mut text = table::text(&facts(row));
    if let Some(timeline) = timeline::text(row) {
        let _ = write!(text, "\n\n{timeline}");
    }
    for attempt in &row.attempts {
        let _ = write!(text, "\n\n{}", self::attempt(attempt));
    }
    text
}

fn facts(row: &Execution) -> comfy_table::Table {
    let mut facts = comfy_table::Table::new();
    facts.load_style(comfy_table::presets::NOTHING);
    let instant = |at: Option<DateTime<Utc>>| at.map(time::utc).unwrap_or_default();
    let duration = |ms: Option<i64>| ms.map(time::millis).unwrap_or_default();
    for (name, value) in [
        ("execution", row.execution_id.clone()),
        ("run", row.run_id.clone().unwrap_or_default()),
        ("rerun of", row.rerun_of.clone().unwrap_or_default()),
        ("backfill", row.backfill_id.clone().unwrap_or_default()),
        ("status", row.status.clone()),
        ("reason", row.reason.clone().unwrap_or_default()),
        ("progress", row.progress.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("trigger", row.trigger.clone()),
        ("priority", row.priority.clone()),
        ("due", instant(row.due_at)),
        ("not before", instant(row.ready_at.filter(|at| !row.has_ended() && Some(*at) != row.due_at))),
        ("started", instant(row.start_time)),
        ("lateness", duration(row.lateness_ms)),
        ("ended", instant(row.end_time)),
        ("took", duration(row.duration_ms)),
        ("depends on", dependencies(row)),
        ("elements", elements(row)),
        ("worker", row.worker_id.clone().unwrap_or_default()),
        ("input", plain(&row.input)),
        ("result", plain(&row.result)),
    ] {
        if !value.is_empty() {
            let cell = if name == "status" { table::status(&value) } else { Cell::new(value) };
            facts.add_row([Cell::new(name), cell]);
        }
    }
    facts
}

fn elements(row: &Execution) -> String {
    let list =
        |count| format!("{count}, list them with `belfry executions --element-of {}`", row.execution_id);
    row.elements.map(list).unwrap_or_default()
}

/// Dependencies such as `ingest: success, clean: waiting`, from a map by job or a list.
fn dependencies(row: &Execution) -> String {
    let outcome = |value: &serde_json::Value| match plain(&value["outcome"]) {
        text if text.is_empty() => "waiting".to_owned(),
        text => text,
    };
    let named: Vec<String> = match &row.dependencies {
        serde_json::Value::Object(map) => {
            map.iter().map(|(job, value)| format!("{job}: {}", outcome(value))).collect()
        }
        serde_json::Value::Array(list) => {
            list.iter().map(|value| format!("{}: {}", plain(&value["job_id"]), outcome(value))).collect()
        }
        _ => Vec::new(),
    };
    named.join(", ")
}

/// Describes an attempt without its output: number, outcome, duration and error.
pub fn outcome(attempt: &Attempt) -> String {
    let mut text = format!("attempt {}", attempt.number);
    let _ = write!(text, ": {}", attempt.outcome.as_deref().unwrap_or("running"));
    if let Some(duration) = attempt.duration_ms {
        let _ = write!(text, " in {}", time::millis(duration));
    }
    if let Some(error) = &attempt.error {
        let _ = write!(text, "\n  {error}");
    }
    text
}

pub fn attempt(attempt: &Attempt) -> String {
    let mut text = outcome(attempt);
    if let Some(output) = attempt.output.as_ref().filter(|output| !output.tail.is_empty()) {
        let shown = output.tail.len() as u64;
        if output.bytes > shown {
            let all = if output.log.is_some() { "; full output: belfry logs --full" } else { "" };
            let (shown, of) = (time::bytes(shown), time::bytes(output.bytes));
            let _ = write!(text, "\n  … the last {shown} of {of}{all}");
        }
        for line in output.tail.lines() {
            let _ = write!(text, "\n  │ {line}");
        }
    }
    text
}
