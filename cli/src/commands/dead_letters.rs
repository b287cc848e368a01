use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{DONE, FAILED, Global, Outcome};
use crate::{
    client::{Call, Client, wire::DeadLetter},
    show::{self, plain, short, table, time},
};

/// List, redrive or discard executions that failed for good
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  belfry dead-letters
  belfry dead-letters --job daily_report
  belfry dead-letters redrive daily_report@2026-11-23T00:00:00Z
  belfry dead-letters redrive --all
  belfry dead-letters discard daily_report@2026-11-23T00:00:00Z"
)]
pub struct DeadLettersArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only dead letters of this job
    #[arg(long, value_name = "JOB")]
    job: Option<String>,
    /// Maximum number of rows, newest first
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Run executions of dead letters again, as new generations
    #[command(after_help = "\
Examples:
  belfry dead-letters redrive daily_report@2026-11-23T00:00:00Z
  belfry dead-letters redrive --job daily_report
  belfry dead-letters redrive --all")]
    Redrive {
        /// Executions to run again
        #[arg(required_unless_present_any = ["job", "all"], conflicts_with_all = ["job", "all"])]
        execution_id: Vec<String>,
        /// All dead letters of this job
        #[arg(long, value_name = "JOB", conflicts_with = "all")]
        job: Option<String>,
        /// All dead letters
        #[arg(long)]
        all: bool,
        /// Idempotency key: each execution runs again only once per key
        #[arg(long)]
        key: Option<String>,
    },
    /// Remove dead letters; their executions stay
    #[command(after_help = "Example:\n  belfry dead-letters discard daily_report@2026-11-23T00:00:00Z")]
    Discard {
        /// Executions whose dead letters are removed
        #[arg(required = true)]
        execution_id: Vec<String>,
    },
}

pub async fn run(args: DeadLettersArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    match args.action {
        None => list(&client, global, args.job.as_ref(), args.limit).await,
        Some(Action::Redrive { execution_id, job, all, key }) => {
            let which = match job {
                Some(job) => json!({ "job_id": job }),
                None if all => json!({ "all": true }),
                None => json!({ "execution_ids": execution_id }),
            };
            redrive(&client, global, which, key.as_ref()).await
        }
        Some(Action::Discard { execution_id }) => discard(&client, global, &execution_id).await,
    }
}

async fn list(client: &Client, global: &Global, job: Option<&String>, limit: usize) -> Outcome {
    let letters = client.pages(Call::get(["v1", "dead-letters"]).query("job_id", job), limit).await?;
    if global.json {
        show::json(&Value::Array(letters))?;
        return DONE;
    }
    let mut table = table::new(["EXECUTION", "FAILED", "ATTEMPTS", "REASON"]);
    for letter in letters {
        let letter: DeadLetter = client.decode(letter)?;
        let failed = letter.failed_at.map(|at| time::relative(at, Utc::now())).unwrap_or_default();
        table.add_row([letter.execution_id, failed, letter.attempts.to_string(), short(&letter.reason, 80)]);
    }
    show::line(table::text(&table))?;
    DONE
}

/// Redrives dead letters. The server takes a bounded number at once, and tells how many are left.
async fn redrive(client: &Client, global: &Global, which: Value, key: Option<&String>) -> Outcome {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let call = Call::post(["v1", "dead-letters:redrive"]).idempotency_key(key);
        let answer = client.send(call.body(which.clone())).await?;
        let results: Vec<Value> = client.decode(answer["results"].clone())?;
        let has_progress = results.iter().any(|result| result["status"] == 201);
        let is_known = |result: &Value| all.iter().any(|it| it["execution_id"] == result["execution_id"]);
        let fresh: Vec<Value> = results.into_iter().filter(|result| !is_known(result)).collect();
        all.extend(fresh);
        // Those that were refused stay in front: with nothing but them there is no way on.
        if !has_progress || which.get("execution_ids").is_some() || answer["remaining"] == 0 {
            break;
        }
    }
    if global.json {
        show::json(&json!({ "results": all }))?;
    } else {
        for result in &all {
            show::line(outcome(result))?;
        }
    }
    if all.iter().all(is_redriven) { DONE } else { FAILED }
}

fn is_redriven(result: &Value) -> bool {
    !result["redriven_as"].is_null()
}

fn outcome(result: &Value) -> String {
    let id = plain(&result["execution_id"]);
    match plain(&result["redriven_as"]) {
        new if new.is_empty() => format!("{id}: {}", plain(&result["problem"]["detail"])),
        new => format!("{id} → {new}"),
    }
}

async fn discard(client: &Client, global: &Global, ids: &[String]) -> Outcome {
    for id in ids {
        client.send(Call::delete(["v1", "dead-letters", id])).await?;
        if !global.json {
            show::line(format!("discarded {id}"))?;
        }
    }
    if global.json {
        show::json(&json!({ "discarded": ids }))?;
    }
    DONE
}
