use std::time::Duration;

use clap::Args;
use tokio::time::sleep;

use super::{DONE, Global, Outcome, execution_view, full_log, wait};
use crate::{client::wire::Execution, show};

const PAUSE: Duration = Duration::from_millis(250);

/// Show what an execution's attempts printed or were answered
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry logs daily_report@2026-11-23T00:00:00Z
  belfry logs -f flaky@01KB…      shows each attempt as it ends; exit code 1 unless it succeeds

  belfry logs --full daily_report@2026-11-23T00:00:00Z > report.log

The output of an attempt is kept when it ends: its last part and, of commands, all of it up to 10 MiB.")]
pub struct LogsArgs {
    execution_id: String,
    /// Stay until the execution has ended
    #[arg(short, long)]
    follow: bool,
    /// All that an attempt printed, and nothing else: the last one that printed anything
    #[arg(long, conflicts_with = "follow")]
    full: bool,
    /// With --full: of this attempt
    #[arg(long, value_name = "N", requires = "full")]
    attempt: Option<u32>,
}

pub async fn run(args: LogsArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    if args.full {
        let (_, row) = wait::execution(&client, &args.execution_id).await?;
        return full_log::print(&client, &row, args.attempt).await;
    }
    let mut shown = Shown::default();
    loop {
        let (value, row) = wait::execution(&client, &args.execution_id).await?;
        let is_last = row.has_ended() || !args.follow;
        if global.json && is_last {
            show::json(&value["attempts"])?;
        } else if !global.json {
            shown.update(&row)?;
        }
        if is_last {
            return if args.follow { Ok(wait::exit_code(&row)) } else { DONE };
        }
        sleep(PAUSE).await;
    }
}

/// What has been printed already.
#[derive(Default)]
struct Shown {
    attempt: u32,
    status: String,
}

impl Shown {
    fn update(&mut self, row: &Execution) -> std::io::Result<()> {
        for attempt in row.attempts.iter().filter(|attempt| attempt.outcome.is_some()) {
            if attempt.number > self.attempt {
                show::line(execution_view::attempt(attempt))?;
                self.attempt = attempt.number;
            }
        }
        if row.status != self.status {
            self.status.clone_from(&row.status);
            let reason = row.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            show::line(format!("[{}{reason}]", row.status))?;
        }
        Ok(())
    }
}
