use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{DONE, Global, Outcome};
use crate::{
    client::{Call, Client},
    show::{self, plain, table, time},
};

/// List, drain or resume workers
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  belfry workers
  belfry workers --pool gpu --json
  belfry workers drain render-7          finishes its attempts, takes no new work
  belfry workers resume render-7"
)]
pub struct WorkersArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only workers of this pool
    #[arg(long, value_name = "NAME")]
    pool: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Let workers finish their attempts and take no new work
    Drain {
        /// Workers to drain
        #[arg(required = true)]
        worker_id: Vec<String>,
    },
    /// Let draining workers take new work again
    Resume {
        /// Workers to resume
        #[arg(required = true)]
        worker_id: Vec<String>,
    },
}

pub async fn run(args: WorkersArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    match args.action {
        None => list(&client, global, args.pool.as_deref()).await,
        Some(Action::Drain { worker_id }) => tell(&client, global, &worker_id, "drain", "will drain").await,
        Some(Action::Resume { worker_id }) => {
            tell(&client, global, &worker_id, "resume", "will take work again").await
        }
    }
}

async fn list(client: &Client, global: &Global, pool: Option<&str>) -> Outcome {
    let mut answer = client.send(Call::get(["v1", "workers"])).await?;
    let mut workers: Vec<Value> = client.decode(answer["items"].take())?;
    if let Some(pool) = pool {
        workers.retain(|worker| worker["pools"].get(pool).is_some());
    }
    if global.json {
        show::json(&Value::Array(workers))?;
        return DONE;
    }
    let mut table =
        table::new(["WORKER", "POOL", "RUNNING", "CAPACITY", "BUSY", "STATUS", "SEEN", "VERSION", "LABELS"]);
    for worker in &workers {
        let pools = worker["pools"].as_object().into_iter().flatten();
        for (name, load) in pools.filter(|(name, _)| pool.is_none_or(|pool| pool == *name)) {
            table.add_row(row(worker, name, load));
        }
    }
    show::line(table::text(&table))?;
    DONE
}

fn row(worker: &Value, pool: &str, load: &Value) -> Vec<comfy_table::Cell> {
    let seen = worker["last_seen"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
    let busy =
        load["utilisation"].as_f64().map_or_else(String::new, |ratio| format!("{:.0} %", ratio * 100.0));
    let labels = worker["labels"].as_object().into_iter().flatten();
    let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={}", plain(value))).collect();
    vec![
        plain(&worker["worker_id"]).into(),
        pool.into(),
        plain(&load["running"]).into(),
        plain(&load["capacity"]).into(),
        busy.into(),
        table::status(&plain(&worker["status"])),
        seen.map(|at| time::relative(at, Utc::now())).unwrap_or_default().into(),
        plain(&worker["version"]).into(),
        labels.join(" ").into(),
    ]
}

async fn tell(client: &Client, global: &Global, ids: &[String], verb: &str, done: &str) -> Outcome {
    for id in ids {
        client.send(Call::post(["v1", "workers", &format!("{id}:{verb}")])).await?;
        if !global.json {
            show::line(format!("{id} {done} within 15 s"))?;
        }
    }
    if global.json {
        show::json(&serde_json::json!({ verb: ids }))?;
    }
    DONE
}
