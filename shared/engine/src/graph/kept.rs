//! What a re-run takes over: the executions that it needs and does not run again.
//!
//! A join below a re-run may also depend on branches that are not part of it. Of each of these it
//! counts the newest execution of the slot, up to its own generation: how it ended, and its result.
//! One that has not ended is waited for, as a scheduled job waits for another's slot.
//!
//! Generations are numbered by what can be reached from where a re-run begins. So two re-runs that
//! are asked for at once may come to one dependent with the same number. Whoever ends and finds
//! that the dependent of its generation does not count it, has that dependent run once more.

use belfry_domain::{Change, Dependency, Execution, ExecutionId, Job, JobId, Outcome};

use crate::{Engine, Result, ports::Applied};

impl Engine {
    /// The newest execution of this job and slot, up to this generation. None where there is none,
    /// and none is to come.
    pub(crate) async fn kept(&self, id: &ExecutionId) -> Result<Option<Dependency>> {
        if let Some(row) = self.newest(id).await? {
            return Ok(Some(Dependency { execution_id: row.id, outcome: row.status.outcome() }));
        }
        let first = id.with_generation(1);
        let is_to_come = self.is_to_come(&first).await?;
        Ok(is_to_come.then_some(Dependency { execution_id: first, outcome: None }))
    }

    /// A slot that nobody has claimed yet has no row.
    async fn is_to_come(&self, first: &ExecutionId) -> Result<bool> {
        let (Some(slot), Some(giver)) = (first.slot().instant(), self.schedule_giver(&first.job_id()).await?)
        else {
            return Ok(false);
        };
        let existed = |job: &Job| slot > job.created_at;
        let job = self.ports.jobs.job(&first.job_id()).await?;
        Ok(slot.plus(self.settings.retention) > self.now()
            && giver.schedule().is_some_and(|schedule| schedule.contains(slot.to_utc()))
            && existed(&giver)
            && job.is_some_and(|job| existed(&job)))
    }

    /// Notes the wait first, then reads, as every waiter does.
    pub(crate) async fn wait_for_kept(&self, row: Execution) -> Result<Execution> {
        let is_kept = |dependency: &Dependency| {
            dependency.outcome.is_none() && dependency.execution_id.generation() != row.id.generation()
        };
        let open: Vec<_> = row.dependencies.iter().filter(|(_, dependency)| is_kept(dependency)).collect();
        let mut noted = row.clone();
        for (job_id, dependency) in open {
            self.ports.executions.add_waiter(&dependency.execution_id, &row.id).await?;
            let ended = self.ports.executions.execution(&dependency.execution_id).await?;
            if let Some(outcome) = ended.and_then(|ended| ended.status.outcome()) {
                self.ports.executions.remove_waiter(&dependency.execution_id, &row.id).await?;
                noted = self.note_outcome(noted, job_id, outcome).await?.unwrap_or_else(|| row.clone());
            }
        }
        Ok(noted)
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
}
