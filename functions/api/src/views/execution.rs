use std::collections::BTreeMap;

use belfry_domain::{
    Attempt, AttemptOutcome, BackfillId, Execution, ExecutionId, Job, JobId, Outcome, Priority, Progress,
    SlotName, Status, Target, Timestamp, Trigger,
};
use belfry_engine::ports::StoredOutput;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Instant;
use crate::http::actions::execution_path;

/// One job at one slot, or one piece of pushed work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Execution)]
pub struct ExecutionView {
    /// Name of the execution: `job@slot`, with `~N` for generation N from 2 on.
    pub execution_id: ExecutionId,
    /// Job of the execution, or the name that it was pushed under.
    pub job_id: JobId,
    /// Instant of the schedule, or the key of a trigger or push.
    pub slot: SlotName,
    /// Number of the generation: 1, and one more for each retry or re-run by hand.
    #[schema(minimum = 1)]
    pub generation: u32,
    /// State of the execution.
    pub status: Status,
    /// Run that the execution belongs to. `null` for a slot that no worker has claimed yet.
    pub run_id: Option<String>,
    /// Cause of the execution.
    pub trigger: Trigger,
    /// Class in which it waits for a worker; it rises with waiting.
    pub priority: Priority,
    /// Version of the job that its attempts run. `null` before the first attempt, and for pushed work.
    pub job_version: Option<u64>,
    /// Instant at which its row was written. `null` for a slot that no worker has claimed yet.
    pub created_at: Option<Instant>,
    /// Instant at which it should start: the slot's instant with its jitter, or `run_at`.
    pub due_at: Instant,
    /// Earliest start of the next attempt.
    pub ready_at: Instant,
    /// Start of the first attempt. `null` before.
    pub start_time: Option<Instant>,
    /// End of the execution. `null` before.
    pub end_time: Option<Instant>,
    /// Milliseconds from the first start to the end. `null` before the end.
    pub duration_ms: Option<u64>,
    /// Milliseconds from `due_at` to the first start; for a backfill, from its creation. Waits for dependencies
    /// and for a turn under a limit are no part of it: then it counts from their end. `null` before the start.
    pub lateness_ms: Option<u64>,
    /// Worker that holds the execution, or held it last. `null` before the first attempt.
    pub worker_id: Option<String>,
    /// Number of the newest attempt; 0 before the first.
    pub attempt: u32,
    /// Maximum number of attempts after the first. Given for pushed work, and in the answer for a single
    /// execution; otherwise `null`.
    pub max_retries: Option<u32>,
    /// Whether somebody has asked a running execution to stop.
    pub cancel_requested: bool,
    /// Newest progress that a heartbeat of the last attempt reported. `null` once it has succeeded.
    pub progress: Option<Progress>,
    /// Newest attempts: at most ten that have ended, and the running one.
    pub attempts: Vec<AttemptView>,
    /// Dependencies by job, with the execution that each waits for or has waited for.
    pub dependencies: BTreeMap<JobId, DependencyView>,
    /// Number of elements of its list, for a job with `for_each`; `element_of` lists their executions.
    /// `null` otherwise.
    pub elements: Option<u32>,
    /// Explanation of its state, for people. `null` where there is nothing to explain.
    pub reason: Option<String>,
    /// Input of the execution. `null` where there is none.
    pub input: Option<Value>,
    /// Result of the successful attempt, JSON of at most 64 KiB. `null` where there is none.
    pub result: Option<Value>,
    /// Execution that this one runs again. `null` for generation 1.
    pub rerun_of: Option<ExecutionId>,
    /// Backfill that started it. `null` where none did.
    pub backfill_id: Option<BackfillId>,
    /// Work of a push. `null` for a job's execution: its job has the target.
    pub target: Option<Target>,
}

/// One attempt of an execution.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptView {
    /// Number of the attempt, from 1.
    #[schema(minimum = 1)]
    pub number: u32,
    /// Outcome of the attempt. `null` while it runs.
    pub outcome: Option<AttemptOutcome>,
    /// Start of the attempt.
    pub start_time: Instant,
    /// End of the attempt. `null` while it runs.
    pub end_time: Option<Instant>,
    /// Milliseconds from start to end. `null` while it runs.
    pub duration_ms: Option<u64>,
    /// Milliseconds that it waited for a worker and between attempts: from `due_at`, or from the end of the
    /// attempt before, to its start. `null` where the attempt before is no longer kept.
    pub waited_ms: Option<u64>,
    /// Worker that ran the attempt.
    pub worker_id: String,
    /// Error of a failed attempt in one line, at most 500 characters. `null` otherwise.
    pub error: Option<String>,
    /// Output of the attempt. `null` in lists; only the answer for a single execution has it.
    pub output: Option<OutputView>,
}

/// Output of an attempt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Output)]
pub struct OutputView {
    /// Last 4 KiB that it printed or answered.
    pub tail: String,
    /// Size of the whole output in bytes.
    pub bytes: u64,
    /// Path of the whole output, up to 10 MiB. `null` where the tail is all of it, or all that was kept.
    pub log: Option<String>,
}

