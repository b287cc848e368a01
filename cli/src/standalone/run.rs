//! `belfry run`: a graph once, now, in memory.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use belfry_domain::{Execution, ExecutionId, JobId, JobSpec};
use belfry_engine::{
    Settings,
    ports::{Acquired, Fact, LeaseStore as _, Observer, Runner},
};
use belfry_sqlite::Store;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Capacity, LANE, Standalone};

/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(50);

pub struct RunOptions {
    pub input: Option<Value>,
    pub capacity: Capacity,
    pub runner: Arc<dyn Runner>,
}

/// The graph's executions as they stand, in the order of the jobs; none for one that has no row yet.
pub type RunProgress = Vec<(JobId, Option<Execution>)>;

struct Silent;

impl Observer for Silent {
    fn record(&self, _: Fact<'_>) {}
}

/// Runs every job of a set once, dependencies first, whatever their schedules; returns when all
/// have ended. `progress` hears of every look.
pub async fn run_graph(
    specs: Vec<JobSpec>,
    options: RunOptions,
    mut progress: impl FnMut(&RunProgress),
) -> anyhow::Result<RunProgress> {
    let store = Store::open_in_memory().context("no database in memory")?;
    let settings = Settings::standalone();
    let (standalone, waves) = Standalone::new(store, settings, options.capacity, options.runner, Arc::new(Silent))?;
    let standalone = Arc::new(standalone);
    let engine = Arc::clone(&standalone.engine);
    let job_ids: Vec<JobId> = specs.iter().map(|spec| spec.job_id.clone()).collect();
    let roots: Vec<JobId> =
        specs.iter().filter(|spec| spec.dependencies.is_empty()).map(|spec| spec.job_id.clone()).collect();
    engine.apply_jobs(specs.into_iter().map(unscheduled).collect(), None, false, false).await?;

    let now = engine.ports.clock.now();
    let acquired = standalone.store.acquire(LANE, &standalone.owner, now, now.plus(Duration::from_secs(1 << 30))).await?;
    let Acquired::Leader(lease) = acquired else { bail!("a database in memory has another leader") };
    let shutdown = CancellationToken::new();
    let leading = tokio::spawn({
        let (standalone, shutdown) = (Arc::clone(&standalone), shutdown.clone());
        async move { standalone.lead(lease, waves, shutdown).await }
    });
    let accepted = engine.trigger_together(&roots, options.input.as_ref()).await?;
    let slot = accepted.first().context("the file has no job to begin with")?.execution.slot();
    let ended = loop {
        let mut state = Vec::with_capacity(job_ids.len());
        for job_id in &job_ids {
            let id = ExecutionId::new(job_id, &slot);
            state.push((job_id.clone(), engine.ports.executions.execution(&id).await?));
        }
        progress(&state);
        if state.iter().all(|(_, row)| row.as_ref().is_some_and(|row| row.status.is_terminal())) {
            break state;
        }
        tokio::time::sleep(LOOK).await;
    };
    shutdown.cancel();
    leading.await??;
    Ok(ended)
}

/// All belong to one run here.
fn unscheduled(spec: JobSpec) -> JobSpec {
    JobSpec { schedule: None, run_at: None, timezone: None, start: None, end: None, jitter: None, ..spec }
}
