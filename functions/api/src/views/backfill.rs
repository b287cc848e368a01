use belfry_domain::{Backfill, BackfillId, BackfillOrder, BackfillStatus, JobId};
use belfry_engine::BackfillPlan;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// Executions of the slots in a past range, a few at a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backfill)]
pub struct BackfillView {
    /// Name of the backfill, given by the server.
    pub backfill_id: BackfillId,
    /// Job whose slots run.
    pub job_id: JobId,
    /// State of the backfill.
    pub status: BackfillStatus,
    /// Start of the range; a slot at this instant belongs to it.
    pub from: Instant,
    /// End of the range; a slot at this instant does not belong to it.
    pub to: Instant,
    /// Order in which the slots start.
    pub order: BackfillOrder,
    /// Maximum number of its executions under way at once.
    pub concurrency: u32,
    /// Instant of the request.
    pub created_at: Instant,
    /// Instant at which the last of its executions ended. `null` before.
    pub ended_at: Option<Instant>,
    /// Reason of a cancellation. `null` where it was not cancelled.
    pub reason: Option<String>,
    /// Next slot to start. `null` when all have been started or passed over.
    pub next_slot: Option<Instant>,
    /// Numbers of slots by what became of them.
    pub progress: BackfillProgress,
}

/// Numbers of slots. `succeeded`, `failed` and `not_run` are brought up to date with each pass, some
/// seconds apart.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackfillProgress {
    /// Slots in the range.
    pub slots: u32,
    /// Slots that had an execution already and were left alone.
    pub existing: u32,
    /// Slots that have been started and have not ended.
    pub open: u32,
    /// Slots whose execution succeeded.
    pub succeeded: u32,
    /// Slots whose execution failed or timed out.
    pub failed: u32,
    /// Slots whose execution was cancelled, skipped, or ended because of its dependencies.
    pub not_run: u32,
    /// Slots that are still to be started.
    pub left: u32,
    /// Share of slots that are done, in whole percent.
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

/// Range that a backfill would run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackfillPlan)]
pub struct BackfillPlanView {
    /// Job whose slots would run.
    pub job_id: JobId,
    /// Slots in the range; some of them may have run already.
    pub slots: u32,
    /// Slot that would start first.
    pub first_slot: Instant,
    /// Slot that would start last.
    pub last_slot: Instant,
    /// Order in which the slots would start.
    pub order: BackfillOrder,
    /// Maximum number of executions that would be under way at once.
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

/// Backfills, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackfillPage {
    /// Backfills of this page.
    pub items: Vec<BackfillView>,
    /// Value of `cursor` for the next page. `null` on the last page.
    pub next_cursor: Option<String>,
}
