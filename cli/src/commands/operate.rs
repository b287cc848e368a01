//! Commands that change one execution or one job.

use clap::Args;
use serde_json::{Value, json};

use super::{DONE, Global, Outcome, wait};
use crate::{client::Call, show};

/// Cancel executions: unstarted executions never start, running attempts are told to stop
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry cancel daily_report@2026-11-23T00:00:00Z
  belfry cancel nightly@2026-12-24T18:00:00Z --reason holidays     a future slot")]
pub struct CancelArgs {
    /// Executions to cancel
    #[arg(required = true)]
    execution_id: Vec<String>,
    /// Reason to store with the execution
    #[arg(long)]
    reason: Option<String>,
}

pub async fn cancel(args: CancelArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    for id in &args.execution_id {
        let body = args.reason.as_ref().map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
        let answer =
            client.send(Call::post(["v1", "executions", &format!("{id}:cancel")]).body(body)).await?;
        let is_running = answer["status"] == "running";
        let done = if is_running { "asked to stop" } else { "cancelled" };
        told(global, &answer, &format!("{id} {done}"))?;
    }
    DONE
}

/// Run an ended execution again, as a new generation with the current version of the job
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry retry daily_report@2026-11-23T00:00:00Z
  belfry retry daily_report@2026-11-23T00:00:00Z --wait
  belfry retry daily_report@2026-11-23T00:00:00Z --key monday    repeating the key starts nothing new")]
pub struct RetryArgs {
    /// Execution to run again
    execution_id: String,
    /// Idempotency key: the execution runs again only once per key
    #[arg(long)]
    key: Option<String>,
    /// Wait until the execution ends; exit code 1 unless it succeeds
    #[arg(long)]
    wait: bool,
}

pub async fn retry(args: RetryArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    let call = Call::post(["v1", "executions", &format!("{}:retry", args.execution_id)]);
    let answer = client.send(call.idempotency_key(args.key.as_ref())).await?;
    wait::accepted(&client, global, answer, args.wait).await
}

/// Start no further slots of jobs; slots that are already due still run
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry pause daily_report
  belfry pause daily_report --note 'the source is down until Monday'")]
pub struct PauseArgs {
    /// Jobs to pause
    #[arg(required = true)]
    job_id: Vec<String>,
    /// Shown with the jobs until they are resumed
    #[arg(long)]
    note: Option<String>,
}

pub async fn pause(args: PauseArgs, global: &Global) -> Outcome {
    let body = args.note.map(|note| json!({ "note": note }));
    on_jobs(&args.job_id, "pause", body.as_ref(), "paused", global).await
}

/// Start slots of paused jobs again; missed slots follow the misfire policy
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  belfry resume daily_report")]
pub struct ResumeArgs {
    /// Jobs to resume
    #[arg(required = true)]
    job_id: Vec<String>,
}

pub async fn resume(args: ResumeArgs, global: &Global) -> Outcome {
    on_jobs(&args.job_id, "resume", None, "resumed", global).await
}

async fn on_jobs(ids: &[String], verb: &str, body: Option<&Value>, done: &str, global: &Global) -> Outcome {
    let client = global.client()?;
    for id in ids {
        let call = Call::post(["v1", "jobs", &format!("{id}:{verb}")]);
        let answer = client.send(body.cloned().into_iter().fold(call, Call::body)).await?;
        told(global, &answer, &format!("{done} {id}"))?;
    }
    DONE
}

fn told(global: &Global, answer: &Value, text: &str) -> std::io::Result<()> {
    if global.json { show::json(answer) } else { show::line(text) }
}
