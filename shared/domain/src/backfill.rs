//! Backfills: the slots of a past range, started a few at a time.
//!
//! An execution is named in the backfill's row before it is created. After a crash, the row tells which
//! executions were about to be started, so these are started and no others.

use serde::{Deserialize, Serialize};

use crate::{BackfillId, ExecutionId, JobId, Status, Timestamp, schedule::Schedule};

/// Maximum number of executions of one backfill that are under way at once.
pub const MAX_BACKFILL_CONCURRENCY: u32 = 100;

/// Maximum number of slots in one backfill.
pub const MAX_BACKFILL_SLOTS: u32 = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BackfillOrder {
    /// Oldest slot first.
    #[default]
    OldestFirst,
    /// Newest slot first.
    NewestFirst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BackfillStatus {
    /// Slots start, or the last of them have not ended. The sweep advances it.
    Running,
    /// No slot starts until it is resumed. Started executions continue.
    Paused,
    /// No slot starts any more. Executions that had not started are cancelled; running ones may end.
    Cancelled,
    /// All executions have ended.
    Finished,
}

impl BackfillStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Finished => "finished",
        }
    }
}

/// Range of slots in [from, to), with the order in which they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRange {
    pub from: Timestamp,
    pub to: Timestamp,
    #[serde(default)]
    pub order: BackfillOrder,
}

impl SlotRange {
    pub fn first(&self, schedule: &Schedule) -> Option<Timestamp> {
        match self.order {
            BackfillOrder::OldestFirst => self.next_after(schedule, Timestamp(self.from.0 - 1)),
            BackfillOrder::NewestFirst => self.latest_before(schedule, self.to),
        }
    }

    pub fn last(&self, schedule: &Schedule) -> Option<Timestamp> {
        let order = match self.order {
            BackfillOrder::OldestFirst => BackfillOrder::NewestFirst,
            BackfillOrder::NewestFirst => BackfillOrder::OldestFirst,
        };
        Self { order, ..*self }.first(schedule)
    }

    /// Slot behind `slot` in this order.
    pub fn following(&self, schedule: &Schedule, slot: Timestamp) -> Option<Timestamp> {
        match self.order {
            BackfillOrder::OldestFirst => self.next_after(schedule, slot),
            BackfillOrder::NewestFirst => self.latest_before(schedule, slot),
        }
    }

    /// Number of slots in the range, counted up to `most + 1`.
    pub fn count(&self, schedule: &Schedule, most: u32) -> u32 {
        let oldest_first = Self { order: BackfillOrder::OldestFirst, ..*self };
        let slots = std::iter::successors(oldest_first.first(schedule), |slot| {
            oldest_first.following(schedule, *slot)
        });
        slots.take(most as usize + 1).count() as u32
    }

    fn next_after(&self, schedule: &Schedule, at: Timestamp) -> Option<Timestamp> {
        schedule.next_after(at.to_utc()).map(Timestamp::from).filter(|slot| *slot < self.to)
    }

    fn latest_before(&self, schedule: &Schedule, at: Timestamp) -> Option<Timestamp> {
        let latest = schedule.latest_at_or_before(Timestamp(at.0 - 1).to_utc());
        latest.map(Timestamp::from).filter(|slot| *slot >= self.from)
    }
}

/// Row of a backfill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    pub id: BackfillId,
    /// Number of writes so far. Each write requires the number that it was made from.
    pub revision: u64,
    pub job_id: JobId,
    /// Version of the job whose schedule names the slots. The executions run the version that is newest
    /// at their start.
    pub job_version: u64,
    pub status: BackfillStatus,
    pub range: SlotRange,
    /// Maximum number of its executions that are under way at once.
    pub concurrency: u32,
    /// Number of slots in the range.
    pub slots: u32,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Reason for the cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Slot to look at next. `None` when all have been looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Executions that the backfill has started or is about to start, and that had not ended when it
    /// last looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<ExecutionId>,
    #[serde(default)]
    pub tally: Tally,
}

/// Outcomes of the slots so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Slots that had an execution already, which was left alone.
    pub existing: u32,
    pub succeeded: u32,
    /// Executions that failed or timed out.
    pub failed: u32,
    /// Executions that were cancelled, skipped, or ended by a dependency.
    pub not_run: u32,
}

impl Tally {
    pub fn done(self) -> u32 {
        self.existing + self.succeeded + self.failed + self.not_run
    }
}

impl Backfill {
    /// Whether nothing is left to do for this backfill.
    pub fn is_over(&self) -> bool {
        self.ended_at.is_some()
    }

