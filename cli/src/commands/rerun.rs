use chrono::Utc;
use clap::Args;
use serde_json::{Map, Value, json};

use super::{DONE, FAILED, Global, Outcome, executions::tag};
use crate::{
    client::{Call, Client},
    show::{self, moment::Moment, plain, table, time},
};

/// Run ended executions again: by id, the failed part of a run, or all that match a filter
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry rerun daily_report@2026-11-23T00:00:00Z
  belfry rerun --run ingest@2026-11-23T00:00:00Z     only the failed part of the run
  belfry rerun --since 2026-11-23T00:00:00Z --until 2026-11-24T00:00:00Z --dry-run
  belfry rerun --job load --status cancelled
  belfry rerun --tag team=data --since 24h

Each execution becomes a new generation with the current version of the job, and dependents
without a schedule of their own run again after it. A filter matches failed and timed-out
executions, unless you give --status. The newest generation of a slot decides: slots that
succeeded later do not run again.")]
pub struct RerunArgs {
    #[arg(value_name = "EXECUTION", required_unless_present_any = ["run", "job", "tag", "status", "since", "until"],
        conflicts_with_all = ["run", "job", "tag", "status", "since", "until"])]
    execution_id: Vec<String>,
    /// Run the graph of this run again, from its failed executions; the id of any execution of the run
    /// works too
    #[arg(long, value_name = "RUN", conflicts_with_all = ["job", "tag", "status", "since", "until"])]
    run: Option<String>,
    /// Only executions of this job
    #[arg(long, value_name = "JOB")]
    job: Option<String>,
    /// Only executions of jobs that have this tag now; may be repeated, and all tags must match
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    tag: Vec<String>,
    /// Only this status: failed, timed_out, cancelled, upstream_failed, skipped or success; may be
    /// repeated
    #[arg(long)]
    status: Vec<String>,
    /// Only executions due at or after this instant: RFC 3339, or an age such as 24h
    #[arg(long, value_name = "INSTANT")]
    since: Option<Moment>,
    /// Only executions due before this instant
    #[arg(long, value_name = "INSTANT")]
    until: Option<Moment>,
    /// Idempotency key: each execution runs again only once per key
    #[arg(long)]
    key: Option<String>,
    /// Show what would run, and start nothing
    #[arg(long)]
    dry_run: bool,
}

impl RerunArgs {
    fn body(&self) -> Value {
        match &self.run {
            Some(run) => json!({ "run_id": run, "dry_run": self.dry_run }),
            None if !self.execution_id.is_empty() => {
                json!({ "execution_ids": self.execution_id, "dry_run": self.dry_run })
            }
            None => json!({ "filter": self.filter(), "dry_run": self.dry_run }),
        }
    }

    fn filter(&self) -> Value {
        let mut filter = Map::new();
        filter.extend(self.job.as_ref().map(|job| ("job_id".to_owned(), json!(job))));
        let instant = |moment: Moment| json!(time::utc(moment.instant(Utc::now())));
        filter.extend(self.since.map(|since| ("since".to_owned(), instant(since))));
        filter.extend(self.until.map(|until| ("until".to_owned(), instant(until))));
        let tags = self.tag.iter().filter_map(|tag| tag.split_once(':'));
        let tags: Map<String, Value> = tags.map(|(key, value)| (key.to_owned(), json!(value))).collect();
        filter.insert("tags".to_owned(), Value::Object(tags));
        filter.insert("status".to_owned(), json!(self.status));
        Value::Object(filter)
    }
}

pub async fn run(args: RerunArgs, global: &Global) -> Outcome {
    let results = all(&global.client()?, args.body(), args.key.as_ref()).await?;
    if global.json {
        show::json(&json!({ "dry_run": args.dry_run, "results": results }))?;
    } else {
        show::line(listing(&results, args.dry_run))?;
    }
    if results.iter().all(|result| result["problem"].is_null()) { DONE } else { FAILED }
}

/// Runs again all executions that are named. The server takes a bounded number at once, and tells where
/// to go on.
async fn all(client: &Client, mut body: Value, key: Option<&String>) -> anyhow::Result<Vec<Value>> {
    let mut results = Vec::new();
    loop {
        let call = Call::post(["v1", "executions:rerun"]).idempotency_key(key);
        let answer = client.send(call.body(body.clone())).await?;
        results.extend(client.decode::<Vec<Value>>(answer["results"].clone())?);
        if answer["next_cursor"].is_null() {
            return Ok(results);
        }
        body["cursor"] = answer["next_cursor"].clone();
    }
}

fn listing(results: &[Value], dry_run: bool) -> String {
    if results.is_empty() {
        return "no executions match".to_owned();
    }
    let mut table = table::new(["EXECUTION", "RUNS AS", "FOLLOWED BY", "KEPT"]);
    let mut text = Vec::new();
    for result in results {
        if result["problem"].is_null() {
            table.add_row(["execution_ids", "rerun_as", "follows", "keeps"].map(|name| lines(&result[name])));
        } else {
            let ids = lines(&result["execution_ids"]);
            text.push(format!("{ids}: {}", plain(&result["problem"]["detail"])));
        }
    }
    text.push(table::text(&table));
    text.extend(dry_run.then(|| "dry run: nothing was changed".to_owned()));
    text.join("\n")
}

fn lines(ids: &Value) -> String {
    ids.as_array().into_iter().flatten().map(plain).collect::<Vec<_>>().join("\n")
}
