//! Checks of a graph: names, sizes, cycles and depth.

use std::collections::{HashMap, HashSet, VecDeque};

use petgraph::{
    Direction::{Incoming, Outgoing},
    algo::kosaraju_scc,
    graph::NodeIndex,
};

use super::{GraphError, GraphNode, GraphProblem, Jobs};

/// Number of jobs of each group that reach each other from which a cycle is searched. It bounds the work
/// that one bad request can cause; a shorter cycle elsewhere may stay unseen.
const CYCLE_SEARCHES: usize = 64;

/// Limits on the size of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphLimits {
    /// Maximum number of jobs in a chain of dependencies.
    pub depth: usize,
    /// Maximum number of dependencies of one job.
    pub dependencies: usize,
    /// Maximum number of jobs that depend on one job directly.
    pub dependents: usize,
}

impl Default for GraphLimits {
    fn default() -> Self {
        Self { depth: 100, dependencies: 100, dependents: 1000 }
    }
}

/// Connects jobs with the dependencies that exist. `nodes` are sorted by id.
pub(super) fn connect(
    nodes: Vec<GraphNode>,
    limits: GraphLimits,
    errors: &mut Vec<GraphError>,
) -> (Jobs, HashMap<String, NodeIndex>) {
    let (mut jobs, index) = name(nodes, errors);
    let mut edges = Vec::new();
    for job in jobs.node_indices() {
        edges.extend(dependencies(&jobs, &index, job, limits, errors));
    }
    for (dependency, dependent) in edges {
        jobs.add_edge(dependency, dependent, ());
    }
    errors.extend(too_many_dependents(&jobs, limits));
    (jobs, index)
}

fn name(nodes: Vec<GraphNode>, errors: &mut Vec<GraphError>) -> (Jobs, HashMap<String, NodeIndex>) {
    let mut jobs = Jobs::with_capacity(nodes.len(), nodes.iter().map(|job| job.dependencies.len()).sum());
    let mut index = HashMap::with_capacity(nodes.len());
    for node in nodes {
        let id = node.id.clone();
        let job = jobs.add_node(node);
        if index.insert(id, job).is_some() {
            errors.push(GraphError::new(&jobs[job].id, "job_id", GraphProblem::DuplicateJob));
        }
    }
    (jobs, index)
}

/// Edges of one job's dependencies.
fn dependencies(
    jobs: &Jobs,
    index: &HashMap<String, NodeIndex>,
    job: NodeIndex,
    limits: GraphLimits,
    errors: &mut Vec<GraphError>,
) -> Vec<(NodeIndex, NodeIndex)> {
    let GraphNode { id, dependencies, .. } = &jobs[job];
    let (count, limit) = (dependencies.len(), limits.dependencies);
    if count > limit {
        errors.push(GraphError::new(id, "dependencies", GraphProblem::TooManyDependencies { count, limit }));
    }
    let mut seen = HashSet::with_capacity(count);
    let mut edges = Vec::with_capacity(count);
    for (position, dependency) in dependencies.iter().enumerate() {
        let known = index.get(dependency);
        let problem = match known {
            _ if dependency == id => GraphProblem::SelfDependency,
            _ if !seen.insert(dependency) => {
                GraphProblem::DuplicateDependency { dependency: dependency.clone() }
            }
            None => GraphProblem::UnknownJob { dependency: dependency.clone() },
            Some(&dependency) => {
                edges.push((dependency, job));
                continue;
            }
        };
        errors.push(GraphError::at_dependency(id, position, problem));
    }
    edges
}

fn too_many_dependents(jobs: &Jobs, limits: GraphLimits) -> impl Iterator<Item = GraphError> {
    let limit = limits.dependents;
    jobs.node_indices().filter_map(move |job| {
        let count = jobs.neighbors_directed(job, Outgoing).count();
        let problem = GraphProblem::TooManyDependents { count, limit };
        (count > limit).then(|| GraphError::new(&jobs[job].id, "dependencies", problem))
    })
}

/// Error for the first job, by id, that lies one beyond the limit of depth. Jobs behind it need no
/// error of their own.
pub(super) fn too_deep(jobs: &Jobs, order: &[NodeIndex], limits: GraphLimits) -> Option<GraphError> {
    let limit = limits.depth;
    let mut depths = vec![0; jobs.node_count()];
    for &job in order {
        let dependencies = jobs.neighbors_directed(job, Incoming);
        depths[job.index()] =
            1 + dependencies.map(|dependency| depths[dependency.index()]).max().unwrap_or(0);
    }
    let first = jobs.node_indices().find(|job| depths[job.index()] == limit + 1)?;
    let depth = depths.iter().copied().max().unwrap_or(limit + 1);
    Some(GraphError::new(&jobs[first].id, "dependencies", GraphProblem::TooDeep { depth, limit }))
}

/// One cycle for each group of jobs that reach each other: the shortest that is found.
pub(super) fn cycles(jobs: &Jobs) -> Vec<GraphError> {
    let knots = kosaraju_scc(jobs).into_iter().filter(|knot| knot.len() > 1);
    let mut cycles: Vec<_> = knots.filter_map(|knot| shortest_cycle(jobs, knot)).collect();
    cycles.sort_unstable();
    cycles.iter().map(|cycle| cycle_error(jobs, cycle)).collect()
}

fn shortest_cycle(jobs: &Jobs, mut knot: Vec<NodeIndex>) -> Option<Vec<NodeIndex>> {
    knot.sort_unstable();
    knot.into_iter().take(CYCLE_SEARCHES).filter_map(|job| cycle_through(jobs, job)).min_by_key(Vec::len)
}

/// Cycle through `start`, found breadth first along its dependencies. `start` is not repeated at the
/// end.
fn cycle_through(jobs: &Jobs, start: NodeIndex) -> Option<Vec<NodeIndex>> {
    let mut dependent_of = vec![None; jobs.node_count()];
    let mut next = VecDeque::from([start]);
    while let Some(job) = next.pop_front() {
        for dependency in jobs.neighbors_directed(job, Incoming) {
            if dependency == start {
                let path = std::iter::successors(Some(job), |job| dependent_of[job.index()]);
                let mut path: Vec<_> = path.collect();
                path.reverse();
                return Some(path);
            }
            if dependent_of[dependency.index()].is_none() {
                dependent_of[dependency.index()] = Some(job);
                next.push_back(dependency);
            }
        }
    }
    None
}

fn cycle_error(jobs: &Jobs, cycle: &[NodeIndex]) -> GraphError {
    let path: Vec<_> = cycle.iter().chain(cycle.first()).map(|&job| jobs[job].id.clone()).collect();
    let first = &jobs[cycle[0]];
    let position = first.dependencies.iter().position(|dependency| *dependency == path[1]).unwrap_or(0);
    GraphError::at_dependency(&first.id, position, GraphProblem::Cycle { path })
}
