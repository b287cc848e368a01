//! Work for now: pushes and manual triggers.

use belfry_domain::{
    Execution, ExecutionId, IdempotencyKey, JobId, PushSpec, Run, SlotName, Status, Timer, Timestamp,
    Trigger, validate_push,
};
use serde_json::Value;
use ulid::Ulid;

use crate::{
    Engine, EngineError, Result,
    define::{backpressure::Intake, same::asks_for_the_same},
    ports::Creation,
};

/// Request for one-time work. Requests with the same key create one execution.
#[derive(Debug, Clone)]
pub struct PushRequest {
    pub spec: PushSpec,
    /// Key under which a repeated request finds the first request's execution.
    pub idempotency_key: Option<IdempotencyKey>,
}

#[derive(Debug, Clone)]
pub struct TriggerRequest {
    pub job_id: JobId,
    /// Input in place of the job's own input.
    pub input: Option<Value>,
    /// Key under which a repeated request finds the first request's execution.
    pub idempotency_key: Option<IdempotencyKey>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    pub execution: Execution,
    /// Whether this request created the execution. `false` where the key had been used before.
    pub is_new: bool,
}

impl Engine {
    /// Accepts a push, which is durable when this returns. A repeated request finds the execution of the
    /// first.
    ///
    /// # Errors
    /// The request is invalid, its key was used for another request, or the queue is full.
    pub async fn push(&self, request: PushRequest) -> Result<Accepted> {
        let mut accepted = self.push_all(vec![request]).await;
        accepted.pop().unwrap_or_else(|| Err(EngineError::invalid("", "nothing to push")))
    }

    /// Accepts pushes, and returns the outcome of each, in order: each is accepted, refused, or not
    /// written on its own. When this returns, the accepted pushes are durable.
    pub async fn push_all(&self, requests: Vec<PushRequest>) -> Vec<Result<Accepted>> {
        let now = self.now();
        let mut intake = Intake::default();
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in &requests {
            outcomes.push(self.admit_push(&mut intake, request, now).await);
        }
        let rows: Vec<(Execution, Timer)> = new(&outcomes).map(|row| (row.clone(), guard_of(row))).collect();
        let creations = self.ports.executions.create_all(rows).await;
        for (outcome, creation) in outcomes.iter_mut().filter(|outcome| is_new(outcome)).zip(creations) {
            match creation {
                Ok(Creation::Created) => {}
                Ok(Creation::Exists(existing)) => {
                    if let Ok(wanted) = outcome {
                        *outcome = same_or_reused(&wanted.execution, *existing);
                    }
                }
                Err(error) => *outcome = Err(error.into()),
            }
        }
        self.send_accepted(&new(&outcomes).collect::<Vec<_>>()).await;
        outcomes
    }

    /// Checks a push, and returns the row to create. A push that an earlier request has made is
    /// answered even while the queue is full.
    async fn admit_push(
        &self,
        intake: &mut Intake,
        request: &PushRequest,
        now: Timestamp,
    ) -> Result<Accepted> {
        let problems = validate_push(&request.spec);
        if !problems.is_empty() {
            return Err(EngineError::Invalid(problems));
        }
        let row = self.push_row(request, now);
        match self.admit_row(intake, &row).await {
            Ok(()) => Ok(Accepted { execution: row, is_new: true }),
            Err(refusal) => self.accepted_before(&row, refusal).await,
        }
    }

    async fn admit_row(&self, intake: &mut Intake, row: &Execution) -> Result<()> {
        let Some(work) = row.work.as_deref() else { return Ok(()) };
        self.take_in(intake, &work.pool, row.priority, row.ready_at).await
    }

    /// Execution that an earlier request with the same key created, instead of a refusal. A request
    /// that is repeated because its answer was lost adds no work.
    async fn accepted_before(&self, row: &Execution, refusal: EngineError) -> Result<Accepted> {
        let existing = self.ports.executions.execution(&row.id).await?;
        existing.map_or(Err(refusal), |existing| same_or_reused(row, existing))
    }

    fn push_row(&self, request: &PushRequest, now: Timestamp) -> Execution {
        let spec = &request.spec;
        let name = spec.name.clone().unwrap_or_else(JobId::push);
        let slot = self.slot_for(request.idempotency_key.as_ref(), now);
        let id = ExecutionId::new(&name, &slot);
        let due = spec.due(now).max(now);
        let guard = Timer::start(self.settings.shards, &id, 1, due);
        let run = Run { id: id.to_string(), root: None, more_roots: vec![], graph: 0 };
        let mut row = Execution::new(id, run, Trigger::Push, due, now, guard.key);
        row.status = if due > now { Status::Waiting } else { Status::Queued };
        row.priority = spec.priority;
        row.run_at = spec.run_at.map(Into::into);
        row.input.clone_from(&spec.input);
        row.work = Some(Box::new(spec.work()));
        row
    }

