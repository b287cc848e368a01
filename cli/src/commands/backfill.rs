//! `belfry backfill`: start one.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{DONE, FAILED, Global, Outcome, backfills};
use crate::{
    client::{Call, Client, wire::Backfill},
    show::{self, plain, time},
};

const PAUSE: Duration = Duration::from_millis(500);

/// Run a job for slots in the past, a few at a time
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry backfill daily_report --from 2026-10-01 --to 2026-11-01 --dry-run
  belfry backfill daily_report --from 2026-10-01 --to 2026-11-01 --concurrency 4
  belfry backfill ingest --from 2026-11-23T06:00:00Z --to 2026-11-23T18:00:00Z --newest-first --wait

Slots that have run or are running do not run again; skipped slots run as new generations.
Executions of a backfill have priority low. `belfry backfills` shows the progress, pauses, resumes
and cancels the backfill.")]
pub struct BackfillArgs {
    /// Job to run
    job_id: String,
    /// First instant of the range: RFC 3339, or a date in UTC
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    from: DateTime<Utc>,
    /// End of the range; only slots before this instant run
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    to: DateTime<Utc>,
    /// Maximum number of slots under way at once, up to 100
    #[arg(long, default_value_t = 1, value_name = "N")]
    concurrency: u32,
    /// Start with the newest slot
    #[arg(long)]
    newest_first: bool,
    /// Show how many slots would run, and start nothing
    #[arg(long)]
    dry_run: bool,
    /// Wait until the backfill ends; exit code 1 unless every slot succeeded
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let of_date = || text.parse::<NaiveDate>().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    let instant = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).or_else(|_| of_date());
    instant.map_err(|_| "expected an instant such as 2026-11-01 or 2026-11-01T06:00:00Z".to_owned())
}

pub async fn run(args: BackfillArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    let order = if args.newest_first { "newest_first" } else { "oldest_first" };
    let body = json!({
        "from": args.from, "to": args.to, "concurrency": args.concurrency, "order": order,
        "dry_run": args.dry_run,
    });
    let call = Call::post(["v1", "jobs", &args.job_id, "backfills"]).body(body);
    let answer = client.send(call).await?;
    if args.dry_run {
        return dry_run(&answer, global);
    }
    if args.wait {
        return until_over(&client, global, &plain(&answer["backfill_id"])).await;
    }
    if global.json {
        show::json(&answer)?;
    } else {
        let row: Backfill = client.decode(answer)?;
        show::line(format!("{}\n{}", row.backfill_id, backfills::progress(&row.progress)))?;
    }
    DONE
}

fn dry_run(plan: &Value, global: &Global) -> Outcome {
    if global.json {
        show::json(plan)?;
    } else {
        let slot =
            |name: &str| plain(&plan[name]).parse::<DateTime<Utc>>().map(time::utc).unwrap_or_default();
        let (slots, first, last) = (plain(&plan["slots"]), slot("first_slot"), slot("last_slot"));
        show::line(format!("{slots} slots from {first} to {last}; dry run: nothing was started"))?;
    }
    DONE
}

async fn until_over(client: &Client, global: &Global, id: &str) -> Outcome {
    let mut shown = String::new();
    loop {
        let (value, row) = backfills::read(client, id).await?;
        let line = backfills::progress(&row.progress);
        if line != shown && !global.json {
            show::line(&line)?;
        }
        shown = line;
        if row.ended_at.is_some() {
            if global.json {
                show::json(&value)?;
            }
            let is_good = row.status == "finished" && row.progress.failed + row.progress.not_run == 0;
            return if is_good { DONE } else { FAILED };
        }
        sleep(PAUSE).await;
    }
}
