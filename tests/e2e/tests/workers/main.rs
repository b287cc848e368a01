//! Workers that are no part of belfry: a program in Python over HTTP, and targets that call back.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect should stop")]

mod callback;
mod python;
mod stealing;

use std::time::Duration;

use belfry_e2e::{Server, until};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);

async fn until_it_is(server: &Server, id: &str, status: &str, within: Duration) -> Value {
    until(&format!("{id} is {status}"), within, async || {
        Some(server.api.execution(id).await).filter(|row| row["status"] == status)
    })
    .await
}

fn outcomes(row: &Value) -> Vec<&str> {
    row["attempts"].as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect()
}