/// Execution of a dependency, and its outcome.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dependency)]
pub struct DependencyView {
    /// Execution that this one depends on.
    pub execution_id: ExecutionId,
    /// Outcome of the dependency. `null` while it can still change.
    pub outcome: Option<Outcome>,
}

/// Executions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExecutionPage {
    /// Executions of this page.
    pub items: Vec<ExecutionView>,
    /// Value of `cursor` for the next page. `null` on the last page.
    pub next_cursor: Option<String>,
}

impl From<Execution> for ExecutionView {
    fn from(row: Execution) -> Self {
        let attempts = attempts_of(&row);
        let lateness_ms = row.lateness().map(|lateness| lateness.as_millis() as u64);
        let dependencies = row.dependencies.into_iter();
        let took = |from: Option<Timestamp>, to: Option<Timestamp>| Some(millis(from?, to?));
        Self {
            job_id: row.id.job_id(),
            slot: row.id.slot(),
            generation: row.id.generation(),
            execution_id: row.id,
            status: row.status,
            run_id: Some(row.run.id),
            trigger: row.trigger,
            priority: row.priority,
            job_version: Some(row.job_version).filter(|version| *version > 0),
            created_at: Some(row.created_at.into()),
            due_at: row.due.into(),
            ready_at: row.ready_at.into(),
            start_time: row.start_time.map(Instant),
            end_time: row.end_time.map(Instant),
            duration_ms: took(row.start_time, row.end_time),
            lateness_ms,
            worker_id: row.claim.map(|claim| claim.worker_id),
            attempt: row.attempt,
            max_retries: row.work.as_ref().map(|work| work.retry.max_retries),
            cancel_requested: row.cancel_requested,
            progress: row.progress,
            attempts,
            dependencies: dependencies
                .map(|(job, on)| (job, DependencyView { execution_id: on.execution_id, outcome: on.outcome }))
                .collect(),
            elements: row.elements.map(|elements| elements.count),
            reason: row.reason,
            input: row.input,
            result: row.result,
            rerun_of: row.rerun_of,
            backfill_id: row.backfill,
            target: row.work.map(|work| work.target),
        }
    }
}

impl ExecutionView {
    /// A slot that is due and that nobody has claimed yet.
    pub fn unclaimed(job: &Job, slot: Timestamp) -> Self {
        let id = ExecutionId::scheduled(job.id(), slot);
        let due = job.spec.fire_at(slot).into();
        Self {
            job_id: job.id().clone(),
            slot: id.slot(),
            generation: 1,
            execution_id: id,
            status: Status::Queued,
            run_id: None,
            trigger: Trigger::Schedule,
            priority: job.spec.priority,
            job_version: None,
            created_at: None,
            due_at: due,
            ready_at: due,
            start_time: None,
            end_time: None,
            duration_ms: None,
            lateness_ms: None,
            worker_id: None,
            attempt: 0,
            max_retries: Some(job.work().retry.max_retries),
            cancel_requested: false,
            progress: None,
            attempts: Vec::new(),
            dependencies: BTreeMap::new(),
            elements: None,
            reason: None,
            input: job.spec.input.clone(),
            result: None,
            rerun_of: None,
            backfill_id: None,
            target: None,
        }
    }

    pub fn with_outputs(mut self, outputs: Vec<StoredOutput>) -> Self {
        for StoredOutput { attempt, output } in outputs {
            if let Some(view) = self.attempts.iter_mut().find(|view| view.number == attempt) {
                let log = output
                    .log
                    .map(|_| format!("{}/logs/{attempt}", execution_path(self.execution_id.as_str())));
                view.output = Some(OutputView { tail: output.tail, bytes: output.bytes, log });
            }
        }
        self
    }
}

fn attempts_of(row: &Execution) -> Vec<AttemptView> {
    let running = row.claim.as_ref().filter(|_| row.status == Status::Running).map(|claim| AttemptView {
        number: row.attempt,
        outcome: None,
        start_time: claim.since.into(),
        end_time: None,
        duration_ms: None,
        waited_ms: None,
        worker_id: claim.worker_id.clone(),
        error: None,
        output: None,
    });
    let mut attempts: Vec<AttemptView> = row.ended_attempts().iter().map(ended).chain(running).collect();
    let mut before = Some((0, row.was_due()));
    for attempt in &mut attempts {
        let since = before.filter(|(number, _)| number + 1 == attempt.number).map(|(_, end)| end);
        attempt.waited_ms = since.map(|since| millis(since, attempt.start_time.0));
        before = attempt.end_time.map(|end| (attempt.number, end.0));
    }
    attempts
}

fn ended(attempt: &Attempt) -> AttemptView {
    AttemptView {
        number: attempt.number,
        outcome: Some(attempt.outcome),
        start_time: attempt.start_time.into(),
        end_time: Some(attempt.end_time.into()),
        duration_ms: Some(millis(attempt.start_time, attempt.end_time)),
        waited_ms: None,
        worker_id: attempt.worker_id.clone(),
        error: attempt.error.clone(),
        output: None,
    }
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    to.since(from).as_millis() as u64
}
