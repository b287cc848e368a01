//! Outcomes: an execution that has ended tells its dependents how.

use belfry_domain::{
    Change, Decision, Execution, ExecutionId, Job, TimerKey, Trigger, Wait,
    trigger_rule::{decide, with_list},
};

use crate::{
    Engine, Result,
    base::{
        deadlines::{TOO_LATE, is_past_deadline},
        writes::Ended,
    },
    graph::dependents::counts,
    ports::Applied,
};

impl Engine {
    /// Tells the dependents of an execution how it ended. Returns the dependents that ended because of
    /// it.
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

    /// Moves a waiting row on, if its trigger rule can decide already.
    pub(crate) async fn decide(&self, mut row: Execution, mut guard: TimerKey) -> Result<Option<Ended>> {
        let Some(job) = self.ports.jobs.job(&row.job_id()).await? else { return Ok(None) };
        while row.wait() == Some(Wait::Dependencies) {
            let change = match self.decision(&job, &row) {
                Decision::Wait => return Ok(None),
                Decision::Run => self.release(&row, &guard)?,
                Decision::UpstreamFailed { reason } => Change::upstream_failed(&row, &reason, self.now())?,
                Decision::Skip { reason } => Change::skipped(&row, &reason, self.now())?,
            };
            if let Some(near) = &change.guard {
                guard = near.key.clone();
            }
            let next = change.row.clone();
            match self.ports.executions.apply(change).await? {
                Applied::Won => return self.moved_on(next, guard).await,
                Applied::Lost(Some(now)) => row = *now,
                Applied::Lost(None) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn decision(&self, job: &Job, row: &Execution) -> Decision {
        if is_past_deadline(row, job.work(), self.now()) {
            return Decision::Skip { reason: TOO_LATE.to_owned() };
        }
        let outcomes = row.dependencies.iter().map(|(id, dependency)| (id.as_str(), dependency.outcome));
        match decide(job.spec.trigger_rule, outcomes.clone()) {
            Decision::Run => {
                let list = outcomes.clone().find(|(id, _)| Some(*id) == job.spec.list_giver());
                list.map_or(Decision::Run, |(giver, outcome)| with_list(giver, outcome))
            }
            other => other,
        }
    }

    /// Releases a waiting row, with a guard that fires soon: the message may be lost, and after a long
    /// wait the present guard would fire only within an hour.
    fn release(&self, row: &Execution, guard: &TimerKey) -> Result<Change> {
        let now = self.now();
        let look_at = row.ready_at.max(now).plus(self.settings.check_every);
        let near = self.nearer_guard(guard, &row.id, row.attempt + 1, look_at);
        Ok(Change::released(row, now)?.guarded_by(near))
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
}
