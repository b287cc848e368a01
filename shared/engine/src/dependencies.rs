//! Who waits for whom.
//!
//! A dependent without a schedule is created by whichever of its dependencies ends first, and told
//! by each of the others. A dependent with a schedule creates its own row at its slot, and waits.
//! Either way the outcomes are kept by dependency, never counted, so that telling twice is
//! harmless. No wake-up is lost: a waiter writes its wait before it reads what it waits for; a
//! finisher writes the outcome before it reads who waits. What a crash leaves untold, the waiter's
//! own timer finds.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use belfry_domain::{
    Change, Decision, Dependency, Execution, ExecutionId, Job, JobId, Outcome, Run, Status, Timer, TimerKey,
    Timestamp, Trigger, trigger_rule::decide,
};

use crate::{
    Engine, Result,
    base::{outbox::Handled, writes::Ended},
    ports::{Applied, Creation},
};

/// How long a slot of an earlier version may take to be claimed; after that it never ran.
const STRAGGLER_MS: i64 = 10 * 60 * 1000;

impl Engine {
    /// Tells the dependents of an execution how it ended; those that ended by it themselves.
    pub(crate) async fn tell_dependents(&self, row: &Execution) -> Result<Vec<Ended>> {
        let job_id = row.job_id();
        let mut ended = Vec::new();
        for dependent in self.ports.jobs.dependents(&job_id, row.run.graph).await? {
            if !dependent.is_scheduled() {
                ended.extend(self.tell_in_run(&dependent, row).await?);
            }
        }
        // A scheduled dependent waits, and so may a re-run that took this one over.
        if !self.ports.jobs.dependents(&job_id, u64::MAX).await?.is_empty() {
            ended.extend(self.tell_waiters(row).await?);
        }
        Ok(ended)
    }

    async fn tell_in_run(&self, dependent: &Job, row: &Execution) -> Result<Option<Ended>> {
        let id = ExecutionId::new(dependent.id(), &row.slot()).with_generation(row.id.generation());
        let mut waiting = match self.ports.executions.execution(&id).await? {
            Some(existing) => existing,
            None => self.create_dependent(dependent, id, &row.run).await?,
        };
        // Somebody else had it run under this name: by hand, or as other work.
        let is_of_others = matches!(waiting.trigger, Trigger::Push | Trigger::Manual);
        if (row.id.generation() > 1 || is_of_others) && !counts(&waiting, &row.id) {
            let Some(made) = self.run_after(dependent, row).await? else { return Ok(None) };
            waiting = made;
        }
        self.tell(waiting, row).await
    }

    pub(crate) async fn create_dependent(
        &self,
        dependent: &Job,
        id: ExecutionId,
        run: &Run,
    ) -> Result<Execution> {
        let now = self.now();
        let guard = Timer::check(self.settings.shards, &id, 1, now.plus(self.settings.check_every), 0);
        let mut waiting = Execution::new(id, run.clone(), Trigger::Dependency, now, now, guard.key.clone());
        waiting.status = Status::Waiting;
        waiting.priority = dependent.spec.priority;
        waiting.dependencies = self.dependencies_in_run(dependent, &waiting).await?;
        match self.ports.executions.create(waiting.clone(), Some(guard)).await? {
            Creation::Created => self.wait_for_kept(waiting).await,
            Creation::Exists(existing) => Ok(*existing),
        }
    }

    async fn dependencies_in_run(
        &self,
        dependent: &Job,
        row: &Execution,
    ) -> Result<BTreeMap<JobId, Dependency>> {
        let mut inside = BTreeSet::new();
        for root in row.run.roots() {
            inside.extend(self.reachable(root, row.run.graph).await?);
        }
        let mut dependencies = BTreeMap::new();
        for job_id in &dependent.spec.dependencies {
            let execution_id = ExecutionId::new(job_id, &row.slot()).with_generation(row.id.generation());
            if row.run.root.is_none() || inside.contains(job_id) {
                dependencies.insert(job_id.clone(), Dependency { execution_id, outcome: None });
            } else if row.id.generation() > 1
                && let Some(kept) = self.kept(&execution_id).await?
            {
                dependencies.insert(job_id.clone(), kept);
            }
        }
        Ok(dependencies)
    }

