//! Live display at the bottom of a terminal: a line for each running execution, and a line for all of
//! them.

use std::{
    collections::BTreeMap,
    io::{IsTerminal as _, stderr},
};

use belfry_domain::{Execution, ExecutionId, Progress, Status};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

pub struct Live {
    all: MultiProgress,
    total: ProgressBar,
    running: BTreeMap<ExecutionId, ProgressBar>,
}

fn style(template: &str) -> ProgressStyle {
    // The plain one shows as much, if less neatly.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Live {
    /// Live display. `None` where standard error is no terminal.
    pub fn new(jobs: usize) -> Option<Self> {
        if !stderr().is_terminal() {
            return None;
        }
        let all = MultiProgress::new();
        let total = all.add(ProgressBar::new(jobs as u64));
        total.set_style(style("[{bar:24}] {pos}/{len} ended, {elapsed}").progress_chars("=> "));
        Some(Self { all, total, running: BTreeMap::new() })
    }

    /// Prints a line above the live display.
    pub fn line(&self, text: &str) {
        self.all.println(text).ok();
    }

    pub fn update<'a>(&mut self, rows: impl Iterator<Item = &'a Execution>) {
        let mut ended = 0;
        for row in rows {
            ended += u64::from(row.status.is_terminal() && row.id.element_index().is_none());
            if row.status == Status::Running {
                self.show(row);
            } else if let Some(bar) = self.running.remove(&row.id) {
                bar.finish_and_clear();
                self.all.remove(&bar);
            }
        }
        self.total.set_position(ended);
    }

    fn show(&mut self, row: &Execution) {
        let (all, total) = (&self.all, &self.total);
        let bar = self.running.entry(row.id.clone()).or_insert_with(|| {
            let bar = all.insert_before(total, ProgressBar::new_spinner());
            bar.set_style(style("{spinner} {prefix:<24} {elapsed:>4} {msg}"));
            bar.set_prefix(row.job_id().to_string());
            bar
        });
        bar.set_message(row.progress.as_ref().map(Progress::to_string).unwrap_or_default());
        bar.tick();
    }

    pub fn clear(&self) {
        self.all.clear().ok();
    }
}
