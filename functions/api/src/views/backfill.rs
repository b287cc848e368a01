use belfry_domain::{Backfill, BackfillId, BackfillOrder, BackfillStatus, JobId};
use belfry_engine::BackfillPlan;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// Slots of a past range, run a few at a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backfill)]
pub struct BackfillView {
    pub backfill_id: BackfillId,
    pub job_id: JobId,
    pub status: BackfillStatus,
    /// Slots from this instant on.
    pub from: Instant,
    /// Slots before this instant.
    pub to: Instant,
    pub order: BackfillOrder,
    pub concurrency: u32,
    pub created_at: Instant,
    /// When the last of its executions had ended.
    pub ended_at: Option<Instant>,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// The slot to look at next; none when all have been looked at.
    pub next_slot: Option<Instant>,
    pub progress: BackfillProgress,
}

/// In slots. `succeeded`, `failed` and `not_run` are as of its last look at them.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackfillProgress {
    /// In the range.
    pub slots: u32,
    /// Had an execution already, and were left alone.
    pub existing: u32,
    /// Started, or about to be.
    pub open: u32,
    pub succeeded: u32,
    /// Failed or timed out.
    pub failed: u32,
    /// Cancelled, skipped, or ended by what they depend on.
    pub not_run: u32,
    /// Not looked at yet.
    pub left: u32,
    /// Of the slots, those that are done with.
    #[schema(maximum = 100)]
    pub percent: u32,
}

impl From<Backfill> for BackfillView {
    fn from(row: Backfill) -> Self {
        let progress = BackfillProgress::of(&row);
        Self {
            backfill_id: row.id,
            job_id: row.job_id,
            status: row.status,
            from: row.range.from.into(),
            to: row.range.to.into(),
            order: row.range.order,
            concurrency: row.concurrency,
            created_at: row.created_at.into(),
            ended_at: row.ended_at.map(Instant),
            reason: row.reason,
            next_slot: row.next.map(Instant),
            progress,
        }
    }
}

impl BackfillProgress {
    fn of(row: &Backfill) -> Self {
        let open = row.open.len() as u32;
        let done = row.tally.done();
        let percent = u64::from(done) * 100 / u64::from(row.slots.max(1));
        Self {
            slots: row.slots,
            existing: row.tally.existing,
            open,
            succeeded: row.tally.succeeded,
            failed: row.tally.failed,
            not_run: row.tally.not_run,
            left: row.slots.saturating_sub(done + open),
            percent: percent.min(100) as u32,
        }
    }
}

/// What a backfill would be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackfillPlan)]
pub struct BackfillPlanView {
    pub job_id: JobId,
    /// In the range; some of them may have run already.
    pub slots: u32,
    /// Of the slots, in the order in which they would start.
    pub first_slot: Instant,
    pub last_slot: Instant,
    pub order: BackfillOrder,
    pub concurrency: u32,
}

impl From<BackfillPlan> for BackfillPlanView {
    fn from(plan: BackfillPlan) -> Self {
        let BackfillPlan { row, first, last } = plan;
        Self {
            job_id: row.job_id,
            slots: row.slots,
            first_slot: first.into(),
            last_slot: last.into(),
            order: row.range.order,
            concurrency: row.concurrency,
        }
    }
}

/// Newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackfillPage {
    pub items: Vec<BackfillView>,
    /// Send it as `cursor` for the next page; none after the last.
    pub next_cursor: Option<String>,
}
