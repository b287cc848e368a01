//! Admission of an execution at its gates: the request, the row it found, the outcome.

use std::time::Duration;

use belfry_domain::{ClaimRequest, Execution, Job, Limits, Message, Refusal, Timer};

use crate::base::outbox::MessageOutcome;

/// Message that asks for an attempt of a job with limits.
pub(crate) struct AdmitRequest<'a> {
    pub message: &'a Message,
    pub request: &'a ClaimRequest,
    pub job: &'a Job,
    pub limits: &'a Limits,
    /// Row that a slot's execution will begin with, where none has been written yet.
    pub fresh: Option<NewRow>,
}

/// Row for an execution that has not been written yet.
pub(crate) struct NewRow {
    pub row: Execution,
    pub guard: Timer,
    /// Instant at which the reading of the job began, by the monotonic clock.
    pub began: Duration,
}

pub(crate) enum Admitted {
    Started(Box<Execution>),
    Not(MessageOutcome),
}

/// Row of the execution, stored or not.
pub(crate) struct FoundRow {
    pub row: Execution,
    /// Whether the row has not been written yet.
    pub is_new: bool,
}

pub(crate) fn dropped(refusal: Option<Refusal>) -> Admitted {
    Admitted::Not(MessageOutcome::Dropped(refusal))
}
