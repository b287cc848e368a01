//! Executions: one job at one slot.

mod change;
mod claim;
mod holder;
mod progress;
mod state;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{
    change::{Change, Failure},
    claim::{ClaimRequest, Refusal},
    holder::{ClaimToken, Holder, NoToken},
    progress::Progress,
    state::{Event, IllegalTransition, Status, transition},
};
use crate::{
    Admission, BackfillId, ExecutionId, GateKey, JobId, Outcome, Place, Priority, SlotName, TimerKey,
    Timestamp, Work,
};

/// An execution's row: small, because a store bills and writes all of it each time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub id: ExecutionId,
    /// Counts the writes: every one is conditional on it.
    pub revision: u64,
    pub status: Status,
    /// The version that all attempts run: the first claim pins it. 0 before, and for pushed work.
    pub job_version: u64,
    pub run: Run,
    pub trigger: Trigger,
    pub priority: Priority,
    pub created_at: Timestamp,
    /// The slot's instant, after jitter: lateness counts from here.
    pub due: Timestamp,
    /// Nothing starts before this instant.
    pub ready_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// The number of the attempt that was started last; the fence. 0 before the first.
    pub attempt: u32,
    /// Attempts that ended in failure; `max_retries` bounds them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// Attempts whose worker died; they have their own budget.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u32,
    /// The claim that started the last attempt. It stays when the attempt has ended, so that a
    /// repeated write is known for what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancel_requested: bool,
    /// What its last attempt said of itself, as of a heartbeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Of a waiting one: the dependencies, and what became of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<JobId, Dependency>,
    /// Of one that fans out over a list: how far that has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elements: Option<Elements>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a job with limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<Box<Admission>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Of pushed work: what to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Box<Work>>,
    /// The instant that its push named; it is due later where that had passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<ExecutionId>,
    /// Slot name of the idempotency key under which a request had the execution run again. For one key
    /// an execution runs again once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_key: Option<SlotName>,
    /// The backfill that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<BackfillId>,
    /// The newest attempts that did not succeed, at most [`MAX_ATTEMPTS_KEPT`]. What a success was
    /// like, the row says itself: see [`Execution::ended_attempts`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// The timer that guards it, as far as its last writer knew.
    pub guard: TimerKey,
}

/// So that a row stays small; older attempts go.
pub const MAX_ATTEMPTS_KEPT: usize = 10;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The executions that one root slot gives rise to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub id: String,
    /// Of a run that was not started by a schedule: the job that it began with. Only what can be
    /// reached from it counts as a dependency inside the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<JobId>,
    /// Of a re-run of several executions together: the other jobs that it began with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_roots: Vec<JobId>,
    /// The revision of the graph that the run follows.
    pub graph: u64,
}

impl Run {
    /// The jobs that it began with; none where a schedule started it.
    pub fn roots(&self) -> impl Iterator<Item = &JobId> {
        self.root.iter().chain(&self.more_roots)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The job's schedule.
    Schedule,
    /// A trigger.
    Manual,
    /// A push.
    Push,
    /// The end of its dependencies.
    Dependency,
    /// A retry or re-run by hand.
    Rerun,
    /// A backfill.
    Backfill,
    /// The list of a job with `for_each`.
    Element,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Fresh for each claim.
    pub id: u64,
    pub worker_id: String,
    pub lease_until: Timestamp,
    /// When this attempt started.
    pub since: Timestamp,
    #[serde(default, skip_serializing_if = "Holder::is_worker")]
    pub holder: Holder,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    pub execution_id: ExecutionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// The executions of a list's elements: `id,0` up to `id,count-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elements {
    pub count: u32,
    /// All of them exist, and the execution waits for them. Before, its worker creates them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub created: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub number: u32,
    pub worker_id: String,
    pub start_time: Timestamp,
    pub end_time: Timestamp,
    pub outcome: AttemptOutcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    Succeeded,
    Failed,
    TimedOut,
    Cancelled,
    /// The worker died or lost its lease.
    Lost,
}

impl Execution {
    /// A row that nobody has written yet.
    pub fn new(
        id: ExecutionId,
        run: Run,
        trigger: Trigger,
        due: Timestamp,
        now: Timestamp,
        guard: TimerKey,
    ) -> Self {
        Self {
            id,
            revision: 0,
            status: Status::Queued,
            job_version: 0,
            run,
            trigger,
            priority: Priority::default(),
            created_at: now,
            due,
            ready_at: due,
            start_time: None,
            end_time: None,
            attempt: 0,
            failures: 0,
            lost: 0,
            claim: None,
            cancel_requested: false,
            progress: None,
            dependencies: BTreeMap::new(),
            elements: None,
            reason: None,
            admission: None,
            input: None,
            result: None,
            work: None,
            run_at: None,
            rerun_of: None,
            rerun_key: None,
            backfill: None,
            attempts: Vec::new(),
            guard,
        }
    }

    pub fn job_id(&self) -> JobId {
        self.id.job_id()
    }

    pub fn slot(&self) -> SlotName {
        self.id.slot()
    }

    /// Whether it is work that brought its own target, or a new generation of such work. It is no
    /// generation of the job whose name it has, though it may share a slot with those.
    pub fn is_pushed(&self) -> bool {
        self.work.is_some()
    }

    /// What it can be late for. The slot of a backfill had passed before anybody asked for it.
    pub fn was_due(&self) -> Timestamp {
        if self.trigger == Trigger::Backfill { self.created_at } else { self.due }
    }

    /// The newest attempts that have ended, the successful one included.
    pub fn ended_attempts(&self) -> Vec<Attempt> {
        let success = self.claim.as_ref().filter(|_| self.status == Status::Success).map(|claim| Attempt {
            number: self.attempt,
            worker_id: claim.worker_id.clone(),
            start_time: claim.since,
            end_time: self.end_time.unwrap_or(claim.since),
            outcome: AttemptOutcome::Succeeded,
            error: None,
        });
        self.attempts.iter().cloned().chain(success).collect()
    }

    /// Names the last claim, whether it still runs or not.
    pub fn token(&self) -> Option<ClaimToken> {
        self.claim.as_ref().map(|claim| ClaimToken { attempt: self.attempt, claim_id: claim.id })
    }

    /// Waits for dependencies, not for an instant: that only happens before the first attempt.
    pub fn waits_for_dependencies(&self) -> bool {
        self.status == Status::Waiting
            && self.attempt == 0
            && !self.dependencies.is_empty()
            && self.place().is_none()
    }

    /// Where it waits for its turn.
    pub fn place(&self) -> Option<&Place> {
        self.admission.as_ref()?.place.as_ref()
    }

    /// The gates that it has passed, or waits at.
    pub fn gates(&self) -> &[GateKey] {
        self.admission.as_ref().map_or(&[], |admission| &admission.gates)
    }

    /// Waits for its elements to end. Nothing starts it again.
    pub fn waits_for_retry(&self) -> bool {
        self.status == Status::Waiting
            && self.attempt > 0
            && self.place().is_none()
            && !self.waits_for_elements()
    }

    pub fn waits_for_elements(&self) -> bool {
        self.status == Status::Waiting && self.elements.is_some_and(|elements| elements.created)
    }
}
