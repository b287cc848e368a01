//! Waits for dependencies, and the notices that end them.
//!
//! A dependent without a schedule is created by whichever of its dependencies ends first, and told by
//! each of the others. A dependent with a schedule creates its own row at its slot, and waits. Either
//! way the outcomes are kept by dependency, never counted, so that a repeated notice is harmless. No
//! wake-up is lost: a waiter writes its wait before it reads its dependencies; a finisher writes the
//! outcome before it reads its waiters. A notice that a crash leaves unsent is made up for by the
//! waiter's own timer.

use std::{sync::Arc, time::Duration};

use belfry_domain::{
    Change, Execution, ExecutionId, Job, JobId, Outcome, Status, Timer, TimerKey, Timestamp, Wait,
};

use crate::{
    Engine, Result,
    base::{deadlines::is_past_deadline, outbox::MessageOutcome, writes::Ended},
    ports::Creation,
    slots::chain::first_slot,
};

/// Time within which a slot of an earlier version, or one that is older than the retention, must get its
/// row, in milliseconds. After it, the slot counts as never run.
const STRAGGLER_MS: i64 = 10 * 60 * 1000;

impl Engine {
    /// Creates the row of a scheduled job's slot as waiting, because the job has dependencies.
    pub(crate) async fn begin_waiting(
        &self,
        job: &Job,
        slot: Timestamp,
        row: Execution,
        guard: Timer,
        began: Duration,
    ) -> Result<MessageOutcome> {
        let mut waiting = row;
        waiting.status = Status::Waiting;
        waiting.dependencies = self.dependencies_at(job, slot).await?;
        let row = match self.create_guarded(waiting.clone(), guard.clone(), began).await? {
            Creation::Created => waiting,
            Creation::Exists(existing) if existing.wait() == Some(Wait::Dependencies) => *existing,
            Creation::Exists(_) => return Ok(MessageOutcome::Dropped(None)),
        };
        self.wait_for_dependencies(row, guard.key).await?;
        Ok(MessageOutcome::Waits)
    }

    /// Registers a row as waiting for its dependencies, then reads the dependencies.
    pub(crate) async fn wait_for_dependencies(&self, row: Execution, guard: TimerKey) -> Result<()> {
        for dependency in row.dependencies.values().filter(|dependency| dependency.outcome.is_none()) {
            self.ports.executions.add_waiter(&dependency.execution_id, &row.id).await?;
        }
        if let Some((row, guard)) = self.pull_dependencies(row, guard).await? {
            self.settle(row, guard).await?;
        }
        Ok(())
    }

    /// Reads the dependencies of a row, instead of waiting for their notices.
    pub(crate) async fn pull_dependencies(&self, row: Execution, guard: TimerKey) -> Result<Option<Ended>> {
        let mut row = row;
        let open: Vec<(JobId, ExecutionId)> = row
            .dependencies
            .iter()
            .filter(|(_, dependency)| dependency.outcome.is_none())
            .map(|(job_id, dependency)| (job_id.clone(), dependency.execution_id.clone()))
            .collect();
        for (job_id, execution_id) in open {
            let outcome = match self.ports.executions.execution(&execution_id).await? {
                Some(dependency) => dependency.status.outcome(),
                None => self.outcome_of_absent(&job_id, &execution_id, &row).await?,
            };
            if let Some(outcome) = outcome {
                self.ports.executions.remove_waiter(&execution_id, &row.id).await?;
                let Some(noted) = self.note_outcome(row, &job_id, outcome).await? else { return Ok(None) };
                row = noted;
            }
        }
        if self.has_waited_too_long(&row).await? {
            return self.give_up(row, guard).await;
        }
        self.decide(row, guard).await
    }

