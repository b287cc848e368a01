//! Flow: the roots that each job takes its slots from.

use std::collections::BTreeMap;

use petgraph::{Direction::Incoming, graph::NodeIndex, unionfind::UnionFind};

use super::{GraphError, GraphProblem, Jobs, Root};

/// Roots of each job, by the job's index.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// One of the job's roots, which all share one schedule. For a root it is the root itself.
    roots: Vec<NodeIndex>,
    /// Smallest root of all jobs that flow together with the job.
    groups: Vec<NodeIndex>,
}

impl Flow {
    /// Traces roots through the graph. `order` is topological.
    pub(super) fn trace(jobs: &Jobs, order: &[NodeIndex], errors: &mut Vec<GraphError>) -> Self {
        let mut roots: Vec<_> = jobs.node_indices().collect();
        let mut conflicts = Vec::new();
        for &job in order {
            if is_root(jobs, job) {
                continue;
            }
            let by_schedule = roots_by_schedule(jobs, job, &roots);
            roots[job.index()] = by_schedule.values().copied().min().unwrap_or(job);
            if by_schedule.len() > 1 {
                conflicts.push((job, by_schedule.into_values().collect()));
            }
        }
        conflicts.sort_unstable();
        errors.extend(conflicts.into_iter().map(|(job, roots)| conflict(jobs, job, roots)));
        let groups = groups(jobs);
        Self { roots, groups }
    }

    pub(super) fn root(&self, job: NodeIndex) -> NodeIndex {
        self.roots[job.index()]
    }

    pub(super) fn group(&self, job: NodeIndex) -> NodeIndex {
        self.groups[job.index()]
    }
}

fn is_root(jobs: &Jobs, job: NodeIndex) -> bool {
    jobs[job].schedule.is_some() || jobs.neighbors_directed(job, Incoming).next().is_none()
}

/// Smallest known root for each schedule. One root represents each dependency. If the roots of a
/// dependency have different schedules, the dependency has an error already, which is not repeated for
/// the jobs after it.
fn roots_by_schedule<'a>(
    jobs: &'a Jobs,
    job: NodeIndex,
    roots: &[NodeIndex],
) -> BTreeMap<Option<&'a str>, NodeIndex> {
    let mut smallest = BTreeMap::new();
    for dependency in jobs.neighbors_directed(job, Incoming) {
        let root = roots[dependency.index()];
        let entry = smallest.entry(jobs[root].schedule.as_deref()).or_insert(root);
        *entry = root.min(*entry);
    }
    smallest
}

fn conflict(jobs: &Jobs, job: NodeIndex, mut roots: Vec<NodeIndex>) -> GraphError {
    roots.sort_unstable();
    let describe =
        |root: NodeIndex| Root { job: jobs[root].id.clone(), schedule: jobs[root].schedule.clone() };
    let roots = roots.into_iter().map(describe).collect();
    GraphError::new(&jobs[job].id, "dependencies", GraphProblem::DifferentSchedules { roots })
}

/// Joins each job that flows with its dependencies, and names each group after its first root.
fn groups(jobs: &Jobs) -> Vec<NodeIndex> {
    let mut joined = UnionFind::new(jobs.node_count());
    for job in jobs.node_indices().filter(|&job| !is_root(jobs, job)) {
        for dependency in jobs.neighbors_directed(job, Incoming) {
            joined.union(job.index(), dependency.index());
        }
    }
    let labels = joined.into_labeling();
    let mut first_root = vec![None; labels.len()];
    for root in jobs.node_indices().filter(|&job| is_root(jobs, job)) {
        first_root[labels[root.index()]].get_or_insert(root);
    }
    jobs.node_indices().map(|job| first_root[labels[job.index()]].unwrap_or(job)).collect()
}
