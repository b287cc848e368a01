use belfry::zones;
use belfry_domain::{Zones, schedule::Schedule};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{DONE, Global, Outcome};
use crate::{
    error::CliError,
    show::{self, table, time},
};

/// Show when a schedule is due, by the newest zone data on this machine; contacts no server
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  belfry schedule next '0 9 * * MON-FRI' --tz Europe/Berlin")]
pub struct ScheduleArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Next(NextArgs),
}

/// Show the next slots of an expression
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry schedule next '*/15 9-17 * * MON-FRI'
  belfry schedule next '30 2 * * *' --tz Europe/Berlin --after 2027-03-27T00:00:00Z
  belfry schedule next 'cron(0 18 L * ? *)' --count 3 --json
  belfry schedule next '@every 90s'

Expressions: cron with 5 fields, or 6 with seconds first; @hourly, @daily, @weekly, @monthly, @yearly,
@every 90s; cron(…), rate(…), at(…) as in EventBridge; an RFC 3339 instant.
A fixed time that the clock skips in spring runs right after the gap. A time that occurs twice
runs once.")]
struct NextArgs {
    /// Schedule, as in a job definition
    #[arg(allow_hyphen_values = true)]
    expression: String,
    /// IANA time zone of the schedule
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    tz: String,
    /// Only slots after this instant, RFC 3339 [default: now]
    #[arg(long, value_name = "INSTANT")]
    after: Option<DateTime<Utc>>,
    /// Number of slots to show
    #[arg(long, default_value_t = 5, value_name = "N")]
    count: usize,
}

pub fn run(args: ScheduleArgs, global: &Global) -> Outcome {
    let Action::Next(args) = args.action;
    let zones = Zones::of(zones::newest());
    let schedule = Schedule::parse_by(&zones, &args.expression, Some(&args.tz)).map_err(|error| {
        CliError::Usage(format!("{error}\n{}", pointer(&args, error.field(), error.place().column)))
    })?;
    let slots: Vec<_> = schedule.upcoming(args.after.unwrap_or_else(Utc::now)).take(args.count).collect();
    if global.json {
        show::json(&as_json(&schedule, &slots))?;
    } else if slots.is_empty() {
        show::line("no slot: the schedule would never run")?;
    } else {
        show::line(as_table(&schedule, &slots))?;
    }
    DONE
}

/// Text with a mark below the place of the error.
fn pointer(args: &NextArgs, field: &str, column: usize) -> String {
    let text = if field == "timezone" { &args.tz } else { &args.expression };
    format!("  {text}\n  {}^", " ".repeat(column.saturating_sub(1)))
}

fn as_json(schedule: &Schedule, slots: &[DateTime<Utc>]) -> Value {
    let zone = schedule.timezone();
    let slots = slots.iter().map(|slot| {
        let local = zone.local(*slot).to_rfc3339_opts(SecondsFormat::AutoSi, true);
        json!({ "utc": time::utc(*slot), "local": local })
    });
    json!({
        "expression": schedule.expression(),
        "timezone": zone.name(),
        "slots": slots.collect::<Vec<_>>(),
    })
}

fn as_table(schedule: &Schedule, slots: &[DateTime<Utc>]) -> String {
    let zone = schedule.timezone();
    let now = Utc::now();
    let is_utc = zone.name() == "UTC";
    let mut table = if is_utc { table::new(["UTC", "", ""]) } else { table::new([zone.name(), "UTC", ""]) };
    for slot in slots {
        let local = zone.local(*slot).format("%a %Y-%m-%d %H:%M:%S%.f");
        let local = format!("{local} {}", zone.abbreviation(*slot));
        let relative = time::relative(*slot, now);
        table.add_row(if is_utc {
            [local, relative, String::new()]
        } else {
            [local, time::utc(*slot), relative]
        });
    }
    table::text(&table)
}
