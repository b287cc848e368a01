//! Interruption of all functions in the middle of their work. It comes before all other cases, which it
//! would disturb.

use std::time::Duration;

use axum::http::StatusCode;
use belfry_e2e::run_with_variables;
use serde_json::{Value, json};

use super::{
    installation::{Installation, SOON},
    receiver::Receiver,
};

/// Execution that was running when the functions were killed, and the receiver that it called.
pub struct Interruption {
    pub execution_id: String,
    pub receiver: Receiver,
}

/// Answers the first call later than any test waits, and all later calls at once.
pub fn hangs_once(call: usize) -> (StatusCode, Duration) {
    (StatusCode::OK, if call == 1 { Duration::from_secs(600) } else { Duration::ZERO })
}

impl Interruption {
    /// Interrupts the functions. The lanes are paused first, so that only the second clock can recover
    /// what runs.
    pub async fn of(belfry: &Installation) -> Self {
        let receiver = Receiver::start(hangs_once).await;
        assert_eq!(belfry.lanes(&["pause"]).await, ["paused", "paused"]);
        let work = json!({ "target": { "type": "http", "url": receiver.url }, "timeout": "5m" });
        let execution_id = belfry.push(work).await;
        receiver.until_called(1, SOON).await;
        let processes = belfry.processes();
        for function in ["belfry-api", "belfry-worker"] {
            assert!(processes.iter().any(|process| process.function() == function), "no {function} runs");
        }
        for process in processes {
            process.kill();
        }
        Self { execution_id, receiver }
    }
}

impl Installation {
    /// Runs `belfry lanes` and returns the lanes' statuses after it.
    pub async fn lanes(&self, args: &[&str]) -> Vec<String> {
        let args = [&["lanes"], args, &["--json"]].concat();
        let lanes = run_with_variables(&self.emulator.variables(), &args).await.ok().json();
        let status = |lane: &Value| lane["status"].as_str().unwrap().to_owned();
        lanes.as_array().unwrap().iter().map(status).collect()
    }
}
