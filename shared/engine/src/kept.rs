//! What a re-run takes over: the executions that it needs and does not run again.
//!
//! A join below a re-run may also depend on branches that are not part of it. Of each of these it
//! counts the newest execution of the slot, up to its own generation: how it ended, and its result.
//! One that has not ended is waited for, as a scheduled job waits for another's slot.
//!
//! Generations are numbered by what can be reached from where a re-run begins. So two re-runs that
//! are asked for at once may come to one dependent with the same number. Whoever ends and finds
//! that the dependent of its generation does not count it, has that dependent run once more.

use belfry_domain::{Dependency, Execution, ExecutionId, Job, Run};

use crate::{Engine, EngineError, Result, dependencies::counts};

/// Others may take a number first; each time this one looks again.
const ATTEMPTS: usize = 20;

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

    /// The dependent of this generation was made without `row`, by another re-run or by hand: it runs once
    /// more, in a generation that counts both. None where `row` itself has been run again since,
    /// which brings the dependent along. What has been done already is found again.
    pub(crate) async fn run_after(&self, dependent: &Job, row: &Execution) -> Result<Option<Execution>> {
        let first = ExecutionId::new(dependent.id(), &row.slot());
        for _ in 0..ATTEMPTS {
            if self.latest_generation(&row.id).await? > row.id.generation() {
                return Ok(None);
            }
            let latest = self.latest_generation(&first).await?;
            for generation in row.id.generation()..=latest {
                let made = self.ports.executions.execution(&first.with_generation(generation)).await?;
                if made.as_ref().is_some_and(|made| counts(made, &row.id)) {
                    return Ok(made);
                }
            }
            let id = first.with_generation(latest + 1);
            let run = Run {
                id: id.to_string(),
                root: Some(dependent.id().clone()),
                more_roots: vec![],
                graph: row.run.graph,
            };
            let made = self.create_dependent(dependent, id, &run).await?;
            if counts(&made, &row.id) {
                return Ok(Some(made));
            }
        }
        Err(EngineError::Conflict(format!("{first} is being run again by others all the time")))
    }
}
