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
    ports::{Creation, Fact},
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
        let mut accepted = self.push_all(vec![request]).await?;
        accepted.pop().unwrap_or_else(|| Err(EngineError::invalid("", "nothing to push")))
    }

    /// Accepts pushes, each of which is accepted or refused on its own. When this returns, the accepted
    /// pushes are durable.
    ///
    /// # Errors
    /// The store does not answer. Each push has a result of its own.
    pub async fn push_all(&self, requests: Vec<PushRequest>) -> Result<Vec<Result<Accepted>>> {
        let now = self.now();
        let mut outcomes: Vec<Result<Accepted>> = Vec::with_capacity(requests.len());
        let mut rows = Vec::with_capacity(requests.len());
        let mut intake = Intake::default();
        for request in requests {
            let problems = validate_push(&request.spec);
            if !problems.is_empty() {
                outcomes.push(Err(EngineError::Invalid(problems)));
                continue;
            }
            let row = self.push_row(&request, now);
            if let Err(refusal) = self.admit_row(&mut intake, &row).await {
                outcomes.push(self.accepted_before(&row, refusal).await?);
                continue;
            }
            let guard = Timer { key: row.guard.clone(), version: 0, checks: 0 };
            rows.push((outcomes.len(), row.clone(), guard));
            outcomes.push(Ok(Accepted { execution: row, is_new: true }));
        }
        let places: Vec<usize> = rows.iter().map(|(place, ..)| *place).collect();
        let creations = self
            .ports
            .executions
            .create_all(rows.into_iter().map(|(_, row, guard)| (row, guard)).collect())
            .await?;
        for (place, creation) in places.into_iter().zip(creations) {
            if let (Creation::Exists(existing), Ok(accepted)) = (creation, &outcomes[place]) {
                outcomes[place] = same_or_reused(&accepted.execution, *existing);
            }
        }
        self.send_accepted(&outcomes).await?;
        Ok(outcomes)
    }

    async fn admit_row(&self, intake: &mut Intake, row: &Execution) -> Result<()> {
        let Some(work) = row.work.as_deref() else { return Ok(()) };
        self.take_in(intake, &work.pool, row.priority, row.ready_at).await
    }

    /// Execution that an earlier request with the same key created, instead of a refusal. A request
    /// that is repeated because its answer was lost adds no work.
    async fn accepted_before(&self, row: &Execution, refusal: EngineError) -> Result<Result<Accepted>> {
        let existing = self.ports.executions.execution(&row.id).await?;
        Ok(existing.map_or(Err(refusal), |existing| same_or_reused(row, existing)))
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

    async fn send_accepted(&self, outcomes: &[Result<Accepted>]) -> Result<()> {
        // Read again: the write may have taken a while.
        let near = self.now().plus(self.settings.near);
        let mut messages = Vec::new();
        let mut count = 0;
        for accepted in outcomes.iter().flatten().filter(|accepted| accepted.is_new) {
            count += 1;
            let row = &accepted.execution;
            if row.ready_at <= near {
                messages.extend(self.message_for(row, row.guard.clone()).await?);
            }
        }
        self.ports.observer.record(Fact::Accepted { count });
        self.send(messages).await
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
            return self.accepted_before(&row, refusal).await?;
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
        let guard = Timer { key: row.guard.clone(), version: 0, checks: 0 };
        match self.ports.executions.create(row.clone(), Some(guard)).await? {
            Creation::Exists(existing) => Ok(Accepted { execution: *existing, is_new: false }),
            Creation::Created => {
                self.ports.observer.record(Fact::Accepted { count: 1 });
                if let Some(message) = self.message_for(&row, row.guard.clone()).await? {
                    self.send(vec![message]).await?;
                }
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

/// Existing execution of a key, if it is the same request. Another request under the same key is the
/// caller's mistake.
fn same_or_reused(wanted: &Execution, existing: Execution) -> Result<Accepted> {
    if asks_for_the_same(wanted, &existing) {
        return Ok(Accepted { execution: existing, is_new: false });
    }
    Err(EngineError::KeyReused { id: existing.id })
}
