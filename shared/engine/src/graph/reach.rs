//! Reads of the graph: the jobs that a run reaches, and the dependencies of a slot.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use belfry_domain::{Dependency, ExecutionId, Job, JobId, Outcome, Timestamp};

use crate::{Engine, Result};

impl Engine {
    /// Jobs that a run beginning with `root` reaches.
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

    /// Job whose schedule gives a job its slots: the job itself, or the root that it flows from.
    pub(crate) async fn schedule_giver(&self, id: &JobId) -> Result<Option<Arc<Job>>> {
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

    /// Executions that a slot of a job waits for, by dependency.
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

    /// Latest slot of a job up to an instant, and the job whose schedule gives it.
    pub(crate) async fn latest_slot(
        &self,
        id: &JobId,
        at: Timestamp,
    ) -> Result<Option<(Arc<Job>, Timestamp)>> {
        let giver = self.schedule_giver(id).await?;
        Ok(giver.and_then(|giver| {
            let latest = giver.schedule()?.latest_at_or_before(at.to_utc())?;
            Some((giver, latest.into()))
        }))
    }

    /// Execution of the dependency at the dependency's latest slot up to `slot`.
    async fn dependency_at(&self, dependency: &JobId, slot: Timestamp) -> Result<Dependency> {
        Ok(match self.latest_slot(dependency, slot).await? {
            Some((_, at)) => {
                Dependency { execution_id: ExecutionId::scheduled(dependency, at), outcome: None }
            }
            None => Dependency {
                execution_id: ExecutionId::scheduled(dependency, slot),
                outcome: Some(Outcome::Skipped),
            },
        })
    }
}
