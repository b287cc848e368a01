//! An execution that comes to its gates, and what it finds there.

use std::time::Duration;

use belfry_domain::{ClaimRequest, Execution, Job, Limits, Message, Refusal, Timer};

use crate::base::outbox::Handled;

/// A message that asks for an attempt of a job with limits.
pub(crate) struct Arrival<'a> {
    pub message: &'a Message,
    pub request: &'a ClaimRequest,
    pub job: &'a Job,
    pub limits: &'a Limits,
    /// Of a slot: the row that it begins with.
    pub fresh: Option<Fresh>,
}

/// A row that nobody has written yet.
pub(crate) struct Fresh {
    pub row: Execution,
    pub guard: Timer,
    /// When the look at the job began, by the monotonic clock.
    pub began: Duration,
}

pub(crate) enum Arrived {
    Started(Box<Execution>),
    Not(Handled),
}

/// How the row stands that an arrival found.
pub(crate) struct Found {
    pub row: Execution,
    /// Nobody has written it yet.
    pub is_new: bool,
}

pub(crate) fn dropped(refusal: Option<Refusal>) -> Arrived {
    Arrived::Not(Handled::Dropped(refusal))
}
