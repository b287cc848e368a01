//! Executions, as written.

use belfry_domain::{AttemptOutcome, Change, ClaimRequest, Execution, ExecutionId, Holder, Status, Wait};
use belfry_engine::ports::{Applied, Claimed, Creation};

use super::{Shadow, Writer};
use crate::machine::{State, executor::TaskId};

pub struct Row {
    pub execution: Execution,
    pub end: Option<End>,
}

/// Write that ended an execution.
#[derive(Debug, Clone, Copy)]
pub struct End {
    pub write: u64,
    /// Revision of the graph at that moment.
    pub revision: u64,
}

pub(super) fn elements_of(whole: &Execution) -> impl Iterator<Item = ExecutionId> {
    let count = whole.elements.map_or(0, |elements| elements.count);
    (0..count).map(|index| whole.id.element(index))
}

impl Shadow {
    fn store(&mut self, execution: Execution, now_ms: u64) {
        let write = self.count_write();
        if execution.status == Status::Running {
            self.attempts.claim(&execution.id, execution.attempt, now_ms);
        }
        let old = self.rows.get(&execution.id);
        let revision = self.revision;
        let end = old
            .and_then(|old| old.end)
            .or_else(|| execution.status.is_terminal().then_some(End { write, revision }));
        self.touched.insert(execution.id.clone());
        self.chains_touched = true;
        self.rows.insert(execution.id.clone(), Row { execution, end });
    }

    pub fn add_waiter(&mut self, dependency: &ExecutionId, waiter: &ExecutionId) {
        let write = self.count_write();
        self.waiters.entry(dependency.clone()).or_default().entry(waiter.clone()).or_insert(write);
    }

    pub fn remove_waiter(&mut self, dependency: &ExecutionId, waiter: &ExecutionId) {
        if let Some(waiters) = self.waiters.get_mut(dependency) {
            waiters.remove(waiter);
        }
    }
}

impl Shadow {
    /// Whether the host stood still after the task's look at the job.
    fn is_stale(&self, row: &Execution, task: TaskId, frozen_at_ms: Option<u64>) -> bool {
        let read = self.reads.get(&(task, row.job_id()));
        read.is_some_and(|read| frozen_at_ms.is_some_and(|at| at >= read.at_ms))
    }
}

impl State {
    pub fn writer(&self, process: usize) -> Writer {
        Writer { name: self.processes[process].name.clone(), now: self.wall_of(process) }
    }

    pub fn saw_create(&mut self, process: usize, row: &Execution, created: &Creation) {
        let what = if *created == Creation::Created { row.status.as_str() } else { "exists already" };
        self.note(process, || format!("create {}: {what}", row.id));
        if *created != Creation::Created {
            return;
        }
        let writer = self.writer(process);
        let oracle = self.shadow.judge_creation(row, &writer, self.current_task, self.time.now_ms);
        self.judge(oracle);
        let permits = self.shadow.judge_permits(row);
        self.judge(permits);
        if self.shadow.is_stale(row, self.current_task, self.processes[process].frozen_at_ms) {
            self.coverage.add("row: created by a host that had stood still");
        }
        self.judge_slot_start(process, row);
        self.count_row(row);
        self.shadow.store(row.clone(), self.time.now_ms);
    }

    pub fn saw_claim(&mut self, process: usize, request: &ClaimRequest, claimed: &Claimed) {
        let id = &request.execution_id;
        match claimed {
            Claimed::Started(row) => {
                self.note(process, || format!("claim {id} #{}", request.attempt));
                if request.guard.is_some() {
                    self.coverage.add("claim: with a nearer guard");
                }
                self.saw_guard(process, request.guard.as_ref());
                let oracle = self.shadow.judge_claim(row, request, self.current_task);
                self.judge(oracle);
                let permits = self.shadow.judge_permits(row);
                self.judge(permits);
                self.shadow.store((**row).clone(), self.time.now_ms);
            }
            Claimed::Refused(row, why) => {
                self.coverage.add("row: a second claim refused");
                self.note(process, || {
                    format!("claim {id} #{}: refused, {why:?}, it is {}", request.attempt, row.status)
                });
            }
            Claimed::Missing => {
                self.note(process, || format!("claim {id} #{}: no such row", request.attempt));
            }
        }
    }

    pub fn saw_apply(&mut self, process: usize, change: &Change, applied: &Applied) {
        let row = &change.row;
        if *applied != Applied::Won {
            self.coverage.add("row: a write refused");
            self.note(process, || format!("write {} {}: refused", row.id, row.status));
            return;
        }
        self.note(process, || format!("write {} {} r{} #{}", row.id, row.status, row.revision, row.attempt));
        self.saw_guard(process, change.guard.as_ref());
        let writer = self.writer(process);
        let oracle = match self.shadow.row(&row.id) {
            Some(old) => self.shadow.judge_change(old, row, &writer),
            None => Err(format!("{} was changed before it was created", row.id)),
        };
        self.judge(oracle);
        if let Some(old) = self.shadow.row(&row.id).cloned() {
            self.judge_taken_up(process, &old, row);
            self.count_decision(&old, row);
        }
        self.count_row(row);
        self.shadow.store(row.clone(), self.time.now_ms);
    }

    fn count_row(&mut self, row: &Execution) {
        let status = match row.status {
            Status::Waiting => match row.wait() {
                Some(Wait::Dependencies) => "row: waits for dependencies",
                Some(Wait::Turn(_)) => "row: waits in line",
                Some(Wait::Elements(_)) => "row: waits for elements",
                Some(Wait::Until(_)) if row.attempt > 0 => "row: waits for a retry",
                Some(Wait::Until(_)) | None => "row: waits for its instant",
            },
            Status::Queued if row.lost > 0 => "row: lost to a dead worker",
            Status::Queued => "row: queued",
            Status::Running if row.cancel_requested => "row: cancellation requested",
            Status::Running if row.progress.is_some() => "row: says how far it is",
            Status::Running => "row: running",
            Status::Success if row.elements.is_some() => "row: elements joined",
            Status::Failed if row.elements.is_some() => "row: elements failed",
            Status::Cancelled if row.elements.is_some() => "row: cancelled with its elements",
            Status::Success => "status: success",
            Status::Failed => "status: failed",
            Status::TimedOut => "status: timed_out",
            Status::Cancelled => "status: cancelled",
            Status::UpstreamFailed => "status: upstream_failed",
            Status::Skipped => "status: skipped",
        };
        self.coverage.add(status);
        let reason = row.reason.as_deref().unwrap_or_default();
        if row.status == Status::Skipped && reason.starts_with("skipped: unfinished executions hold") {
            self.coverage.add("gate: overlap forbidden");
        }
        if reason.starts_with("replaced by") {
            self.coverage.add("gate: replaced");
        }
        if has_timed_out_elsewhere(row) {
            self.coverage.add("row: timed out elsewhere");
        }
        if row.id.generation() > 1 {
            self.coverage.add("row: a generation after the first");
        }
    }
}

fn has_timed_out_elsewhere(row: &Execution) -> bool {
    let last = row.attempts.last().filter(|last| last.number == row.attempt);
    let is_elsewhere = row.claim.as_ref().is_some_and(|claim| claim.holder != Holder::Worker);
    is_elsewhere && last.is_some_and(|last| last.outcome == AttemptOutcome::TimedOut)
}
