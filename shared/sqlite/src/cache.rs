//! Cache of the newest version of every job, as this process last saw them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use belfry_domain::{Graph, GraphNode, Job, JobId};

#[derive(Default)]
pub(crate) struct JobCache {
    /// Revision of the graph. `None` before the first read.
    pub(crate) revision: Option<u64>,
    /// Number of changes of the cache.
    pub(crate) epoch: u64,
    /// Newest versions, tombstones included.
    pub(crate) newest: BTreeMap<JobId, Arc<Job>>,
    pub(crate) versions: HashMap<(JobId, u64), Arc<Job>>,
    /// Jobs whose newest version can't be read, with the reason.
    pub(crate) unreadable: BTreeMap<JobId, String>,
    dependents: HashMap<JobId, Vec<JobId>>,
    /// Graph of the jobs, built when it is first needed.
    graph: OnceLock<Option<Graph>>,
}

/// Newest version of every job, as read from the database.
#[derive(Default)]
pub(crate) struct Newest {
    pub(crate) jobs: Vec<Job>,
    pub(crate) unreadable: BTreeMap<JobId, String>,
}

impl JobCache {
    pub(crate) fn forget(&mut self) {
        *self = Self { epoch: self.epoch + 1, ..Self::default() };
    }

    pub(crate) fn fill(&mut self, revision: u64, newest: Newest) {
        self.forget();
        self.revision = Some(revision);
        self.unreadable = newest.unreadable;
        for job in newest.jobs {
            self.insert(job);
        }
    }

    /// Takes in a commit that changed these jobs and followed `revision`.
    pub(crate) fn committed(&mut self, revision: u64, jobs: Vec<Job>) {
        if self.revision == Some(revision) {
            self.update(jobs);
        } else {
            self.forget();
        }
    }

    /// Takes in the next revision, in which these jobs have changed.
    fn update(&mut self, jobs: Vec<Job>) {
        self.epoch += 1;
        self.revision = self.revision.map(|revision| revision + 1);
        self.graph = OnceLock::new();
        for job in jobs {
            self.insert(job);
        }
    }

    fn insert(&mut self, job: Job) {
        let job = Arc::new(job);
        let id = job.id().clone();
        self.unreadable.remove(&id);
        self.versions.insert((id.clone(), job.version), Arc::clone(&job));
        let old = self.newest.insert(id.clone(), Arc::clone(&job));
        for dependency in old.iter().flat_map(|old| &old.spec.dependencies) {
            if let Some(dependents) = self.dependents.get_mut(dependency) {
                dependents.retain(|dependent| *dependent != id);
            }
        }
        for dependency in job.spec.dependencies.iter().filter(|_| !job.deleted) {
            self.dependents.entry(dependency.clone()).or_default().push(id.clone());
        }
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = &Arc<Job>> {
        self.newest.values().filter(|job| !job.deleted)
    }

    pub(crate) fn dependents(&self, id: &JobId) -> Vec<Arc<Job>> {
        let ids = self.dependents.get(id).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.newest.get(id)).cloned().collect()
    }

    /// Jobs that dependencies connect with these, in either direction.
    pub(crate) fn connected(&self, ids: &[JobId]) -> Vec<Arc<Job>> {
        let mut seen: BTreeSet<&JobId> = ids.iter().collect();
        let mut ahead: Vec<&JobId> = seen.iter().copied().collect();
        let mut found = Vec::new();
        while let Some(id) = ahead.pop() {
            let job = self.newest.get(id).filter(|job| !job.deleted);
            let dependencies = job.into_iter().flat_map(|job| &job.spec.dependencies);
            let dependents = self.dependents.get(id).into_iter().flatten();
            ahead.extend(dependencies.chain(dependents).filter(|id| seen.insert(*id)));
            found.extend(job.cloned());
        }
        found
    }

    /// Job after which a run that includes this job is named: the first, by name, of the jobs that the
    /// run begins with.
    pub(crate) fn root_of(&self, id: &JobId) -> JobId {
        let graph = self.graph.get_or_init(|| Graph::build(self.live().map(|job| node(job)).collect()).ok());
        let root = graph.as_ref().and_then(|graph| graph.root_of(id.as_str()));
        root.and_then(|root| root.parse().ok()).unwrap_or_else(|| id.clone())
    }
}

fn node(job: &Job) -> GraphNode {
    GraphNode {
        id: job.id().to_string(),
        schedule: job.spec.schedule_key(),
        dependencies: job.spec.dependencies.iter().map(ToString::to_string).collect(),
    }
}
