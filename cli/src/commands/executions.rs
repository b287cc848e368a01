use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{DONE, Global, Outcome, execution_view, wait};
use crate::{
    client::{Call, Client, wire::Execution},
    error::CliError,
    show::{self, moment::Moment, short, table, time},
};

/// List executions, or show an execution
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  belfry executions
  belfry executions --job daily_report --status failed --limit 20
  belfry executions --tag team=data --status failed --since 24h
  belfry executions --element-of resize@2026-11-23T00:00:00Z --status failed
  belfry executions show daily_report@2026-11-23T00:00:00Z"
)]
pub struct ExecutionsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show an execution with its attempts, their times and the end of their output
    #[command(after_help = "Example:\n  belfry executions show daily_report@2026-11-23T00:00:00Z")]
    Show { execution_id: String },
}

#[derive(Debug, Args)]
struct Filter {
    /// Only this status: waiting, queued, running, success, failed, timed_out, cancelled,
    /// upstream_failed or skipped
    #[arg(long)]
    status: Option<String>,
    /// Only executions of this job
    #[arg(long, value_name = "JOB")]
    job: Option<String>,
    /// Only executions of jobs that have this tag now; may be repeated, and all tags must match
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<String>,
    /// Only executions of this run
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Only elements of this for_each execution, in list order; combines with --status only
    #[arg(long, value_name = "EXECUTION", conflicts_with_all = ["job", "run", "since", "until", "tags"])]
    element_of: Option<String>,
    /// Only executions due at or after this instant: RFC 3339, or an age such as 24h
    #[arg(long, value_name = "INSTANT")]
    since: Option<Moment>,
    /// Only executions due before this instant
    #[arg(long, value_name = "INSTANT")]
    until: Option<Moment>,
    /// Maximum number of rows, newest first
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

pub async fn run(args: ExecutionsArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    if let Some(Action::Show { execution_id }) = args.action {
        return show_one(&client, global, &execution_id).await;
    }
    let executions = client.pages(args.filter.call()?, args.filter.limit).await?;
    if global.json {
        show::json(&Value::Array(executions))?;
    } else {
        show::line(listing(&client, executions)?)?;
    }
    DONE
}

impl Filter {
    fn call(&self) -> Result<Call, CliError> {
        // Only a job's own listing has the slots that nobody has claimed yet, and it takes no filter.
        if let Some(job) = self.job.as_ref().filter(|_| self.is_plain()) {
            return Ok(Call::get(["v1", "jobs", job, "executions"]));
        }
        let now = Utc::now();
        let [since, until] = [self.since, self.until].map(|at| at.map(|at| at.instant(now)));
        if since.zip(until).is_some_and(|(since, until)| since >= until) {
            return Err(CliError::Usage("--since must be before --until".to_owned()));
        }
        let call = Call::get(["v1", "executions"])
            .query("job_id", self.job.as_ref())
            .query("status", self.status.as_ref())
            .query("run_id", self.run.as_ref())
            .query("element_of", self.element_of.as_ref())
            .query("since", since.map(time::utc))
            .query("until", until.map(time::utc));
        Ok(self.tags.iter().fold(call, |call, tag| call.query("tag", Some(tag))))
    }

    fn is_plain(&self) -> bool {
        let narrows =
            [self.status.is_some(), self.run.is_some(), self.element_of.is_some(), !self.tags.is_empty()];
        !narrows.contains(&true) && self.since.is_none() && self.until.is_none()
    }
}

/// Converts `key=value` into the API's form `key:value`.
pub fn tag(text: &str) -> Result<String, String> {
    match text.split_once(['=', ':']) {
        Some((key, value)) if !key.is_empty() => Ok(format!("{key}:{value}")),
        _ => Err("must be KEY=VALUE, such as team=data".to_owned()),
    }
}

async fn show_one(client: &Client, global: &Global, id: &str) -> Outcome {
    let (value, row) = wait::execution(client, id).await?;
    if global.json {
        show::json(&value)?;
    } else {
        show::line(execution_view::text(&row))?;
    }
    DONE
}

pub fn listing(client: &Client, executions: Vec<Value>) -> anyhow::Result<String> {
    let now = Utc::now();
    let mut table =
        table::new(["EXECUTION", "STATUS", "TRIGGER", "DUE", "LATE", "TOOK", "ATTEMPTS", "REASON"]);
    for value in executions {
        let row: Execution = client.decode(value)?;
        let duration = |ms: Option<i64>| ms.map(time::millis).unwrap_or_default();
        let progress = row.progress.filter(|_| row.status == "running").map(|progress| progress.to_string());
        let remark = progress.or(row.reason).unwrap_or_default();
        table.add_row([
            row.execution_id.into(),
            table::status(&row.status),
            row.trigger.into(),
            row.due_at.map(|at| time::relative(at, now)).unwrap_or_default().into(),
            duration(row.lateness_ms).into(),
            duration(row.duration_ms).into(),
            row.attempt.into(),
            short(&remark, 60).into(),
        ]);
    }
    Ok(table::text(&table))
}
