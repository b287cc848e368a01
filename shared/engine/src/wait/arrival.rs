//! Arrival of an execution at its gates, and what it finds there.

use std::time::Duration;

use belfry_domain::{ClaimRequest, Execution, Job, Limits, Message, Refusal, Timer};

use crate::base::outbox::Handled;

/// Message that asks for an attempt of a job with limits.
pub(crate) struct Arrival<'a> {
    pub message: &'a Message,
    pub request: &'a ClaimRequest,
    pub job: &'a Job,
    pub limits: &'a Limits,
    /// Row that a slot's execution begins with, where none has been written yet.
    pub fresh: Option<Fresh>,
}

/// Row for an execution that has not been written yet.
pub(crate) struct Fresh {
    pub row: Execution,
    pub guard: Timer,
    /// Instant at which the reading of the job began, by the monotonic clock.
    pub began: Duration,
}

pub(crate) enum Arrived {
    Started(Box<Execution>),
    Not(Handled),
}

/// Row that an arrival found, stored or not.
pub(crate) struct Found {
    pub row: Execution,
    /// Whether the row has not been written yet.
    pub is_new: bool,
}

pub(crate) fn dropped(refusal: Option<Refusal>) -> Arrived {
    Arrived::Not(Handled::Dropped(refusal))
}
