//! Executions that a re-run takes over: it needs them, and does not run them again.
//!
//! A join below a re-run may also depend on branches that are not part of the re-run. For each of these
//! branches, the newest execution of the slot counts, up to the generation of the re-run: its outcome,
//! and its result. If that execution has not ended, the join waits for it, as a scheduled job waits for
//! another job's slot.
//!
//! Generations are numbered by the jobs that can be reached from where a re-run begins. So two re-runs
//! at the same time may give a dependent the same number. An execution that ends, and finds that the
//! dependent of its generation does not count it, has that dependent run once more.

use belfry_domain::{Change, Dependency, Execution, ExecutionId, Job, JobId, Outcome, Wait};

use crate::{Engine, Result, ports::Applied};

impl Engine {
    /// Newest execution of this job and slot, up to this generation. `None` where there is none, and
    /// none will come.
    pub(crate) async fn kept(&self, id: &ExecutionId) -> Result<Option<Dependency>> {
        if let Some(row) = self.newest(id).await? {
            return Ok(Some(Dependency { execution_id: row.id, outcome: row.status.outcome() }));
        }
        let first = id.with_generation(1);
        let is_to_come = self.is_to_come(&first).await?;
        Ok(is_to_come.then_some(Dependency { execution_id: first, outcome: None }))
    }

    /// Whether the slot's execution may still be created: a slot that no worker has claimed has no row.
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

    /// Registers a row as waiting for executions that the re-run does not run again, then reads these
    /// executions, as every waiter does.
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

    /// Writes an outcome into a waiting row. `None` where the row no longer waits.
    pub(crate) async fn note_outcome(
        &self,
        mut row: Execution,
        dependency: &JobId,
        outcome: Outcome,
    ) -> Result<Option<Execution>> {
        while row.wait() == Some(Wait::Dependencies) {
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
