use std::sync::Arc;

use async_trait::async_trait;
use belfry_domain::{Graph, GraphNode, Job, JobId, Timer};
use belfry_engine::ports::{Committed, JobStore, RunGroup};

use super::{Model, Result, State};

impl State {
    /// Version of a job that held at this revision of the graph.
    fn job_at(&self, id: &JobId, graph: u64) -> Option<&Job> {
        let versions = self.jobs.range((id.clone(), 0)..=(id.clone(), u64::MAX));
        versions.map(|(_, job)| job).rfind(|job| job.revision <= graph)
    }

    fn jobs_at(&self, graph: u64) -> impl Iterator<Item = &Job> {
        let newest = move |(id, version): &(JobId, u64)| {
            self.job_at(id, graph).filter(|job| job.version == *version && !job.deleted)
        };
        self.jobs.keys().filter_map(newest)
    }

    fn root_of(&self, id: &JobId) -> Option<JobId> {
        let node = |job: &Job| GraphNode {
            id: job.id().to_string(),
            schedule: job.spec.schedule_key(),
            dependencies: job.spec.dependencies.iter().map(ToString::to_string).collect(),
        };
        let graph = Graph::build(self.jobs_at(u64::MAX).map(node).collect()).ok()?;
        graph.root_of(id.as_str())?.parse().ok()
    }
}

fn shared(job: &Job) -> Arc<Job> {
    Arc::new(job.clone())
}

#[async_trait]
impl JobStore for Model {
    async fn job(&self, id: &JobId) -> Result<Option<Arc<Job>>> {
        Ok(self.state().job_at(id, u64::MAX).map(shared))
    }

    async fn job_version(&self, id: &JobId, version: u64) -> Result<Option<Arc<Job>>> {
        Ok(self.state().jobs.get(&(id.clone(), version)).map(shared))
    }

    async fn all_jobs(&self) -> Result<(u64, Vec<Arc<Job>>)> {
        let state = self.state();
        Ok((state.graph, state.jobs_at(u64::MAX).map(shared).collect()))
    }

    async fn connected(&self, _ids: &[JobId]) -> Result<(u64, Vec<Arc<Job>>)> {
        self.all_jobs().await
    }

    async fn run_group(&self, id: &JobId) -> Result<RunGroup> {
        let state = self.state();
        Ok(RunGroup { name: state.root_of(id).unwrap_or_else(|| id.clone()), graph: state.graph })
    }

    async fn dependents(&self, id: &JobId, graph: u64) -> Result<Vec<Arc<Job>>> {
        let state = self.state();
        Ok(state.jobs_at(graph).filter(|job| job.spec.dependencies.contains(id)).map(shared).collect())
    }

    async fn commit(&self, revision: u64, jobs: Vec<Job>, timers: Vec<Timer>) -> Result<Committed> {
        let mut state = self.state();
        if state.graph != revision {
            return Ok(Committed::Conflict { revision: state.graph });
        }
        for job in &jobs {
            state.know_zones(job)?;
        }
        state.graph += 1;
        state.jobs.extend(jobs.into_iter().map(|job| ((job.id().clone(), job.version), job)));
        state.put(timers);
        Ok(Committed::Done)
    }
}
