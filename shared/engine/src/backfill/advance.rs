//! Pass over a backfill: it counts the executions that have ended, and starts new ones where there is
//! room.

use belfry_domain::{
    Backfill, BackfillId, BackfillStatus, Execution, ExecutionId, Job, JobId, Priority, Run, Status, Timer,
    Timestamp, Trigger, Wait,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    Engine, EngineError, Result,
    ports::{Creation, Fact},
};

/// Number of tries to count an ended execution in a changing row, before that is left to the sweep.
const HURRIED_ATTEMPTS: u32 = 3;
/// Maximum number of slots that one pass goes through. Many of them may have run already.
const SLOTS_PER_PASS: usize = 500;

/// State of an open execution, as a pass over the backfill finds it.
enum Found {
    Ended(ExecutionId, Status),
    /// The execution was not created, or it was created and is gone.
    Absent(ExecutionId),
    /// No attempt of the execution is under way: it has not started, or waits for another attempt.
    Unstarted(ExecutionId),
    UnderWay,
}

impl Engine {
    /// Examines a backfill on behalf of the sweep. The timer is removed when the backfill is over.
    pub(crate) async fn examine_backfill(&self, timer: &Timer, id: &BackfillId) -> Result<()> {
        if self.is_backfill_over(id).await? {
            self.ports.timers.remove_timer(&timer.key).await?;
        }
        Ok(())
    }

    async fn is_backfill_over(&self, id: &BackfillId) -> Result<bool> {
        Ok(match self.ports.backfills.backfill(id).await? {
            Some(row) => row.is_over() || self.look_at_backfill(row).await?.is_over(),
            None => true,
        })
    }

    /// Makes one pass over the backfill, and returns the newest row that this process knows.
    pub(crate) async fn look_at_backfill(&self, row: Backfill) -> Result<Backfill> {
        let mut next = row.clone();
        let wanted = self.check_open(&mut next).await?;
        Ok(self.move_on(&row, next, wanted).await?.unwrap_or(row))
    }

    /// Counts an execution that an attempt has ended, so that the next one starts at once and not with
    /// the sweep's next pass. If this fails, that pass does it.
    pub(crate) async fn continue_backfill(&self, id: &BackfillId, ended: &ExecutionId, status: Status) {
        let what = || format!("backfill {id}");
        let count = || self.count_in_backfill(id, ended, status);
        if let Err(error) = self.retry_contended(what, HURRIED_ATTEMPTS, count).await {
            tracing::debug!(backfill.id = %id, %error, "failed; the sweep will retry");
        }
    }

    /// Counts an ended execution in its backfill. `None` where another write came first.
    async fn count_in_backfill(
        &self,
        id: &BackfillId,
        ended: &ExecutionId,
        status: Status,
    ) -> Result<Option<()>> {
        let Some(row) = self.ports.backfills.backfill(id).await? else { return Ok(Some(())) };
        if !row.open.contains(ended) {
            return Ok(Some(()));
        }
        let mut next = row.clone();
        next.close(ended, status);
        Ok(self.move_on(&row, next, vec![]).await?.map(drop))
    }

    /// Writes the next state, and starts these executions and as many more as there is room for. `None`
    /// where another write came first.
    async fn move_on(
        &self,
        row: &Backfill,
        mut next: Backfill,
        mut wanted: Vec<ExecutionId>,
    ) -> Result<Option<Backfill>> {
        let job = self.ports.jobs.job(&row.job_id).await?.filter(|job| !job.deleted);
        if job.is_none() && next.status != BackfillStatus::Cancelled {
            next.cancel("the job was deleted");
        }
        if job.is_some() && next.free() > 0 {
            wanted.extend(self.choose_slots(&mut next).await?);
        }
        next.end_if_done(self.now());
        if next != *row {
            let Some(written) = self.write_backfill(row, next).await? else { return Ok(None) };
            next = written;
        }
        if let Some(job) = job.filter(|_| next.status == BackfillStatus::Running) {
            self.start_slots(&job, &next.id, wanted).await?;
        }
        Ok(Some(next))
    }

    /// Counts open executions that have ended. Returns those that still have to be created.
    async fn check_open(&self, row: &mut Backfill) -> Result<Vec<ExecutionId>> {
        let found: Vec<Found> = stream::iter(row.open.clone())
            .map(|id| async move { self.find_open(id).await })
            .buffered(self.settings.parallel)
            .try_collect()
            .await?;
        let is_cancelled = row.status == BackfillStatus::Cancelled;
        let mut wanted = Vec::new();
        for found in found {
            match found {
                Found::Ended(id, status) => row.close(&id, status),
                Found::Absent(id) if is_cancelled => row.close(&id, Status::Cancelled),
                Found::Absent(id) => wanted.push(id),
                Found::Unstarted(id) if is_cancelled => self.cancel_unstarted_slot(&id).await?,
                Found::Unstarted(_) | Found::UnderWay => {}
            }
        }
        Ok(wanted)
    }

    async fn find_open(&self, id: ExecutionId) -> Result<Found> {
        Ok(match self.ports.executions.execution(&id).await? {
            None => Found::Absent(id),
            Some(row) if row.status.is_terminal() => Found::Ended(id, row.status),
            Some(row) if row.attempt == 0 => Found::Unstarted(id),
            Some(row) => match row.wait() {
                Some(Wait::Until(_)) => Found::Unstarted(id),
                Some(Wait::Turn(_) | Wait::Elements(_) | Wait::Dependencies) | None => Found::UnderWay,
            },
        })
    }

