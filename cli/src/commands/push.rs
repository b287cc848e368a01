use std::path::PathBuf;

use belfry_domain::Priority;
use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args};
use serde_json::{Map, Value, json};

use super::{Global, Outcome, payload, wait};
use crate::{client::Call, error::CliError};

/// Run a command or a request once, now or later, without defining a job
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("target").required(true).args(["command", "program", "http", "empty", "file"]), after_help = "\
Examples:
  belfry push --command 'echo hello | tr a-z A-Z' --wait
  belfry push --delay 10m -- /usr/bin/rsync -a /srv /backup      without a shell
  belfry push --http https://example.org/hook --input '{\"id\": 7}' --key order-7
  belfry push --file push.yaml")]
pub struct PushArgs {
    /// Command line for `sh -c`
    #[arg(long, value_name = "LINE")]
    command: Option<String>,
    /// Program and its arguments, after --; runs without a shell
    #[arg(last = true, value_name = "PROGRAM")]
    program: Vec<String>,
    /// Address that receives the input as a POST request
    #[arg(long, value_name = "URL")]
    http: Option<String>,
    /// Do nothing
    #[arg(long)]
    empty: bool,
    /// File with the whole request, as YAML or JSON; options override the file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Input: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Name that the execution is listed under
    #[arg(long)]
    name: Option<String>,
    /// Pool of workers to run the execution [default: by the kind of target]
    #[arg(long)]
    pool: Option<String>,
    /// Wait this long before the start, such as 90s
    #[arg(long, value_name = "DURATION", value_parser = super::up::duration, conflicts_with = "at")]
    delay: Option<std::time::Duration>,
    /// Start at this instant, RFC 3339
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,
    /// Idempotency key, up to 255 visible characters: repeating the request with the same key starts
    /// nothing new, and a different request with the same key is refused
    #[arg(long)]
    key: Option<String>,
    /// Priority: critical, high, normal or low
    #[arg(long, value_parser = priority)]
    priority: Option<Priority>,
    /// Maximum number of retries after a failed attempt
    #[arg(long, value_name = "N")]
    max_retries: Option<u32>,
    /// Time limit of one attempt, such as 90s
    #[arg(long, value_name = "DURATION", value_parser = super::up::duration)]
    timeout: Option<std::time::Duration>,
    /// Wait until the execution ends; exit code 1 unless it succeeds
    #[arg(long)]
    wait: bool,
}

fn priority(text: &str) -> Result<Priority, String> {
    let found = Priority::ALL.into_iter().find(|priority| priority.as_str() == text);
    found.ok_or_else(|| "must be critical, high, normal or low".to_owned())
}

pub async fn run(args: PushArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    let body = Value::Object(request(&args)?);
    let answer =
        client.send(Call::post(["v1", "executions"]).idempotency_key(args.key.as_ref()).body(body)).await?;
    wait::accepted(&client, global, answer, args.wait).await
}

fn request(args: &PushArgs) -> anyhow::Result<Map<String, Value>> {
    let mut request = args.file.as_ref().map(from_file).transpose()?.unwrap_or_default();
    let seconds = |duration: std::time::Duration| json!(duration.as_secs_f64());
    let program = Some(&args.program).filter(|program| !program.is_empty());
    let given = [
        ("command", args.command.as_ref().map(|line| json!(line))),
        ("command", program.map(|words| json!(words))),
        ("target", args.http.as_ref().map(|url| json!({ "type": "http", "url": url }))),
        ("target", args.empty.then(|| json!({ "type": "empty" }))),
        ("input", payload::read(args.input.as_deref())?),
        ("name", args.name.as_ref().map(|name| json!(name))),
        ("pool", args.pool.as_ref().map(|pool| json!(pool))),
        ("delay", args.delay.map(seconds)),
        ("run_at", args.at.map(|at| json!(at))),
        ("priority", args.priority.map(|priority| json!(priority))),
        ("max_retries", args.max_retries.map(|count| json!(count))),
        ("timeout", args.timeout.map(seconds)),
    ];
    request.extend(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Ok(request)
}

fn from_file(path: &PathBuf) -> anyhow::Result<Map<String, Value>> {
    let name = path.display();
    let wrong = |error: &dyn std::fmt::Display| CliError::Usage(format!("{name}: {error}"));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    Ok(serde_saphyr::from_str(&text).map_err(|error| wrong(&error))?)
}
