use std::collections::BTreeMap;

use belfry_domain::{
    Attempt, AttemptOutcome, BackfillId, Execution, ExecutionId, Job, JobId, Outcome, Priority, Progress,
    SlotName, Status, Target, Timestamp, Trigger,
};
use belfry_engine::ports::StoredOutput;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Instant, Summary};
use crate::http::actions::execution_path;

/// One job at one slot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Execution)]
pub struct ExecutionView {
    pub execution_id: ExecutionId,
    pub job_id: JobId,
    pub slot: SlotName,
    /// 1, and counted up by retries by hand.
    #[schema(minimum = 1)]
    pub generation: u32,
    pub status: Status,
    /// None for a slot that nobody has claimed yet.
    pub run_id: Option<String>,
    pub trigger: Trigger,
    pub priority: Priority,
    /// The version of the job that its attempts run; none before the first, and for pushed work.
    pub job_version: Option<u64>,
    pub created_at: Option<Instant>,
    /// The slot's instant, with its jitter.
    pub due_at: Instant,
    /// The next attempt doesn't start before.
    pub ready_at: Instant,
    pub start_time: Option<Instant>,
    pub end_time: Option<Instant>,
    /// From the first start to the end.
    pub duration_ms: Option<u64>,
    /// From `due_at` to the first start; of a backfill's, from its creation.
    pub lateness_ms: Option<u64>,
    /// Who runs it, or ran it last.
    pub worker_id: Option<String>,
    /// The number of the attempt that was started last; 0 before the first.
    pub attempt: u32,
    /// Where it is known: for pushed work, and in the answer for a single execution.
    pub max_retries: Option<u32>,
    pub cancel_requested: bool,
    /// What its last attempt said of itself, as of a heartbeat; none once it has succeeded.
    pub progress: Option<Progress>,
    /// The newest ones, at most ten of those that have ended, and the one that runs.
    pub attempts: Vec<AttemptView>,
    pub dependencies: BTreeMap<JobId, DependencyView>,
    /// How many elements its list has, where it fans out; `element_of` lists their executions.
    pub elements: Option<u32>,
    pub reason: Option<String>,
    pub input: Option<Value>,
    pub result: Option<Value>,
    pub rerun_of: Option<ExecutionId>,
    /// The backfill that started it.
    pub backfill_id: Option<BackfillId>,
    /// Of pushed work.
    pub target: Option<Target>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptView {
    #[schema(minimum = 1)]
    pub number: u32,
    /// None while it runs.
    pub outcome: Option<AttemptOutcome>,
    pub start_time: Instant,
    pub end_time: Option<Instant>,
    pub duration_ms: Option<u64>,
    /// From `due_at`, or from the end of the attempt before, to its start: the wait for a worker and
    /// between attempts. None where the attempt before is no longer kept.
    pub waited_ms: Option<u64>,
    pub worker_id: String,
    pub error: Option<String>,
    /// Only in the answer for a single execution.
    pub output: Option<OutputView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Output)]
pub struct OutputView {
    /// The last part of what it printed or answered.
    pub tail: String,
    /// How many bytes it was in all.
    pub bytes: u64,
    /// Where all of it can be read, up to 10 MiB; none where the tail is all, or all that was kept.
    pub log: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dependency)]
pub struct DependencyView {
    pub execution_id: ExecutionId,
    /// None while it can still change.
    pub outcome: Option<Outcome>,
}

/// Newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExecutionPage {
    pub items: Vec<ExecutionView>,
    /// Send it as `cursor` for the next page; none after the last.
    pub next_cursor: Option<String>,
}

/// Of one job, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExecutionTimeline {
    pub items: Vec<ExecutionView>,
    /// Send it as `cursor` for the next page; none after the last.
    pub next_cursor: Option<String>,
    pub summary: Summary,
}

impl From<Execution> for ExecutionView {
    fn from(row: Execution) -> Self {
        let attempts = attempts_of(&row);
        let was_due = row.was_due();
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
            lateness_ms: took(Some(was_due), row.start_time),
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
