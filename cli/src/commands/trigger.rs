use clap::Args;
use serde_json::{Map, Value};

use super::{Global, Outcome, payload, wait};
use crate::client::Call;

/// Start a job now; dependents without a schedule of their own run after the job
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry trigger daily_report
  belfry trigger daily_report --input '{\"day\": \"2026-11-23\"}' --wait
  belfry trigger daily_report --key release-42    repeating the key starts nothing new")]
pub struct TriggerArgs {
    /// Job to start
    job_id: String,
    /// Input that replaces the input in the definition: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Idempotency key, up to 255 visible characters: repeating the request with the same key starts
    /// nothing new, and a different request with the same key is refused
    #[arg(long)]
    key: Option<String>,
    /// Wait until the execution ends; exit code 1 unless it succeeds
    #[arg(long)]
    wait: bool,
}

pub async fn run(args: TriggerArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    let body: Map<String, Value> =
        payload::read(args.input.as_deref())?.map(|input| ("input".to_owned(), input)).into_iter().collect();
    let call = Call::post(["v1", "jobs", &args.job_id, "executions"]);
    let answer = client.send(call.idempotency_key(args.key.as_ref()).body(Value::Object(body))).await?;
    wait::accepted(&client, global, answer, args.wait).await
}
