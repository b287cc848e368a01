//! `belfry doctor`: it checks whether this machine is fit for belfry, and whether one is running.

mod checks;

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::{DONE, FAILED, Global, Outcome};
use crate::show::{self, table};

/// Check this machine and its belfry server; each line says what to do
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry doctor
  belfry doctor --data /var/lib/belfry --listen 0.0.0.0:7433
  belfry doctor --url https://belfry.example.org --json

The exit code is 1 if a check failed. Warnings do not count.")]
pub struct DoctorArgs {
    /// Data directory that `belfry up` would use
    #[arg(long, env = "BELFRY_DATA", default_value = "belfry-data", value_name = "DIR")]
    data: PathBuf,
    /// Address that `belfry up` would listen on
    #[arg(long, env = "BELFRY_LISTEN", default_value = "127.0.0.1:7433", value_name = "ADDRESS")]
    listen: SocketAddr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    detail: String,
    /// Advice on the finding. Empty where there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    advice: String,
}

impl Finding {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, detail: detail.into(), advice: String::new() }
    }

    fn warn(check: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warn, detail: detail.into(), advice: advice.into() }
    }

    fn fail(check: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, detail: detail.into(), advice: advice.into() }
    }
}

pub async fn run(args: DoctorArgs, global: &Global) -> Outcome {
    let (server, is_running) = checks::server(global).await;
    let findings = [
        checks::version(),
        checks::data_directory(&args.data),
        checks::port(args.listen, is_running),
        checks::shell(),
        checks::clock(),
        checks::time_zones(),
        server,
    ];
    let is_fit = findings.iter().all(|finding| finding.verdict != Verdict::Fail);
    if global.json {
        show::json(&json!({ "ok": is_fit, "checks": findings }))?;
    } else {
        show::line(text(&findings))?;
    }
    if is_fit { DONE } else { FAILED }
}

fn text(findings: &[Finding]) -> String {
    let mut table = table::new(["", "CHECK", "FOUND", "ADVICE"]);
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        };
        table.add_row([
            table::status(verdict),
            finding.check.into(),
            finding.detail.as_str().into(),
            finding.advice.as_str().into(),
        ]);
    }
    table::text(&table)
}
