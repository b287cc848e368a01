//! Reads of jobs, and of those of their executions that have not started.

use std::sync::Arc;

use belfry_domain::{Execution, Job, JobId, Status};

use crate::{Engine, EngineError, Result, ports::ExecutionFilter};

impl Engine {
    pub(crate) async fn live_job(&self, id: &JobId) -> Result<(u64, Arc<Job>)> {
        let (revision, _) = self.ports.jobs.connected(std::slice::from_ref(id)).await?;
        let job = self.ports.jobs.job(id).await?.filter(|job| !job.deleted);
        job.map(|job| (revision, job))
            .ok_or_else(|| EngineError::NotFound { what: "job", id: id.to_string() })
    }

    /// Executions of a job that have rows and have not started. The newest may be missing.
    pub(crate) async fn unstarted_of(&self, id: &JobId) -> Result<Vec<Execution>> {
        let mut unstarted = Vec::new();
        for status in [Status::Waiting, Status::Queued] {
            let filter =
                ExecutionFilter { job_id: Some(id.clone()), status: Some(status), ..Default::default() };
            let mut after = None;
            loop {
                let page = self.ports.executions.list(&filter, after.as_deref(), 500).await?;
                unstarted.extend(page.items.into_iter().filter(|row| row.attempt == 0 && row.work.is_none()));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(unstarted)
    }

    pub(crate) async fn is_of_deleted_job(&self, row: &Execution) -> Result<bool> {
        if row.work.is_some() || row.attempt > 0 {
            return Ok(false);
        }
        Ok(self.ports.jobs.job(&row.job_id()).await?.is_none_or(|job| job.deleted))
    }
}
