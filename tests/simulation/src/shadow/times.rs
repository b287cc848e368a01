//! True times of an execution: by the one monotonic clock, however wall clocks step.

use belfry_domain::{Execution, Message, Status, Timestamp, Wait};

use super::rows::Row;
use crate::{faults::Delivery, machine::State};

/// Instants of an execution in milliseconds since the start.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub born_ms: u64,
    /// End of the present lease, as its writer's clock had it.
    pub lease_ms: u64,
    pub ready: Option<Ready>,
}

/// Attempt that only has to be started.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    pub attempt: u32,
    /// Instant of the write that made it so.
    pub written_ms: u64,
}

/// Message for one attempt, as it fared on its way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parcel {
    /// How often it was lost, and when for the last time.
    pub losses: u32,
    pub lost_ms: u64,
    /// Arrival of the last copy that is late.
    pub late_until_ms: u64,
}

/// Instant of the monotonic clock at which a wall clock shows `at`, or showed it.
pub fn true_ms(at: Timestamp, now_ms: u64, wall: Timestamp) -> u64 {
    now_ms.saturating_add_signed(at.0.saturating_sub(wall.0))
}

impl Times {
    pub(super) fn after(old: Option<&Row>, new: &Execution, now_ms: u64, wall: Timestamp) -> Self {
        let before = old.map(|old| old.times);
        let lease = |row: &Execution| row.claim.as_ref().map(|claim| claim.lease_until);
        let lease_ms = match (before, lease(new)) {
            (Some(before), until) if old.is_some_and(|old| lease(&old.execution) == until) => before.lease_ms,
            (_, until) => until.map_or(0, |until| true_ms(until, now_ms, wall)),
        };
        let ready = is_ready(new).then(|| {
            let known =
                before.and_then(|before| before.ready).filter(|ready| ready.attempt == new.attempt + 1);
            let is_same = old.is_some_and(|old| old.execution.ready_at == new.ready_at);
            known
                .filter(|_| is_same)
                .unwrap_or_else(|| Ready { attempt: new.attempt + 1, written_ms: now_ms })
        });
        Self { born_ms: before.map_or(now_ms, |before| before.born_ms), lease_ms, ready }
    }
}

/// Whether nothing but its instant keeps the next attempt from starting. What waits in line is its
/// gate's.
fn is_ready(row: &Execution) -> bool {
    match row.wait() {
        Some(wait) => matches!(wait, Wait::Until(_)),
        None => row.status == Status::Queued,
    }
}

impl State {
    /// Notes what becomes of a message that is to arrive after `delay_ms`.
    pub fn sent(&mut self, message: &Message, delay_ms: u64, delivery: &Delivery) {
        let now_ms = self.time.now_ms;
        let attempt = (message.execution_id.clone(), message.attempt);
        let first_ms = delivery.first_ms();
        if first_ms.is_some_and(|first_ms| first_ms < 1_000) {
            return;
        }
        let parcel = self.shadow.parcels.entry(attempt).or_default();
        if let Some(first_ms) = first_ms {
            parcel.late_until_ms = parcel.late_until_ms.max(now_ms + delay_ms + first_ms);
        } else {
            parcel.losses += 1;
            parcel.lost_ms = now_ms;
        }
    }
}
