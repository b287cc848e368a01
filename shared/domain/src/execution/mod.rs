//! Executions: one job at one slot.

mod ahead;
mod change;
mod claim;
mod holder;
mod progress;
mod state;
mod wait;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{
    change::{Change, Failure},
    claim::{ClaimRequest, Refusal},
    holder::{ClaimToken, Holder, NoToken},
    progress::Progress,
    state::{Event, IllegalTransition, Status, transition},
    wait::Wait,
};
use crate::{
    Admission, BackfillId, ExecutionId, GateKey, HumanDuration, JobId, Outcome, Priority, SlotName, TimerKey,
    Timestamp, Work,
};

/// Row of an execution. It is small, because a store bills and writes all of it each time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub id: ExecutionId,
    /// Number of writes so far. Each write requires the number that it was made from.
    pub revision: u64,
    pub status: Status,
    /// Version of the job that all attempts run: the first claim pins it. 0 before that, and for pushed
    /// work.
    pub job_version: u64,
    pub run: Run,
    pub trigger: Trigger,
    pub priority: Priority,
    pub created_at: Timestamp,
    /// Instant of the slot after jitter. Deadlines count from here.
    pub due: Timestamp,
    /// Instant before which no attempt starts.
    pub ready_at: Timestamp,
    /// End of the wait for dependencies or for a turn that came before the first start. `None` where there was
    /// no such wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Number of the attempt that was started last, which is the fence. 0 before the first attempt.
    pub attempt: u32,
    /// Number of attempts that ended in failure. `max_retries` bounds it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// Number of attempts whose worker died. They have their own budget, `max_lost`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u32,
    /// Claim that started the last attempt. It stays after the attempt has ended, so that a repeated
    /// write is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancel_requested: bool,
    /// Progress that the last attempt reported, as of its newest heartbeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Dependencies that the execution waits for, or has waited for, with their outcomes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<JobId, Dependency>,
    /// Elements of the list that the execution fans out over. `None` where it does not fan out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elements: Option<Elements>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Permits and place in line at the job's gates. `None` for a job without limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<Box<Admission>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Work to run, for pushed work. `None` for a job's executions, which find it in the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Box<Work>>,
    /// Instant that the push named. `due` is later if that instant had passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<ExecutionId>,
    /// Slot name of the idempotency key with which a request ran the execution again. For one key, an
    /// execution runs again once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_key: Option<SlotName>,
    /// Backfill that started the execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<BackfillId>,
    /// Newest attempts that did not succeed, at most [`MAX_ATTEMPTS_KEPT`]. The row itself describes
    /// the attempt that succeeded: see [`Execution::ended_attempts`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Timer that guards the execution, as known to the last writer of the row.
    pub guard: TimerKey,
}

/// Number of attempts that a row keeps, so that it stays small. Older attempts are dropped.
pub const MAX_ATTEMPTS_KEPT: usize = 10;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Run: the executions that one root slot gives rise to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub id: String,
    /// Job that the run began with. Only jobs that can be reached from it count as dependencies inside
    /// the run. `None` where a schedule started the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<JobId>,
    /// Further jobs that a re-run of several executions began with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_roots: Vec<JobId>,
    /// Revision of the graph that the run follows.
    pub graph: u64,
}

impl Run {
    /// Jobs that the run began with. None where a schedule started it.
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
    /// Random number, different for each claim.
    pub id: u64,
    pub worker_id: String,
    pub lease_until: Timestamp,
    /// Instant at which the attempt started.
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

/// Executions of a list's elements: `id,0` to `id,count-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elements {
    pub count: u32,
    /// Whether all of them exist and the execution waits for them. Until then its worker creates them.
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
    /// Row for an execution that has not been written yet.
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
            waited_until: None,
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

    /// Whether the execution is pushed work, or a new generation of pushed work. It is then no
    /// generation of the job with the same name, though both may use the same slot name.
    pub fn is_pushed(&self) -> bool {
        self.work.is_some()
    }

    /// Instant from which the execution was wanted: `due`, or `created_at` for a backfill, whose slots lie in
    /// the past.
    pub fn was_due(&self) -> Timestamp {
        if self.trigger == Trigger::Backfill { self.created_at } else { self.due }
    }

    /// Time from the instant at which the execution could have started to its first start. The wait for
    /// dependencies or for a turn under a limit is no part of it. `None` before the start.
    pub fn lateness(&self) -> Option<Duration> {
        let could_start = self.waited_until.unwrap_or_else(|| self.was_due());
        self.start_time.map(|start| start.since(could_start))
    }

    /// Last instant at which the execution may start for the first time. It counts from the slot, whatever
    /// the execution waits for. `None` where it has started or nothing bounds it. Elements start
    /// when they can: the deadline was that of the whole. A dependent without a slot of its own can be late
    /// from the end of its dependencies on.
    pub fn must_start_by(&self, starting_deadline: Option<HumanDuration>) -> Option<Timestamp> {
        let has_instant = self.trigger != Trigger::Dependency || self.wait() != Some(Wait::Dependencies);
        let is_bounded = self.attempt == 0 && self.id.whole().is_none() && has_instant;
        starting_deadline.filter(|_| is_bounded).map(|deadline| self.was_due().plus(deadline.0))
    }

    /// Newest attempts that have ended, the successful one included.
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

    /// Token of the last claim, whether its attempt still runs or not.
    pub fn token(&self) -> Option<ClaimToken> {
        self.claim.as_ref().map(|claim| ClaimToken { attempt: self.attempt, claim_id: claim.id })
    }

    /// Gates that the execution has passed or waits at.
    pub fn gates(&self) -> &[GateKey] {
        self.admission.as_ref().map_or(&[], |admission| &admission.gates)
    }
}
