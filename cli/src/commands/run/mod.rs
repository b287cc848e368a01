//! `belfry run`: it runs a file's graph once, now, in this process, on a store in memory.
//!
//! Schedules are removed, so that everything flows in one run. A job that does nothing precedes the
//! jobs without dependencies: with it, several roots form one run.

mod live;
mod plan;
mod progress;
mod report;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use belfry::standalone::{Temporary, TemporaryOptions};
use belfry_domain::{Execution, ExecutionId, SlotName};
use belfry_engine::{Engine, Precondition, TriggerRequest, ports::StoredOutput};
use clap::Args;
use tokio::time::{Instant, sleep};

use self::{plan::Plan, progress::Progress};
use super::{Global, Outcome, payload, up::Limits};
use crate::{files, show};

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Time without a running execution after which jobs that have no execution count as never started.
const SETTLED_AFTER: Duration = Duration::from_secs(10);
const SHOWN_ELEMENTS: u32 = 100;

/// Run the jobs of a file once, now, in the order of their dependencies; needs no server
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry run examples/nightly-chain.yaml
  belfry run jobs.yaml --input '{\"day\": \"2026-11-23\"}' --verbose
  belfry run jobs/ --json

The command needs no server and stores nothing. Retries, timeouts and trigger rules apply,
schedules do not. The exit code is 0 if nothing failed, else 1.")]
pub struct RunArgs {
    /// Job files, directories of them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Input of the jobs without dependencies: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Cancel all jobs after the first failure [default: only the jobs that depend on the failed job
    /// stop]
    #[arg(long)]
    fail_fast: bool,
    /// Show the output of all jobs, not only of failed jobs
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    limits: Limits,
}

pub async fn run(args: RunArgs, global: &Global) -> Outcome {
    let definitions = files::read(&args.files)?;
    let plan = Plan::new(files::specs(&definitions), payload::read(args.input.as_deref())?.as_ref())?;
    let options = TemporaryOptions {
        capacity: args.limits.capacity(),
        allow_private_addresses: args.limits.allow_private_addresses,
    };
    let scheduler = Temporary::start(options).await?;
    let rows = tokio::select! {
        rows = follow(scheduler.engine(), &plan, &args) => {
            rows.map_err(|error| files::with_places(error, &definitions))?
        }
        // Ending the process ends its processes; waiting for them is not what was asked for.
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
    };
    scheduler.stop().await?;
    if global.json {
        show::json(&report::json(&rows))?;
    } else {
        show::line(report::text(&plan, &rows))?;
    }
    Ok(if plan.is_success(&rows) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn follow(engine: &Engine, plan: &Plan, args: &RunArgs) -> anyhow::Result<Vec<Execution>> {
    engine.apply_jobs(plan.specs.clone(), &Precondition::None).await?;
    let start = TriggerRequest { job_id: plan.start.clone(), input: None, idempotency_key: None };
    let slot = engine.trigger(start).await?.execution.slot();
    let mut progress = Progress::new(args.verbose, plan.len());
    let mut last_change = Instant::now();
    loop {
        let rows = rows_of(engine, plan, &slot).await?;
        let elements = elements_of(engine, &rows).await?;
        let changed = progress.changed(rows.iter().chain(&elements));
        if !changed.is_empty() {
            last_change = Instant::now();
        }
        for row in changed {
            progress.show(row, &outputs(engine, row).await?);
        }
        progress.update(rows.iter().chain(&elements));
        let has_ended = rows.iter().all(|row| row.status.is_terminal());
        if has_ended && (rows.len() == plan.len() || last_change.elapsed() > SETTLED_AFTER) {
            return Ok(rows);
        }
        if args.fail_fast && plan::has_failed(&rows) {
            cancel(engine, &rows).await;
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Executions of a run. All of them have its slot.
async fn rows_of(engine: &Engine, plan: &Plan, slot: &SlotName) -> anyhow::Result<Vec<Execution>> {
    let mut rows = Vec::new();
    for job_id in plan.jobs() {
        rows.extend(engine.ports.executions.execution(&ExecutionId::new(job_id, slot)).await?);
    }
    Ok(rows)
}

/// Executions of the elements of `rows`, for lists that are short enough to be polled.
async fn elements_of(engine: &Engine, rows: &[Execution]) -> anyhow::Result<Vec<Execution>> {
    let mut elements = Vec::new();
    for row in rows {
        let count = row.elements.map_or(0, |elements| elements.count);
        for index in (0..count).take_while(|_| count <= SHOWN_ELEMENTS) {
            elements.extend(engine.ports.executions.execution(&row.id.element(index)).await?);
        }
    }
    Ok(elements)
}

async fn outputs(engine: &Engine, row: &Execution) -> anyhow::Result<Vec<StoredOutput>> {
    Ok(engine.ports.executions.outputs(&row.id).await?)
}

/// Requests the cancellation of all executions that have not ended. Errors are ignored: an execution
/// that ended meanwhile needs no cancelling, and the next poll shows how each of them ended.
async fn cancel(engine: &Engine, rows: &[Execution]) {
    for row in rows.iter().filter(|row| !row.status.is_terminal() && !row.cancel_requested) {
        engine.cancel(&row.id, "cancelled: another job failed (--fail-fast)").await.ok();
    }
}
