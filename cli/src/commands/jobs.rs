use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{DONE, Global, Outcome, executions::tag, job_summary};
use crate::{
    client::{Call, Client},
    show::{self, plain, short, table, time},
};

/// Number of executions in a job's summary. As many are listed.
const SUMMED_UP: usize = 100;
const SHOWN: usize = 10;

/// List, show or delete jobs
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  belfry jobs
  belfry jobs --tag team=data --status paused
  belfry jobs show daily_report
  belfry jobs show daily_report --json
  belfry jobs delete daily_report"
)]
pub struct JobsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, Default, Args)]
struct Filter {
    /// Only jobs with this tag; may be repeated, and all tags must match
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<String>,
    /// Only jobs in this state: active or paused
    #[arg(long)]
    status: Option<String>,
    /// Only jobs with this text in their name
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only jobs of this pool
    #[arg(long, value_name = "NAME")]
    pool: Option<String>,
}

impl Filter {
    fn call(&self) -> Call {
        let call = Call::get(["v1", "jobs"])
            .query("status", self.status.as_ref())
            .query("search", self.search.as_ref())
            .query("pool", self.pool.as_ref());
        self.tags.iter().fold(call, |call, tag| call.query("tag", Some(tag)))
    }
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the jobs (the default)
    List,
    /// Show the definition, the state and the last executions of a job
    #[command(after_help = "Example:\n  belfry jobs show daily_report")]
    Show { job_id: String },
    /// Delete a job and cancel its unstarted executions
    #[command(after_help = "Example:\n  belfry jobs delete daily_report")]
    Delete { job_id: String },
}

pub async fn run(args: JobsArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    match args.action.unwrap_or(Action::List) {
        Action::List => list(&client, global, &args.filter).await,
        Action::Show { job_id } => show_one(&client, global, &job_id).await,
        Action::Delete { job_id } => delete(&client, global, &job_id).await,
    }
}

async fn list(client: &Client, global: &Global, filter: &Filter) -> Outcome {
    let jobs = client.pages(filter.call(), usize::MAX).await?;
    if global.json {
        show::json(&Value::Array(jobs))?;
        return DONE;
    }
    let mut table = table::new(["JOB", "SCHEDULE", "NEXT", "STATUS", "DEPENDS ON", "DESCRIPTION"]);
    for job in &jobs {
        let definition = &job["definition"];
        table.add_row([
            plain(&job["job_id"]).into(),
            schedule(definition).into(),
            next(job).into(),
            table::status(&plain(&job["status"])),
            dependencies(definition).into(),
            short(&plain(&definition["description"]), 48).into(),
        ]);
    }
    show::line(table::text(&table))?;
    DONE
}

fn schedule(definition: &Value) -> String {
    let expression =
        [&definition["schedule"], &definition["run_at"]].into_iter().find(|value| !value.is_null());
    let text = expression.map(plain).unwrap_or_default();
    match plain(&definition["timezone"]) {
        zone if zone.is_empty() => text,
        zone => format!("{text} {zone}"),
    }
}

fn next(job: &Value) -> String {
    let at: Option<DateTime<Utc>> = plain(&job["next_slot"]).parse().ok();
    at.map(|at| time::relative(at, Utc::now())).unwrap_or_default()
}

fn dependencies(definition: &Value) -> String {
    let names = definition["dependencies"].as_array().into_iter().flatten().map(plain);
    names.collect::<Vec<_>>().join(", ")
}

async fn show_one(client: &Client, global: &Global, id: &str) -> Outcome {
    let job = client.send(Call::get(["v1", "jobs", id])).await?;
    if global.json {
        show::json(&job)?;
        return DONE;
    }
    for name in
        ["job_id", "status", "version", "created_at", "updated_at", "paused_at", "pause_note", "next_slot"]
    {
        let value = plain(&job[name]);
        if !value.is_empty() {
            let label = name.replace('_', " ");
            let extra = if name == "next_slot" { format!(" ({})", next(&job)) } else { String::new() };
            show::line(format!("{label:<12} {value}{extra}"))?;
        }
    }
    limits(&job["limits"])?;
    show::line(format!("\n{}", serde_saphyr::to_string(&job["definition"])?.trim_end()))?;
    let last = Call::get(["v1", "jobs", id, "executions"]).query("limit", Some(SUMMED_UP));
    let mut timeline = client.send(last).await?;
    if let Some(summary) = job_summary::text(&timeline) {
        show::line(format!("\n{summary}"))?;
    }
    let executions = timeline["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    if !executions.is_empty() {
        let newest = executions.into_iter().take(SHOWN).collect();
        show::line(format!("\n{}", super::executions::listing(client, newest)?))?;
    }
    DONE
}

/// Prints the state of a job's limits, where it has any.
fn limits(limits: &Value) -> std::io::Result<()> {
    if limits.is_null() {
        return Ok(());
    }
    let count = |name: &str| limits[name].as_array().map_or(0, Vec::len);
    show::line(format!("{:<12} {} with a permit, {} waiting", "limits", count("running"), count("waiting")))?;
    if !limits["circuit"].is_null() {
        show::line(format!("{:<12} {}", "circuit", super::circuit::words(&limits["circuit"])))?;
    }
    Ok(())
}

async fn delete(client: &Client, global: &Global, id: &str) -> Outcome {
    let answer = client.send(Call::delete(["v1", "jobs", id])).await?;
    if global.json {
        show::json(&answer)?;
    } else {
        show::line(format!("deleted {id}"))?;
    }
    DONE
}
