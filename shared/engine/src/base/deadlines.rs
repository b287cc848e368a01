//! Instants by which an execution must have started, or must have ended.

use std::time::Duration;

use belfry_domain::{Execution, Holder, Timestamp, Work};

use crate::{Engine, Result};

pub(crate) const TOO_LATE: &str = "skipped: starting_deadline passed before the execution could start";

impl Engine {
    /// Last instant at which an execution that has not started may start. `None` where nothing bounds it.
    pub(crate) async fn starting_deadline_of(&self, row: &Execution) -> Result<Option<Timestamp>> {
        let work = if row.attempt == 0 { self.work_of(row).await? } else { None };
        Ok(work.and_then(|work| row.must_start_by(work.starting_deadline)))
    }

    pub(crate) fn time_allowed(&self, row: &Execution, work: &Work) -> Duration {
        let left = ends_by(row, work).map(|ends_by| ends_by.since(self.now()));
        left.map_or(work.timeout.0, |left| left.min(work.timeout.0))
    }

    /// Work of a running attempt whose lease ended together with its own time limit, so that it timed
    /// out and was not lost. `None` otherwise.
    pub(crate) async fn out_of_time(&self, row: &Execution) -> Result<Option<Work>> {
        let Some(claim) = row.claim.as_ref().filter(|claim| claim.holder != Holder::Worker) else {
            return Ok(None);
        };
        let work = self.work_of(row).await?;
        Ok(work.filter(|work| !row.cancel_requested && claim.lease_until >= attempt_ends_by(row, work)))
    }
}

/// Instant by which the execution with all its attempts must have ended. `None` without such a limit.
pub(crate) fn ends_by(row: &Execution, work: &Work) -> Option<Timestamp> {
    let timeout = work.execution_timeout?;
    Some(row.start_time.unwrap_or(row.ready_at).plus(timeout.0))
}

/// Instant at which the time of the running attempt is over, by the wall clock, for attempts that run
/// elsewhere.
pub(crate) fn attempt_ends_by(row: &Execution, work: &Work) -> Timestamp {
    let since = row.claim.as_ref().map_or(row.ready_at, |claim| claim.since);
    let own = since.plus(work.timeout.0);
    ends_by(row, work).map_or(own, |ends_by| own.min(ends_by))
}

pub(crate) fn is_past_deadline(row: &Execution, work: &Work, now: Timestamp) -> bool {
    row.must_start_by(work.starting_deadline).is_some_and(|by| now > by)
}
