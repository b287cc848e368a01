//! `belfry backfills`: list, show, pause, resume, cancel.

use chrono::Utc;
use clap::{Args, Subcommand};
use comfy_table::{Cell, Table, presets};
use serde_json::{Value, json};

use super::{DONE, Global, Outcome};
use crate::{
    client::{
        Call, Client,
        wire::{Backfill, BackfillProgress},
    },
    show::{self, table, time},
};

/// List, show, pause, resume or cancel backfills
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  belfry backfills
  belfry backfills --job daily_report
  belfry backfills show 01KB3Q0Y8ZJ2N4T6V8W0X2Y4Z6
  belfry backfills pause 01KB3Q0Y8ZJ2N4T6V8W0X2Y4Z6
  belfry backfills cancel 01KB3Q0Y8ZJ2N4T6V8W0X2Y4Z6 --reason 'the wrong month'"
)]
pub struct BackfillsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only backfills of this job
    #[arg(long, value_name = "JOB")]
    job: Option<String>,
    /// Maximum number of rows, newest first
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show a backfill
    Show { backfill_id: String },
    /// Start no further slots; started slots go on
    Pause { backfill_id: String },
    /// Start further slots again
    Resume { backfill_id: String },
    /// Start no further slots and cancel unstarted executions; running executions finish
    Cancel {
        backfill_id: String,
        /// Reason to store with the backfill
        #[arg(long)]
        reason: Option<String>,
    },
}

pub async fn run(args: BackfillsArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    match args.action {
        None => list(&client, global, args.job.as_deref(), args.limit).await,
        Some(Action::Show { backfill_id }) => {
            let (value, row) = read(&client, &backfill_id).await?;
            shown(global, &value, &row)
        }
        Some(Action::Pause { backfill_id }) => act(&client, global, &backfill_id, "pause", None).await,
        Some(Action::Resume { backfill_id }) => act(&client, global, &backfill_id, "resume", None).await,
        Some(Action::Cancel { backfill_id, reason }) => {
            let body = reason.map(|reason| json!({ "reason": reason }));
            act(&client, global, &backfill_id, "cancel", body).await
        }
    }
}

pub async fn read(client: &Client, id: &str) -> anyhow::Result<(Value, Backfill)> {
    let value = client.send(Call::get(["v1", "backfills", id])).await?;
    let row = client.decode(value.clone())?;
    Ok((value, row))
}

async fn act(client: &Client, global: &Global, id: &str, verb: &str, body: Option<Value>) -> Outcome {
    let mut call = Call::post(["v1", "backfills", &format!("{id}:{verb}")]);
    if let Some(body) = body {
        call = call.body(body);
    }
    let value = client.send(call).await?;
    let row = client.decode(value.clone())?;
    shown(global, &value, &row)
}

fn shown(global: &Global, value: &Value, row: &Backfill) -> Outcome {
    if global.json {
        show::json(value)?;
    } else {
        show::line(text(row))?;
    }
    DONE
}

async fn list(client: &Client, global: &Global, job: Option<&str>, limit: usize) -> Outcome {
    let call = match job {
        Some(job) => Call::get(["v1", "jobs", job, "backfills"]),
        None => Call::get(["v1", "backfills"]),
    };
    let rows = client.pages(call, limit).await?;
    if global.json {
        show::json(&Value::Array(rows))?;
        return DONE;
    }
    let mut table = table::new(["BACKFILL", "JOB", "STATUS", "STARTED", "FROM", "TO", "PROGRESS"]);
    for row in rows {
        let row: Backfill = client.decode(row)?;
        let started = row.created_at.map(|at| time::relative(at, Utc::now())).unwrap_or_default();
        table.add_row([
            row.backfill_id.into(),
            row.job_id.into(),
            table::status(&row.status),
            started.into(),
            time::utc(row.from).into(),
            time::utc(row.to).into(),
            Cell::new(progress(&row.progress)),
        ]);
    }
    show::line(table::text(&table))?;
    DONE
}

fn text(row: &Backfill) -> String {
    let mut facts = Table::new();
    facts.load_style(presets::NOTHING);
    let instant = |at| Option::map_or(at, String::new(), time::utc);
    for (name, value) in [
        ("backfill", row.backfill_id.clone()),
        ("job", row.job_id.clone()),
        ("status", row.status.clone()),
        ("reason", row.reason.clone().unwrap_or_default()),
        ("from", time::utc(row.from)),
        ("to", time::utc(row.to)),
        ("order", row.order.replace('_', " ")),
        ("concurrency", row.concurrency.to_string()),
        ("created", instant(row.created_at)),
        ("next slot", instant(row.next_slot)),
        ("ended", instant(row.ended_at)),
        ("progress", progress(&row.progress)),
    ] {
        if !value.is_empty() {
            let cell = if name == "status" { table::status(&value) } else { Cell::new(value) };
            facts.add_row([Cell::new(name), cell]);
        }
    }
    table::text(&facts)
}

/// Progress such as `40 % of 30 slots: 10 succeeded, 2 failed, 4 open, 14 left`. Counts of zero are
/// left out.
pub fn progress(progress: &BackfillProgress) -> String {
    let counts = [
        (progress.succeeded, "succeeded"),
        (progress.failed, "failed"),
        (progress.not_run, "not run"),
        (progress.existing, "existing"),
        (progress.open, "open"),
        (progress.left, "left"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    format!("{} % of {} slots: {}", progress.percent, progress.slots, counts.join(", "))
}
