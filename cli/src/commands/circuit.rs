use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{DONE, Global, Outcome};
use crate::{
    client::{Call, Client},
    show::{self, plain},
};

/// Show, open or close the circuit breaker of a job
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry circuit show sync_orders
  belfry circuit open sync_orders --for 30m     starts nothing for 30 minutes
  belfry circuit close sync_orders              starts executions again")]
pub struct CircuitArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the state of the circuit and the number of failures in a row
    Show { job_id: String },
    /// Open the circuit for a time: skip slots and hold back triggered executions
    Open {
        job_id: String,
        /// How long to keep the circuit open [default: circuit.open_for of the job]
        #[arg(long = "for", value_name = "DURATION")]
        open_for: Option<String>,
    },
    /// Close the circuit: start executions again, and count failures from zero
    Close { job_id: String },
}

pub async fn run(args: CircuitArgs, global: &Global) -> Outcome {
    let client = global.client()?;
    let (job_id, circuit) = match args.action {
        Action::Show { job_id } => {
            let circuit = current(&client, &job_id).await?;
            (job_id, circuit)
        }
        Action::Open { job_id, open_for } => {
            let body = open_for.map_or_else(|| json!({}), |open_for| json!({ "open_for": open_for }));
            let call = Call::post(["v1", "jobs", &format!("{job_id}:open-circuit")]).body(body);
            let circuit = client.send(call).await?;
            (job_id, circuit)
        }
        Action::Close { job_id } => {
            let circuit = client.send(Call::post(["v1", "jobs", &format!("{job_id}:close-circuit")])).await?;
            (job_id, circuit)
        }
    };
    if global.json {
        show::json(&circuit)?;
    } else {
        show::line(format!("circuit of {job_id}: {}", words(&circuit)))?;
    }
    DONE
}

async fn current(client: &Client, job_id: &str) -> anyhow::Result<Value> {
    let mut job = client.send(Call::get(["v1", "jobs", job_id])).await?;
    let circuit = job["limits"]["circuit"].take();
    if circuit.is_null() {
        anyhow::bail!("job {job_id} has no circuit breaker; add `circuit: {{}}` to its definition");
    }
    Ok(circuit)
}

/// State of a circuit, such as `open until …, 5 failed in a row`.
pub fn words(circuit: &Value) -> String {
    let state = plain(&circuit["state"]).replace('_', " ");
    let until = plain(&circuit["until"]);
    let until = if until.is_empty() { until } else { format!(" until {until}") };
    format!("{state}{until}, {} failures in a row", plain(&circuit["failures"]))
}
