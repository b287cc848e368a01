//! Rules of Belfry. They are pure: no I/O, no async, no clock of their own.

#![warn(clippy::missing_errors_doc)]

mod backfill;
mod backlog;
mod backoff;
mod circuit;
mod duration;
mod execution;
mod graph;
mod id;
mod idempotency_key;
mod job;
mod limits;
mod message;
pub mod misfire;
mod object;
#[cfg(feature = "openapi")]
mod openapi;
mod priority;
pub mod schedule;
mod timer;
mod timestamp;
pub mod trigger_rule;
mod zones;

pub use self::{
    backfill::{
        Backfill, BackfillOrder, BackfillStatus, MAX_BACKFILL_CONCURRENCY, MAX_BACKFILL_SLOTS, SlotRange,
        Tally,
    },
    backlog::{BacklogLimitError, BacklogLimits, USUAL_BACKLOG_LIMIT},
    backoff::{Backoff, Jitter, RetryPolicy},
    circuit::{Circuit, CircuitAdmission, CircuitPolicy},
    duration::{DurationError, HumanDuration},
    execution::{
        Attempt, AttemptOutcome, Change, Claim, ClaimRequest, ClaimToken, Dependency, Elements, Event,
        Execution, Failure, Holder, IllegalTransition, MAX_ATTEMPTS_KEPT, NoToken, Progress, Refusal, Run,
        Status, Trigger, Wait, transition,
    },
    graph::{Graph, GraphError, GraphLimits, GraphNode, GraphProblem, Root},
    id::{BackfillId, ExecutionId, IdError, JobId, MAX_NAME_BYTES, SlotName},
    idempotency_key::{IdempotencyKey, MAX_KEY_LENGTH},
    job::{
        CommandLine, CommandTarget, CompletedBy, EcsLaunchType, EcsTarget, EventBridgeTarget, HttpMethod,
        HttpTarget, Job, JobSpec, LambdaInvocation, LambdaTarget, MAX_INPUT_BYTES, MAX_NOTE_CHARACTERS,
        OnFailure, Pause, Problem, PushSpec, SlotClock, SqsTarget, StepFunctionsTarget, Target, Work,
        validate_job, validate_job_by, validate_push,
    },
    limits::{
        Admission, Cap, Closed, Concurrency, Exit, Gate, GateKey, KeyExpression, Limits, MAX_CONCURRENCY,
        Place, RateLimit, Why, leave_all,
    },
    message::{Message, Origin, Wave},
    misfire::{Misfire, MisfirePolicy},
    priority::{AGEING_STEP, Priority},
    timer::{Shards, Timer, TimerKey, UnknownTimer, What},
    timestamp::Timestamp,
    trigger_rule::{Decision, Outcome, TriggerRule},
    zones::{EarlierData, LEGACY as LEGACY_ZONES, PackedError, ZoneData, ZoneDataError, ZoneStamp, Zones},
};

/// Hash (FNV-1a) that is equal on all machines and in all versions. Shards and jitter depend on that.
pub fn stable_hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.into_iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}