    /// The jobs that a run beginning with `root` comes to.
    pub(crate) async fn reachable(&self, root: &JobId, graph: u64) -> Result<BTreeSet<JobId>> {
        let mut reached = BTreeSet::from([root.clone()]);
        let mut ahead = vec![root.clone()];
        while let Some(job_id) = ahead.pop() {
            for dependent in self.ports.jobs.dependents(&job_id, graph).await? {
                if !dependent.is_scheduled() && reached.insert(dependent.id().clone()) {
                    ahead.push(dependent.id().clone());
                }
            }
        }
        Ok(reached)
    }

    async fn tell_waiters(&self, row: &Execution) -> Result<Vec<Ended>> {
        let mut ended = Vec::new();
        for waiter in self.ports.executions.waiters(&row.id).await? {
            if let Some(waiting) = self.ports.executions.execution(&waiter).await? {
                ended.extend(self.tell(waiting, row).await?);
            }
            self.ports.executions.remove_waiter(&row.id, &waiter).await?;
        }
        Ok(ended)
    }

    async fn tell(&self, waiting: Execution, row: &Execution) -> Result<Option<Ended>> {
        let Some(outcome) = row.status.outcome() else { return Ok(None) };
        let Some(waiting) = self.note_outcome(waiting, &row.job_id(), outcome).await? else {
            return Ok(None);
        };
        let guard = waiting.guard.clone();
        self.decide(waiting, guard).await
    }