    /// Starts a job by hand. The run flows down to the dependents that have no schedule of their own.
    ///
    /// # Errors
    /// The job does not exist, the input is too large, or the queue is full.
    pub async fn trigger(&self, request: TriggerRequest) -> Result<Accepted> {
        let TriggerRequest { job_id, input, idempotency_key } = request;
        if input.as_ref().is_some_and(|input| input.to_string().len() > belfry_domain::MAX_INPUT_BYTES) {
            return Err(EngineError::invalid(
                "input",
                format!("must have at most {} bytes as JSON", belfry_domain::MAX_INPUT_BYTES),
            ));
        }
        let now = self.now();
        let id = ExecutionId::new(&job_id, &self.slot_for(idempotency_key.as_ref(), now));
        let run = Run { id: id.to_string(), root: Some(job_id.clone()), more_roots: vec![], graph: 0 };
        let mut row = self.row_due_now(id, run, Trigger::Manual);
        row.input = input;
        if let Err(refusal) = self.admit_trigger(&job_id, &mut row).await {
            return self.accepted_before(&row, refusal).await;
        }
        let accepted = self.accept(row.clone()).await?;
        if accepted.is_new { Ok(accepted) } else { same_or_reused(&row, accepted.execution) }
    }

    /// Takes over what the job's definition says, if the job exists and its pool has room.
    async fn admit_trigger(&self, job_id: &JobId, row: &mut Execution) -> Result<()> {
        let not_found = || EngineError::NotFound { what: "job", id: job_id.to_string() };
        let job = self.ports.jobs.job(job_id).await?.filter(|job| !job.deleted).ok_or_else(not_found)?;
        row.run.graph = self.ports.jobs.run_group(job_id).await?.graph;
        row.priority = job.spec.priority;
        self.take_in(&mut Intake::default(), &job.work().pool, row.priority, row.due).await
    }

    pub(crate) fn row_due_now(&self, id: ExecutionId, run: Run, trigger: Trigger) -> Execution {
        let now = self.now();
        let guard = Timer::start(self.settings.shards, &id, 1, now);
        Execution::new(id, run, trigger, now, now, guard.key)
    }

    /// Writes a row that is due now, and sends its message.
    pub(crate) async fn accept(&self, row: Execution) -> Result<Accepted> {
        match self.ports.executions.create(row.clone(), Some(guard_of(&row))).await? {
            Creation::Exists(existing) => Ok(Accepted { execution: *existing, is_new: false }),
            Creation::Created => {
                self.send_accepted(&[&row]).await;
                Ok(Accepted { execution: row, is_new: true })
            }
        }
    }

    fn slot_for(&self, key: Option<&IdempotencyKey>, now: Timestamp) -> SlotName {
        key.map_or_else(|| self.fresh_slot(now), IdempotencyKey::slot_name)
    }

    fn fresh_slot(&self, now: Timestamp) -> SlotName {
        let random = (u128::from(self.ports.random.next()) << 64) | u128::from(self.ports.random.next());
        let ulid = Ulid::from_parts(u64::try_from(now.0).unwrap_or(0), random);
        SlotName::from_ulid(&ulid)
    }
}

fn is_new(outcome: &Result<Accepted>) -> bool {
    outcome.as_ref().is_ok_and(|accepted| accepted.is_new)
}

/// Rows of the outcomes that are new.
fn new(outcomes: &[Result<Accepted>]) -> impl Iterator<Item = &Execution> {
    outcomes.iter().flatten().filter(|accepted| accepted.is_new).map(|accepted| &accepted.execution)
}

fn guard_of(row: &Execution) -> Timer {
    Timer { key: row.guard.clone(), version: 0, checks: 0 }
}

/// Existing execution of a key, if it is the same request. Another request under the same key is the
/// caller's mistake.
fn same_or_reused(wanted: &Execution, existing: Execution) -> Result<Accepted> {
    if asks_for_the_same(wanted, &existing) {
        return Ok(Accepted { execution: existing, is_new: false });
    }
    Err(EngineError::KeyReused { id: existing.id })
}
