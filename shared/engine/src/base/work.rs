//! Work that an execution does, and what its definition says of a failure.

use belfry_domain::{Execution, OnFailure, Status, Work};

use crate::{Engine, Result};

impl Engine {
    /// Work of an execution's next attempt. `None` where its job is gone.
    pub(crate) async fn work_of(&self, row: &Execution) -> Result<Option<Work>> {
        if let Some(work) = &row.work {
            return Ok(Some((**work).clone()));
        }
        let job_id = row.job_id();
        let job = match row.job_version {
            0 => self.ports.jobs.job(&job_id).await?,
            version => self.ports.jobs.job_version(&job_id, version).await?,
        };
        Ok(job.map(|job| job.work().clone()))
    }

    /// Whether the execution failed or timed out and its job says `on_failure: record`.
    pub(crate) async fn is_only_recorded(&self, row: &Execution) -> Result<bool> {
        let work = if is_dead(row) { self.work_of(row).await? } else { None };
        Ok(work.is_some_and(|work| work.on_failure == OnFailure::Record))
    }
}

/// Whether the execution failed or timed out by itself, not by a request, a rule or another's failure.
pub(crate) fn is_dead(row: &Execution) -> bool {
    matches!(row.status, Status::Failed | Status::TimedOut)
}
