//! Graph of jobs and dependencies, checked as a whole.
//!
//! There are two kinds of dependents. A dependent **with** a schedule of its own waits at its own
//! slots. A dependent **without** a schedule runs when its dependencies have ended, in the run that
//! their roots began: it *flows*. A **root** is a job with a schedule of its own, or without
//! dependencies. Every job that flows takes its slot from its roots, so these must share one schedule.

mod check;
mod error;
mod flow;

use std::collections::{BTreeSet, HashMap};

use petgraph::{
    Direction::Outgoing,
    algo::toposort,
    graph::{DiGraph, NodeIndex},
};

pub use check::GraphLimits;
pub use error::{GraphError, GraphProblem, Root};
use flow::Flow;

/// Job as a node of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    pub id: String,
    /// Key of the schedule, equal exactly where two jobs share one schedule. `None` for a job without a
    /// schedule.
    pub schedule: Option<String>,
    /// Ids of the dependencies, in the order of the job's `dependencies`.
    pub dependencies: Vec<String>,
}

/// Graph whose edges point from a dependency to its dependent. Nodes are in the order of their ids, so
/// the smallest index is the smallest id.
type Jobs = DiGraph<GraphNode, ()>;

/// Checked graph: it has no cycle and no unknown job, keeps its limits, and every flow has one
/// schedule.
///
/// A query about a job that is not in the graph answers with nothing.
#[derive(Debug, Clone)]
pub struct Graph {
    jobs: Jobs,
    index: HashMap<String, NodeIndex>,
    order: Vec<NodeIndex>,
    flow: Flow,
}

impl Graph {
    /// Checks the whole graph within the default [`GraphLimits`]. Schedules and depth are checked only
    /// where there is no cycle.
    ///
    /// # Errors
    /// All errors found, in a fixed order.
    pub fn build(nodes: Vec<GraphNode>) -> Result<Self, Vec<GraphError>> {
        Self::build_within(GraphLimits::default(), nodes)
    }

    /// Checks as [`Graph::build`] does, with other limits.
    ///
    /// # Errors
    /// All errors found, in a fixed order.
    pub fn build_within(limits: GraphLimits, mut nodes: Vec<GraphNode>) -> Result<Self, Vec<GraphError>> {
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        let mut errors = Vec::new();
        let (jobs, index) = check::connect(nodes, limits, &mut errors);
        let Ok(order) = toposort(&jobs, None) else {
            errors.extend(check::cycles(&jobs));
            return Err(errors);
        };
        errors.extend(check::too_deep(&jobs, &order, limits));
        let flow = Flow::trace(&jobs, &order, &mut errors);
        if errors.is_empty() { Ok(Self { jobs, index, order, flow }) } else { Err(errors) }
    }

    /// Dependencies of a job, in the order in which the job names them.
    pub fn dependencies(&self, id: &str) -> &[String] {
        self.find(id).map_or(&[], |job| &self.jobs[job].dependencies)
    }

    /// Jobs that depend on this job directly, ordered by id.
    pub fn dependents(&self, id: &str) -> Vec<&str> {
        self.dependents_where(id, |_| true)
    }

    /// Dependents without a schedule of their own, ordered by id.
    pub fn flow_dependents(&self, id: &str) -> Vec<&str> {
        self.dependents_where(id, |job| job.schedule.is_none())
    }

    /// Dependents with a schedule of their own, ordered by id.
    pub fn scheduled_dependents(&self, id: &str) -> Vec<&str> {
        self.dependents_where(id, |job| job.schedule.is_some())
    }

    /// Jobs of a run that begins at `id`: the job itself and all that flow from it.
    pub fn reachable_by_flow(&self, id: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<_> = self.find(id).into_iter().collect();
        while let Some(job) = next.pop() {
            if reached.insert(self.jobs[job].id.as_str()) {
                next.extend(self.jobs.neighbors(job).filter(|&dependent| self.flows(dependent)));
            }
        }
        reached
    }

    /// Key of the schedule that gives the job its slots: its own, or its roots'.
    pub fn nominal_schedule(&self, id: &str) -> Option<&str> {
        let root = self.flow.root(self.find(id)?);
        self.jobs[root].schedule.as_deref()
    }

    /// Smallest id among the roots of all jobs that flow together with this job. It is one name for the
    /// run, whichever of its jobs is asked about.
    pub fn root_of(&self, id: &str) -> Option<&str> {
        let root = self.flow.group(self.find(id)?);
        Some(&self.jobs[root].id)
    }

    /// All jobs, each after all its dependencies. The order is always the same for the same jobs.
    pub fn topological_order(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(|&job| self.jobs[job].id.as_str())
    }

    fn find(&self, id: &str) -> Option<NodeIndex> {
        self.index.get(id).copied()
    }

    fn flows(&self, job: NodeIndex) -> bool {
        self.jobs[job].schedule.is_none()
    }

    fn dependents_where(&self, id: &str, wanted: impl Fn(&GraphNode) -> bool) -> Vec<&str> {
        let Some(job) = self.find(id) else { return Vec::new() };
        let dependents = self.jobs.neighbors_directed(job, Outgoing).map(|dependent| &self.jobs[dependent]);
        let mut ids: Vec<_> = dependents.filter(|job| wanted(job)).map(|job| job.id.as_str()).collect();
        ids.sort_unstable();
        ids
    }
}
