//! Jobs.

use std::sync::Arc;

use async_trait::async_trait;
use belfry_domain::{Job, JobId, Timer};
use belfry_engine::ports::{Committed, JobStore, RunGroup, StoreError};

use super::{Chaos, Result};
use crate::{machine::State, mutation::Mutation};

#[async_trait]
impl JobStore for Chaos {
    async fn job(&self, id: &JobId) -> Result<Option<Arc<Job>>> {
        self.call("job", async {
            if self.world.with(|state| state.is_unreadable_job(id)) {
                return Err(StoreError::Unreadable {
                    what: format!("job {id}"),
                    why: "a newer format".to_owned(),
                });
            }
            let job = self.backend.store.job(id).await?;
            self.world.with(|state| state.saw_job(self.process, id, job.as_deref()));
            Ok(job.map(|job| self.backend.job_read(job)))
        })
        .await
    }

    async fn job_version(&self, id: &JobId, version: u64) -> Result<Option<Arc<Job>>> {
        self.call("job_version", self.backend.store.job_version(id, version)).await
    }

    async fn all_jobs(&self) -> Result<(u64, Vec<Arc<Job>>)> {
        self.call("all_jobs", self.backend.store.all_jobs()).await
    }

    async fn connected(&self, ids: &[JobId]) -> Result<(u64, Vec<Arc<Job>>)> {
        self.call("connected", self.backend.store.connected(ids)).await
    }

    async fn run_group(&self, id: &JobId) -> Result<RunGroup> {
        self.call("run_group", self.backend.store.run_group(id)).await
    }

    async fn dependents(&self, id: &JobId, graph: u64) -> Result<Vec<Arc<Job>>> {
        let dependents = self.call("dependents", self.backend.store.dependents(id, graph)).await?;
        let are_forgotten = self.backend.breaks(Mutation::DependentsForgotten);
        Ok(if are_forgotten { Vec::new() } else { dependents })
    }

    async fn commit(&self, revision: u64, jobs: Vec<Job>, mut timers: Vec<Timer>) -> Result<Committed> {
        let jobs = self.backend.jobs_to_write(jobs);
        for job in &jobs {
            let before = |state: &mut State| state.shadow.newest(job.id()).and_then(Job::paused_at);
            timers.extend(self.backend.committed(job, self.world.with(before)));
        }
        self.call("commit", async {
            let committed = self.backend.store.commit(revision, jobs.clone(), timers.clone()).await?;
            if committed == Committed::Done {
                self.world.with(|state| state.saw_commit(self.process, &jobs, &timers));
            }
            Ok(committed)
        })
        .await
    }
}
