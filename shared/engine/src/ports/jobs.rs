//! Jobs: all their versions, and the graph that they form.

use std::sync::Arc;

use async_trait::async_trait;
use belfry_domain::{Job, JobId, Timer};

use super::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    Done,
    /// The graph has changed since `revision` was read. Holds its present revision.
    Conflict {
        revision: u64,
    },
}

/// Name and graph revision of a run that begins at a slot of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunGroup {
    /// Job that the run is named after: the first, by name, of the jobs that the run begins with.
    pub name: JobId,
    /// Present revision of the graph.
    pub graph: u64,
}

#[async_trait]
pub trait JobStore: Send + Sync {
    /// Newest version of a job. It may be a tombstone.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn job(&self, id: &JobId) -> Result<Option<Arc<Job>>>;

    /// One version of a job. `None` where it does not exist.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn job_version(&self, id: &JobId, version: u64) -> Result<Option<Arc<Job>>>;

    /// Revision of the graph, and the newest versions of all jobs without tombstones.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn all_jobs(&self) -> Result<(u64, Vec<Arc<Job>>)>;

    /// Revision of the graph, and the newest versions of all jobs that dependencies connect with these,
    /// in either direction and over any number of steps. Further jobs may be included.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn connected(&self, ids: &[JobId]) -> Result<(u64, Vec<Arc<Job>>)>;

    /// Name and graph revision for a run that begins at a slot of this job.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn run_group(&self, id: &JobId) -> Result<RunGroup>;

    /// Jobs that named `id` as a dependency when the graph had the revision `graph`; `u64::MAX` stands
    /// for now.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn dependents(&self, id: &JobId, graph: u64) -> Result<Vec<Arc<Job>>>;

    /// Writes all jobs with their first timers, or nothing. The write requires that the graph's
    /// revision still is `revision`, and counts it up by one.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn commit(&self, revision: u64, jobs: Vec<Job>, timers: Vec<Timer>) -> Result<Committed>;
}
