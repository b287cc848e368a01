//! Wait for an execution's end.

use std::{process::ExitCode, time::Duration};

use serde_json::Value;
use tokio::time::sleep;

use super::{Global, Outcome, execution_view};
use crate::{
    client::{Call, Client, wire::Execution},
    show,
};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub async fn execution(client: &Client, id: &str) -> anyhow::Result<(Value, Execution)> {
    let value = client.send(Call::get(["v1", "executions", id])).await?;
    let execution = client.decode(value.clone())?;
    Ok((value, execution))
}

pub async fn until_ended(client: &Client, id: &str) -> anyhow::Result<(Value, Execution)> {
    let mut pause = FIRST_PAUSE;
    loop {
        let (value, row) = execution(client, id).await?;
        if row.has_ended() {
            return Ok((value, row));
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Shows the execution that `trigger` or `push` created. With `wait`, waits for its end and shows the
/// outcome.
pub async fn accepted(client: &Client, global: &Global, accepted: Value, wait: bool) -> Outcome {
    let id = show::plain(&accepted["execution_id"]);
    if !wait {
        if global.json {
            show::json(&accepted)?;
        } else {
            show::line(&id)?;
        }
        return super::DONE;
    }
    let (value, row) = until_ended(client, &id).await?;
    if global.json {
        show::json(&value)?;
    } else {
        show::line(execution_view::text(&row))?;
    }
    Ok(exit_code(&row))
}

pub fn exit_code(row: &Execution) -> ExitCode {
    if row.status == "success" { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
