//! Progress of `belfry run` on standard error: events line by line, and on a terminal also what runs.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, stderr},
};

use belfry_domain::{Execution, ExecutionId, Status, Wait};
use belfry_engine::ports::StoredOutput;
use chrono::Local;

use super::live::Live;

pub struct Progress {
    verbose: bool,
    has_colors: bool,
    live: Option<Live>,
    seen: BTreeMap<ExecutionId, (Status, u32, usize)>,
}

impl Progress {
    pub fn new(verbose: bool, jobs: usize) -> Self {
        let has_colors = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { verbose, has_colors, live: Live::new(jobs), seen: BTreeMap::new() }
    }

    /// Updates the live display with the present state of the executions.
    pub fn update<'a>(&mut self, rows: impl Iterator<Item = &'a Execution>) {
        if let Some(live) = &mut self.live {
            live.update(rows);
        }
    }

    fn line(&self, text: &str) {
        match &self.live {
            Some(live) => live.line(text),
            None => eprintln!("{text}"),
        }
    }

    /// Executions whose state has changed since the last call.
    pub fn changed<'a>(&mut self, rows: impl Iterator<Item = &'a Execution>) -> Vec<&'a Execution> {
        let mut changed = Vec::new();
        for row in rows {
            let state = (row.status, row.attempt, row.attempts.len());
            if self.seen.insert(row.id.clone(), state) != Some(state) {
                changed.push(row);
            }
        }
        changed
    }

    pub fn show(&self, row: &Execution, outputs: &[StoredOutput]) {
        if self.live.is_some() && matches!(row.status, Status::Running | Status::Queued) {
            return;
        }
        let (color, text) = describe(row);
        let time = Local::now().format("%H:%M:%S%.3f");
        let text = if self.has_colors { format!("\x1b[{color}m{text}\x1b[0m") } else { text };
        let element = row.id.element_index().map(|index| format!(",{index}")).unwrap_or_default();
        self.line(&format!("{time}  {:<24} {text}", format!("{}{element}", row.job_id())));
        let is_bad = matches!(row.status, Status::Failed | Status::TimedOut);
        let ended = outputs.iter().find(|output| output.attempt == row.attempt);
        if let Some(stored) = ended.filter(|_| (is_bad || self.verbose) && row.status != Status::Running) {
            for line in stored.output.tail.lines() {
                self.line(&format!("              │ {line}"));
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(live) = &self.live {
            live.clear();
        }
    }
}

/// Colour and words for an execution's status on a terminal.
fn describe(row: &Execution) -> (u8, String) {
    let error = || row.attempts.last().and_then(|attempt| attempt.error.clone()).unwrap_or_default();
    let again = if row.attempt > 1 { format!(", attempt {}", row.attempt) } else { String::new() };
    if let Some(wait) = row.wait() {
        return match wait {
            Wait::Elements(count) => (90, format!("waiting for {count} elements")),
            Wait::Turn(_) | Wait::Until(_) if row.attempt > 0 => {
                (33, format!("failed, will retry: {}", error()))
            }
            Wait::Dependencies | Wait::Turn(_) | Wait::Until(_) => (90, "waiting".to_owned()),
        };
    }
    match row.status {
        Status::Queued => (90, "queued".to_owned()),
        Status::Running => (36, format!("running{again}")),
        Status::Success => (32, format!("success{again}{}", took(row))),
        Status::Skipped => (33, format!("skipped: {}", row.reason.clone().unwrap_or_default())),
        status => (31, format!("{status}{again}: {}", row.reason.clone().unwrap_or_else(error))),
    }
}

fn took(row: &Execution) -> String {
    match (row.start_time, row.end_time) {
        (Some(start), Some(end)) => {
            format!(" in {}", crate::show::time::millis(end.since(start).as_millis() as i64))
        }
        _ => String::new(),
    }
}
