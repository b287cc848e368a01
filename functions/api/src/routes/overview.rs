use std::{collections::HashMap, sync::Arc};

use axum::{Json, extract::State};
use belfry_domain::{Graph, GraphNode, Job};
use belfry_engine::{Engine, ports::Backlog};

use crate::{
    ApiState,
    http::problem::ApiError,
    views::{Edge, GraphJob, GraphView, Latency, QueueView, Stats, Utilisation},
};

type Shared = State<Arc<ApiState>>;

/// Get the graph of all jobs
///
/// Each job comes after all of its dependencies.
#[utoipa::path(
    get, path = "/v1/graph", tag = "overview", operation_id = "get_graph",
    responses((status = 200, description = "The graph", body = GraphView))
)]
pub async fn get_graph(State(state): Shared) -> Result<Json<GraphView>, ApiError> {
    let (revision, mut jobs) = state.engine.ports.jobs.all_jobs().await?;
    sort_topologically(&mut jobs);
    let edges = jobs.iter().flat_map(|job| {
        let to = job.id();
        job.spec.dependencies.iter().map(move |from| Edge { from: from.clone(), to: to.clone() })
    });
    let edges = edges.collect();
    Ok(Json(GraphView { revision, jobs: jobs.iter().map(|job| graph_job(job)).collect(), edges }))
}

fn graph_job(job: &Job) -> GraphJob {
    GraphJob {
        job_id: job.id().clone(),
        dependencies: job.spec.dependencies.clone(),
        schedule: job.schedule().map(|schedule| schedule.expression().to_owned()),
        paused: job.pause.is_some(),
    }
}

/// Sorts jobs so that each comes after its dependencies; by id where the graph can't be built, which
/// the checks at PUT rule out.
fn sort_topologically(jobs: &mut [Arc<Job>]) {
    jobs.sort_unstable_by(|a, b| a.id().cmp(b.id()));
    let nodes = jobs.iter().map(|job| GraphNode {
        id: job.id().to_string(),
        schedule: job.spec.schedule_key(),
        dependencies: job.spec.dependencies.iter().map(ToString::to_string).collect(),
    });
    if let Ok(graph) = Graph::build(nodes.collect()) {
        let places: HashMap<&str, usize> = graph.topological_order().zip(0..).collect();
        jobs.sort_by_key(|job| places.get(job.id().as_str()).copied());
    }
}

pub(super) fn queue_view(engine: &Engine, backlog: Backlog) -> QueueView {
    let limit = engine.settings.backlog_limits.of(&backlog.pool, backlog.priority);
    let Backlog { pool, priority, depth } = backlog;
    QueueView { pool, priority, depth, limit }
}

/// Get the key metrics
///
/// Success rate, start latency, queue depth, worker utilisation, retry rate and dead letters.
#[utoipa::path(
    get, path = "/v1/stats", tag = "overview", operation_id = "get_stats",
    responses((status = 200, description = "The metrics", body = Stats))
)]
pub async fn get_stats(State(state): Shared) -> Result<Json<Stats>, ApiError> {
    let ports = &state.engine.ports;
    let uptime = state.telemetry.began.elapsed();
    let (count, quantiles) = state.telemetry.start_latency_ms(&[0.5, 0.9, 0.99, 1.0]);
    let backlogs = ports.queue.backlogs().await?;
    let running = state.engine.running_attempts() as u64;
    Ok(Json(Stats {
        since: ports.clock.now().minus(uptime).into(),
        uptime_seconds: uptime.as_secs(),
        success_rate: state.telemetry.success_rate(),
        start_latency_ms: Latency {
            count,
            p50: quantiles[0],
            p90: quantiles[1],
            p99: quantiles[2],
            max: quantiles[3],
        },
        queue_depth: backlogs.iter().map(|backlog| backlog.depth).sum(),
        queues: backlogs.into_iter().map(|backlog| queue_view(&state.engine, backlog)).collect(),
        worker_utilisation: Utilisation {
            running,
            capacity: state.capacity,
            ratio: (state.capacity > 0).then(|| running as f64 / state.capacity as f64),
        },
        retry_rate: state.telemetry.retry_rate(),
        dead_letters: ports.dead_letters.count_dead_letters().await?,
    }))
}