    /// Number of executions that may be started now.
    pub fn free(&self) -> usize {
        let is_starting = self.status == BackfillStatus::Running && self.next.is_some();
        if is_starting { (self.concurrency as usize).saturating_sub(self.open.len()) } else { 0 }
    }

    /// Counts an execution of the backfill that has ended.
    pub fn close(&mut self, id: &ExecutionId, status: Status) {
        self.open.retain(|open| open != id);
        match status {
            Status::Success => self.tally.succeeded += 1,
            Status::Failed | Status::TimedOut => self.tally.failed += 1,
            _ => self.tally.not_run += 1,
        }
    }

    pub fn cancel(&mut self, reason: &str) {
        self.status = BackfillStatus::Cancelled;
        self.reason = Some(reason.to_owned());
    }

    /// Ends the backfill if nothing is left to do.
    pub fn end_if_done(&mut self, now: Timestamp) {
        let is_cancelled = self.status == BackfillStatus::Cancelled;
        if self.is_over() || !self.open.is_empty() || (self.next.is_some() && !is_cancelled) {
            return;
        }
        self.ended_at = Some(now);
        if !is_cancelled {
            self.status = BackfillStatus::Finished;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn range(order: BackfillOrder) -> SlotRange {
        SlotRange { from: at("2026-11-01T00:00:00Z"), to: at("2026-11-04T00:00:00Z"), order }
    }

    fn walk(range: SlotRange, expression: &str) -> Vec<String> {
        let schedule = Schedule::parse(expression, None).unwrap();
        let slots = std::iter::successors(range.first(&schedule), |slot| range.following(&schedule, *slot));
        slots.map(|slot| slot.to_string()).collect()
    }

    #[test]
    fn a_range_has_its_first_instant_and_not_its_last() {
        let days = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"];
        assert_eq!(walk(range(BackfillOrder::OldestFirst), "@daily"), days);
        let backwards: Vec<&str> = days.into_iter().rev().collect();
        assert_eq!(walk(range(BackfillOrder::NewestFirst), "@daily"), backwards);
        assert_eq!(walk(range(BackfillOrder::NewestFirst), "0 0 1 1 *"), [""; 0]);
    }

    #[test]
    fn counting_stops_beyond_the_most() {
        let schedule = Schedule::parse("@hourly", None).unwrap();
        for order in [BackfillOrder::OldestFirst, BackfillOrder::NewestFirst] {
            assert_eq!(range(order).count(&schedule, 1000), 72);
            assert_eq!(range(order).count(&schedule, 71), 72);
            assert_eq!(range(order).count(&schedule, 10), 11);
        }
    }

    fn backfill() -> Backfill {
        Backfill {
            id: "01KB0000000000000000000000".parse().unwrap(),
            revision: 0,
            job_id: "j".parse().unwrap(),
            job_version: 1,
            status: BackfillStatus::Running,
            range: range(BackfillOrder::OldestFirst),
            concurrency: 2,
            slots: 3,
            created_at: at("2026-11-04T00:00:00Z"),
            ended_at: None,
            reason: None,
            next: Some(at("2026-11-02T00:00:00Z")),
            open: vec!["j@2026-11-01T00:00:00Z".parse().unwrap()],
            tally: Tally::default(),
        }
    }

    #[test]
    fn it_has_room_for_as_many_as_have_ended() {
        let mut row = backfill();
        assert_eq!(row.free(), 1);
        row.status = BackfillStatus::Paused;
        assert_eq!(row.free(), 0);
        row.status = BackfillStatus::Running;
        let first = row.open[0].clone();
        row.close(&first, Status::TimedOut);
        assert_eq!((row.free(), row.tally.failed, row.tally.done()), (2, 1, 1));
        row.next = None;
        assert_eq!(row.free(), 0);
    }

    #[test]
    fn it_ends_when_the_last_execution_has() {
        let now = at("2026-11-05T00:00:00Z");
        let mut row = backfill();
        row.next = None;
        row.end_if_done(now);
        assert!(!row.is_over());
        let first = row.open[0].clone();
        row.close(&first, Status::Success);
        row.end_if_done(now);
        assert_eq!((row.status, row.ended_at), (BackfillStatus::Finished, Some(now)));
        let mut row = backfill();
        row.cancel("enough");
        row.end_if_done(now);
        assert!(!row.is_over(), "one is still open");
        row.close(&first, Status::Cancelled);
        row.end_if_done(now);
        assert_eq!((row.status, row.is_over()), (BackfillStatus::Cancelled, true));
    }

    #[test]
    fn a_row_comes_back_as_it_was() {
        let row = backfill();
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<Backfill>(&text).unwrap(), row);
    }
}