    /// Cancels an execution that has not started. If it has changed meanwhile, the next pass sees that.
    async fn cancel_unstarted_slot(&self, id: &ExecutionId) -> Result<()> {
        match self.cancel(id, "the backfill of this slot was cancelled").await {
            Ok(_)
            | Err(EngineError::WrongStatus { .. } | EngineError::Conflict(_) | EngineError::Contended(_)) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Chooses slots that have not run, as many as there is room for, and counts the slots that have
    /// run.
    async fn choose_slots(&self, row: &mut Backfill) -> Result<Vec<ExecutionId>> {
        let pinned = self.ports.jobs.job_version(&row.job_id, row.job_version).await?;
        let Some(schedule) = pinned.as_ref().and_then(|job| job.schedule()) else {
            row.cancel("the version of the job that the backfill was created for no longer exists");
            return Ok(vec![]);
        };
        let mut chosen = Vec::new();
        let mut left = SLOTS_PER_PASS;
        while row.free() > 0 && left > 0 {
            let slots: Vec<Timestamp> =
                std::iter::successors(row.next, |slot| row.range.following(schedule, *slot))
                    .take(row.free().min(left))
                    .collect();
            row.next = slots.last().and_then(|slot| row.range.following(schedule, *slot));
            left -= slots.len();
            let names: Vec<Option<ExecutionId>> = stream::iter(slots)
                .map(|slot| self.name_unrun(&row.job_id, slot))
                .buffered(self.settings.parallel)
                .try_collect()
                .await?;
            row.tally.existing += names.iter().filter(|name| name.is_none()).count() as u32;
            let fresh: Vec<ExecutionId> = names.into_iter().flatten().collect();
            row.open.extend(fresh.iter().cloned());
            chosen.extend(fresh);
        }
        Ok(chosen)
    }

    /// Id for the execution of a slot. `None` where the slot has run or is about to. A skipped
    /// execution has not run: the slot gets a new generation, because what has ended is final.
    async fn name_unrun(&self, job_id: &JobId, slot: Timestamp) -> Result<Option<ExecutionId>> {
        let first = ExecutionId::scheduled(job_id, slot);
        let latest = self.ports.executions.latest_generation(&first).await?;
        if latest == 0 {
            return Ok(Some(first));
        }
        let newest = self.ports.executions.execution(&first.with_generation(latest)).await?;
        match newest {
            Some(row) if row.status == Status::Skipped => {
                let generation = self.rerun_of(row, None).await?.generation;
                Ok(Some(first.with_generation(generation)))
            }
            _ => Ok(None),
        }
    }

    /// Creates executions that have no row yet, and sends their messages. If some can't be created, it
    /// fails after the others, and the next pass creates them.
    async fn start_slots(&self, job: &Job, backfill: &BackfillId, ids: Vec<ExecutionId>) -> Result<()> {
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            let made = self.backfilled_row(job, id).await?;
            rows.extend(
                made.map(|(row, guard)| (Execution { backfill: Some(backfill.clone()), ..row }, guard)),
            );
        }
        let creations = self.ports.executions.create_all(rows.clone()).await;
        let (mut created, mut failure) = (Vec::with_capacity(rows.len()), None);
        for ((row, _), creation) in rows.into_iter().zip(creations) {
            match creation {
                Ok(Creation::Created) => created.push(row),
                Ok(Creation::Exists(_)) => {}
                Err(error) => failure = Some(error),
            }
        }
        self.send_started(created).await?;
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn send_started(&self, created: Vec<Execution>) -> Result<()> {
        if created.is_empty() {
            return Ok(());
        }
        self.ports.observer.record(Fact::Accepted { count: created.len() as u64 });
        let mut messages = Vec::new();
        for row in created {
            if row.wait() == Some(Wait::Dependencies) {
                self.wait_for_dependencies(row.clone(), row.guard).await?;
            } else {
                messages.extend(self.message_for(&row, row.guard.clone()).await?);
            }
        }
        self.send(messages).await
    }

    /// Row that the slot itself would have created, but due now and with low priority. From the second
    /// generation on it waits for no dependencies, like a retry by hand.
    async fn backfilled_row(&self, job: &Job, id: ExecutionId) -> Result<Option<(Execution, Timer)>> {
        let Some(slot) = id.slot().instant() else { return Ok(None) };
        let is_first = id.generation() == 1;
        let run =
            if is_first { self.scheduled_run(job, slot).await? } else { self.own_run(job, &id).await? };
        let mut row = self.row_due_now(id, run, Trigger::Backfill);
        row.due = job.spec.fire_at(slot);
        row.priority = Priority::Low;
        let guard = Timer { key: row.guard.clone(), version: 0, checks: 0 };
        if !is_first {
            row.rerun_of = Some(row.id.with_generation(1));
        } else if !job.spec.dependencies.is_empty() {
            row.status = Status::Waiting;
            row.dependencies = self.dependencies_at(job, slot).await?;
        }
        Ok(Some((row, guard)))
    }

    async fn own_run(&self, job: &Job, id: &ExecutionId) -> Result<Run> {
        let graph = self.ports.jobs.run_group(job.id()).await?.graph;
        Ok(Run { id: id.to_string(), root: Some(job.id().clone()), more_roots: vec![], graph })
    }

    /// Writes the row. `None` where another write came first.
    pub(crate) async fn write_backfill(
        &self,
        old: &Backfill,
        mut next: Backfill,
    ) -> Result<Option<Backfill>> {
        next.revision = old.revision + 1;
        let is_written = self.ports.backfills.change_backfill(old.revision, next.clone()).await?;
        Ok(is_written.then_some(next))
    }
}