    /// Outcome of a dependency without a row. While it can still run, it is waited for (`None`). If it
    /// can't, a row is written that says so, which also keeps it from running later.
    async fn outcome_of_absent(
        &self,
        job_id: &JobId,
        id: &ExecutionId,
        waiter: &Execution,
    ) -> Result<Option<Outcome>> {
        let Some(job) = self.ports.jobs.job(job_id).await? else { return Ok(Some(Outcome::Skipped)) };
        if id.generation() > 1 && waiter.run.roots().any(|root| root == job_id) {
            self.begin_missing(id, &waiter.run).await?;
        }
        let giver = self.schedule_giver(job_id).await?;
        let (Some(slot), Some(giver)) = (id.slot().instant(), giver) else {
            return Ok(outside_schedule(&job));
        };
        let is_inside = id.generation() == waiter.id.generation();
        if waiter.run.root.is_some() && is_inside {
            return Ok(outside_schedule(&job));
        }
        let is_paused =
            [&job, &giver].iter().any(|job| job.paused_at().is_some_and(|paused_at| slot > paused_at));
        let is_before_its_time = slot <= giver.created_at || slot <= job.created_at;
        let is_late = |since: Timestamp| self.now().0 > slot.0.max(since.0) + STRAGGLER_MS;
        let is_straggler = slot <= giver.updated_at && is_late(giver.updated_at) && {
            let defined_at = self.defined_at(&giver).await?;
            slot <= defined_at && is_late(defined_at)
        };
        let reason = if job.deleted {
            "the job was deleted"
        } else if is_paused {
            "skipped: the job, or the job that gives its schedule, is paused"
        } else if is_before_its_time {
            "skipped: the slot lies before the job was created"
        } else if is_straggler {
            "skipped: the job was changed before this slot started"
        } else if self.now() > slot && slot > giver.updated_at && !has_slot(&giver, slot) {
            // Its waiter came to be by a clock that was ahead, and a later version has other slots.
            "the schedule no longer has this slot"
        } else if self.is_past_retention(slot) && self.now().0 > waiter.created_at.0 + STRAGGLER_MS {
            // It can't start any more, and may have run: a row would say too much.
            return Ok(Some(Outcome::Skipped));
        } else {
            return Ok(None);
        };
        Ok(self.skip_slot(&job, slot, reason).await?.outcome())
    }

    /// Instant from which the job has had its present definition. A change of zone data makes a version
    /// too, but does not count here: it drops no slot.
    async fn defined_at(&self, job: &Job) -> Result<Timestamp> {
        let (mut updated_at, mut version) = (job.updated_at, job.version);
        loop {
            let before = self.ports.jobs.job_version(job.id(), version - 1).await?;
            let is_same = |before: &Arc<Job>| {
                !before.deleted && before.spec == job.spec && before.paused_at() == job.paused_at()
            };
            let Some(before) = before.filter(is_same) else { return Ok(updated_at) };
            (updated_at, version) = (before.updated_at, before.version);
        }
    }

    async fn has_waited_too_long(&self, row: &Execution) -> Result<bool> {
        let Some(job) = self.ports.jobs.job(&row.job_id()).await? else { return Ok(false) };
        let waits = row.wait() == Some(Wait::Dependencies);
        let is_over = self.now() > row.created_at.plus(job.spec.dependency_timeout());
        // One that may start no more in any case is skipped, which pages nobody.
        Ok(waits && is_over && !is_past_deadline(row, job.work(), self.now()))
    }

    async fn give_up(&self, row: Execution, guard: TimerKey) -> Result<Option<Ended>> {
        let open = row.dependencies.iter().find(|(_, dependency)| dependency.outcome.is_none());
        let name = open.map_or("", |(job_id, _)| job_id.as_str());
        let reason = format!("dependency {name} did not end within dependency_timeout");
        let change = Change::waited_too_long(&row, &reason, self.now())?;
        let ended = change.row.clone();
        Ok(self.apply(change).await?.then_some((ended, guard)))
    }
}

fn has_slot(job: &Job, slot: Timestamp) -> bool {
    first_slot(job, slot.minus(Duration::from_millis(1))) == Some(slot)
}

/// Outcome of a dependency in a manual run. Executions of a manual run are created by their
/// dependencies, so only a deletion ends the wait.
fn outside_schedule(job: &Job) -> Option<Outcome> {
    job.deleted.then_some(Outcome::Skipped)
}