    /// Writes an outcome into a waiting row. None where it waits no more.
    pub(crate) async fn note_outcome(
        &self,
        mut row: Execution,
        dependency: &JobId,
        outcome: Outcome,
    ) -> Result<Option<Execution>> {
        while row.waits_for_dependencies() {
            let Some(change) = Change::dependency_ended(&row, dependency, outcome) else {
                return Ok(Some(row));
            };
            let written = change.row.clone();
            match self.ports.executions.apply(change).await? {
                Applied::Won => return Ok(Some(written)),
                Applied::Lost(Some(now)) => row = *now,
                Applied::Lost(None) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Moves a waiting row on, if its trigger rule can say where to.
    async fn decide(&self, mut row: Execution, guard: TimerKey) -> Result<Option<Ended>> {
        let Some(rule) = self.ports.jobs.job(&row.job_id()).await?.map(|job| job.spec.trigger_rule) else {
            return Ok(None);
        };
        while row.waits_for_dependencies() {
            let outcomes = row.dependencies.iter().map(|(id, dependency)| (id.as_str(), dependency.outcome));
            let change = match decide(rule, outcomes) {
                Decision::Wait => return Ok(None),
                Decision::Run => Change::released(&row, self.now())?,
                Decision::UpstreamFailed { reason } => Change::upstream_failed(&row, &reason, self.now())?,
                Decision::Skip { reason } => Change::skipped(&row, &reason, self.now())?,
            };
            let next = change.row.clone();
            match self.ports.executions.apply(change).await? {
                Applied::Won => return self.moved_on(next, guard).await,
                Applied::Lost(Some(now)) => row = *now,
                Applied::Lost(None) => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn moved_on(&self, row: Execution, guard: TimerKey) -> Result<Option<Ended>> {
        if row.status.is_terminal() {
            self.ports.observer.record(crate::ports::Fact::Ended {
                id: &row.id,
                status: row.status,
                is_only_recorded: false,
            });
            return Ok(Some((row, guard)));
        }
        if let Some(message) = self.message_for(&row, guard).await? {
            self.send(vec![message]).await?;
        }
        Ok(None)
    }

    /// A scheduled job's slot has come, and it has dependencies: its row waits for them.
    pub(crate) async fn begin_waiting(
        &self,
        job: &Job,
        slot: Timestamp,
        row: Execution,
        guard: Timer,
        began: Duration,
    ) -> Result<Handled> {
        let mut waiting = row;
        waiting.status = Status::Waiting;
        waiting.dependencies = self.dependencies_at(job, slot).await?;
        let row = match self.create_guarded(waiting.clone(), guard.clone(), began).await? {
            Creation::Created => waiting,
            Creation::Exists(existing) if existing.waits_for_dependencies() => *existing,
            Creation::Exists(_) => return Ok(Handled::Dropped(None)),
        };
        self.wait_for_dependencies(row, guard.key).await?;
        Ok(Handled::Waits)
    }

    /// Writes the waits of a row, then reads what it waits for.
    pub(crate) async fn wait_for_dependencies(&self, row: Execution, guard: TimerKey) -> Result<()> {
        for dependency in row.dependencies.values().filter(|dependency| dependency.outcome.is_none()) {
            self.ports.executions.add_waiter(&dependency.execution_id, &row.id).await?;
        }
        if let Some((row, guard)) = self.pull_dependencies(row, guard).await? {
            self.settle(row, guard).await?;
        }
        Ok(())
    }

    /// What a slot of a job waits for.
    pub(crate) async fn dependencies_at(
        &self,
        job: &Job,
        slot: Timestamp,
    ) -> Result<BTreeMap<JobId, Dependency>> {
        let mut dependencies = BTreeMap::new();
        for dependency in &job.spec.dependencies {
            dependencies.insert(dependency.clone(), self.dependency_at(dependency, slot).await?);
        }
        Ok(dependencies)
    }

    /// The dependency's execution at its latest slot up to `slot`.
    async fn dependency_at(&self, dependency: &JobId, slot: Timestamp) -> Result<Dependency> {
        let latest = self.schedule_giver(dependency).await?.and_then(|job| {
            job.schedule()
                .and_then(|schedule| schedule.latest_at_or_before(slot.to_utc()))
                .map(Timestamp::from)
        });
        Ok(match latest {
            Some(at) => Dependency { execution_id: ExecutionId::scheduled(dependency, at), outcome: None },
            None => Dependency {
                execution_id: ExecutionId::scheduled(dependency, slot),
                outcome: Some(Outcome::Skipped),
            },
        })
    }

    /// The job whose schedule gives a job its slots: itself, or what it hangs from.
    pub(crate) async fn schedule_giver(&self, id: &JobId) -> Result<Option<std::sync::Arc<Job>>> {
        let mut next = Some(id.clone());
        while let Some(id) = next {
            let Some(job) = self.ports.jobs.job(&id).await?.filter(|job| !job.deleted) else {
                return Ok(None);
            };
            if job.is_scheduled() {
                return Ok(Some(job));
            }
            next = job.spec.dependencies.first().cloned();
        }
        Ok(None)
    }

    /// Reads what a row waits for, instead of waiting to be told.
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

    /// A dependency without a row is waited for while it can still run. When it can't, a row says
    /// so, which also keeps it from running after all.
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
            [&job, &giver].iter().any(|job| job.paused_at.is_some_and(|paused_at| slot > paused_at));
        let is_before_its_time = slot <= giver.created_at || slot <= job.created_at;
        let is_straggler =
            slot <= giver.updated_at && self.now().0 > slot.0.max(giver.updated_at.0) + STRAGGLER_MS;
        let reason = if job.deleted {
            "the job was deleted"
        } else if is_paused {
            "the job is paused"
        } else if is_before_its_time {
            "the job did not exist yet"
        } else if is_straggler {
            "the job was changed before this slot was started"
        } else {
            return Ok(None);
        };
        Ok(self.skip_slot(&job, slot, reason).await?.outcome())
    }

    async fn has_waited_too_long(&self, row: &Execution) -> Result<bool> {
        let Some(job) = self.ports.jobs.job(&row.job_id()).await? else { return Ok(false) };
        Ok(row.waits_for_dependencies() && self.now() > row.created_at.plus(job.spec.dependency_timeout()))
    }

    async fn give_up(&self, row: Execution, guard: TimerKey) -> Result<Option<Ended>> {
        let open = row.dependencies.iter().find(|(_, dependency)| dependency.outcome.is_none());
        let name = open.map_or("", |(job_id, _)| job_id.as_str());
        let reason = format!("waited too long for dependency {name}");
        let change = Change::waited_too_long(&row, &reason, self.now())?;
        let ended = change.row.clone();
        Ok(self.apply(change).await?.then_some((ended, guard)))
    }
}

/// Whether this execution is one of those that the row waits for, or waited for.
pub(crate) fn counts(row: &Execution, dependency: &ExecutionId) -> bool {
    row.dependencies.values().any(|counted| counted.execution_id == *dependency)
}

/// Executions of a manual run are created by their dependencies: only a deletion ends the wait.
fn outside_schedule(job: &Job) -> Option<Outcome> {
    job.deleted.then_some(Outcome::Skipped)
}
