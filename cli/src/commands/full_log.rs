//! Full output of an attempt, unchanged.

use std::io::{self, Write as _};

use anyhow::bail;

use super::{DONE, Outcome};
use crate::client::{Call, Client, wire::Execution};

/// Prints the full log of the given attempt, or of the last attempt that printed something.
pub async fn print(client: &Client, row: &Execution, attempt: Option<u32>) -> Outcome {
    let printed = || row.attempts.iter().rev().find(|attempt| attempt.output.is_some());
    let Some(number) = attempt.or_else(|| printed().map(|attempt| attempt.number)) else {
        bail!("no attempt of {} has output", row.execution_id);
    };
    let number = number.to_string();
    let mut pieces =
        client.download(Call::get(["v1", "executions", &row.execution_id, "logs", &number])).await?;
    let mut out = io::stdout().lock();
    while let Some(piece) = client.next_piece(&mut pieces).await? {
        out.write_all(piece.as_ref())?;
    }
    out.flush()?;
    DONE
}
