use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::Value;
use tokio::time::sleep;

use super::{DONE, FAILED, Global, Outcome};
use crate::{
    client::{Call, Client},
    show::{self, plain, short, table, time},
};

/// List alerts, or send a test alert
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  belfry alerts
  belfry alerts --state open --json
  belfry alerts test        sends a test to all receivers and prints each result

The server defines the receivers: see `belfry up --help` and docs/alerts.md."
)]
pub struct AlertsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only alerts in this state
    #[arg(long, value_name = "STATE", value_parser = ["open", "resolved"])]
    state: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Send a test alert to all receivers; exit code 1 unless every receiver accepts it
    Test {
        /// How long to wait for the result
        #[arg(long, default_value = "90s", value_name = "DURATION", value_parser = super::up::duration)]
        patience: Duration,
    },
}

const LOOK_AGAIN: Duration = Duration::from_millis(200);

pub async fn run(args: AlertsArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    match args.action {
        None => list(&client, global, args.state).await,
        Some(Action::Test { patience }) => test(&client, global, patience).await,
    }
}

async fn list(client: &Client, global: &Global, state: Option<String>) -> Outcome {
    let answer = client.send(Call::get(["v1", "alerts"]).query("state", state)).await?;
    if global.json {
        show::json(&answer["items"])?;
        return DONE;
    }
    let mut table = table::new(["ALERT", "SINCE", "STATE", "NOTIFIED", "SUMMARY"]);
    for alert in answer["items"].as_array().into_iter().flatten() {
        let since = plain(&alert["opened_at"]).parse::<DateTime<Utc>>();
        let since = since.map(|at| time::relative(at, Utc::now())).unwrap_or_default();
        let state = if alert["state"] == "open" { plain(&alert["severity"]) } else { "resolved".to_owned() };
        let group = alert["group"].as_str().map(|group| format!("as {group}"));
        let failed = troubles(alert).map(|(name, _)| format!("{name} failed"));
        let told: Vec<String> = told(alert).chain(failed).chain(group).collect();
        table.add_row([
            plain(&alert["key"]),
            since,
            state,
            told.join(", "),
            short(&plain(&alert["summary"]), 80),
        ]);
    }
    show::line(table::text(&table))?;
    DONE
}

fn told(alert: &Value) -> impl Iterator<Item = String> {
    alert["told"].as_array().into_iter().flatten().map(plain)
}

fn troubles(alert: &Value) -> impl Iterator<Item = (&String, String)> {
    alert["troubles"].as_object().into_iter().flatten().map(|(name, why)| (name, plain(why)))
}

async fn test(client: &Client, global: &Global, patience: Duration) -> Outcome {
    let mut alert = client.send(Call::post(["v1", "alerts:test"])).await?;
    let deadline = Instant::now() + patience;
    while alert["tries"] == 0 {
        anyhow::ensure!(
            Instant::now() < deadline,
            "the server has not sent the test alert yet; check `belfry alerts` later"
        );
        sleep(LOOK_AGAIN).await;
        let alerts = client.send(Call::get(["v1", "alerts"])).await?;
        let found =
            alerts["items"].as_array().into_iter().flatten().find(|found| found["key"] == alert["key"]);
        alert =
            found.cloned().ok_or_else(|| anyhow::anyhow!("the test alert has ended already; try again"))?;
    }
    let has_failed = troubles(&alert).next().is_some() || told(&alert).next().is_none();
    if global.json {
        show::json(&alert)?;
    } else {
        for name in told(&alert) {
            show::line(format!("{name}: notified"))?;
        }
        for (name, why) in troubles(&alert) {
            show::line(format!("{name}: {why}"))?;
        }
        if told(&alert).next().is_none() && troubles(&alert).next().is_none() {
            show::line("the server has no alert receivers: see docs/alerts.md")?;
        }
    }
    if has_failed { FAILED } else { DONE }
}
