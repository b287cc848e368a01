//! Row that a slot begins with, and the run that it belongs to.

use belfry_domain::{Execution, ExecutionId, Job, Run, TimerKey, Timestamp};

use crate::{Engine, Result};

impl Engine {
    /// Row for a slot that has none.
    pub(crate) async fn slot_row(&self, job: &Job, slot: Timestamp, guard: TimerKey) -> Result<Execution> {
        let run = self.scheduled_run(job, slot).await?;
        let id = ExecutionId::scheduled(job.id(), slot);
        let due = job.spec.fire_at(slot);
        let mut row = Execution::new(id, run, belfry_domain::Trigger::Schedule, due, self.now(), guard);
        row.priority = job.spec.priority;
        Ok(row)
    }

    /// Run that a slot begins, or joins where several roots share a schedule.
    pub(crate) async fn scheduled_run(&self, job: &Job, slot: Timestamp) -> Result<Run> {
        let group = self.ports.jobs.run_group(job.id()).await?;
        Ok(Run { id: format!("{}@{slot}", group.name), root: None, more_roots: vec![], graph: group.graph })
    }
}
