//! Generations: the executions that one job has had at one slot. Work that was pushed under the
//! job's name may stand between them, with generations of its own.

use belfry_domain::{Execution, ExecutionId};

use crate::{Engine, Result};

impl Engine {
    /// Highest generation of this execution that exists, whether it is a job's or a push's.
    pub(crate) async fn latest_generation(&self, id: &ExecutionId) -> Result<u32> {
        Ok(self.ports.executions.latest_generation(&id.with_generation(1)).await?)
    }

    /// Newest execution of the job at this slot. Pushed work under the job's name does not count.
    pub(crate) async fn newest(&self, id: &ExecutionId) -> Result<Option<Execution>> {
        self.newest_where(id, |row| !row.is_pushed()).await
    }

    pub(crate) async fn newest_ended(&self, id: &ExecutionId) -> Result<Option<Execution>> {
        self.newest_where(id, |row| !row.is_pushed() && row.status.is_terminal()).await
    }

    /// Newest generation that fits, up to that of `id`, whether it is a job's or a push's.
    pub(crate) async fn newest_where(
        &self,
        id: &ExecutionId,
        fits: impl Fn(&Execution) -> bool,
    ) -> Result<Option<Execution>> {
        let latest = self.latest_generation(id).await?;
        for generation in (1..=latest.min(id.generation())).rev() {
            let row = self.ports.executions.execution(&id.with_generation(generation)).await?;
            if row.as_ref().is_some_and(&fits) {
                return Ok(row);
            }
        }
        Ok(None)
    }
}
