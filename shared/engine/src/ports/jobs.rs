//! Jobs: all their versions, and the graph that they form.

use std::sync::Arc;

use async_trait::async_trait;
use belfry_domain::{Job, JobId, Timer};

use super::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    Done,
    /// The graph has changed since `revision` was read.
    Conflict {
        revision: u64,
    },
}

/// What a run of a job's slot is named after, and the graph that it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunGroup {
    /// The first, by name, of the jobs that the run begins with.
    pub name: JobId,
    /// The graph's revision now.
    pub graph: u64,
}

#[async_trait]
pub trait JobStore: Send + Sync {
    /// The newest version, a tombstone included.
    async fn job(&self, id: &JobId) -> Result<Option<Arc<Job>>>;

    async fn job_version(&self, id: &JobId, version: u64) -> Result<Option<Arc<Job>>>;

    /// The newest versions of all jobs, tombstones left out, with the graph's revision.
    async fn all_jobs(&self) -> Result<(u64, Vec<Arc<Job>>)>;

    /// The graph's revision, with the newest versions of all jobs that dependencies connect with
    /// these, in either direction and over any number of steps; of others too, where that is easier.
    async fn connected(&self, ids: &[JobId]) -> Result<(u64, Vec<Arc<Job>>)>;

    async fn run_group(&self, id: &JobId) -> Result<RunGroup>;

    /// The jobs that named `id` as a dependency when the graph had this revision; `u64::MAX` for now.
    async fn dependents(&self, id: &JobId, graph: u64) -> Result<Vec<Arc<Job>>>;

    /// Writes all of these, with their first timers, or nothing: only if the graph's revision is
    /// still `revision`, which then counts up by one.
    async fn commit(&self, revision: u64, jobs: Vec<Job>, timers: Vec<Timer>) -> Result<Committed>;
}
