//! Runner: it runs one attempt of a target.

use std::time::Duration;

use async_trait::async_trait;
use belfry_domain::{ClaimToken, ExecutionId, Target};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Output, Window};

/// Signal to a running attempt to end now. The attempt gets a moment to clean up; then it is dropped.
pub type Stop = CancellationToken;

/// Data that a target receives. They let the target make at-least-once into exactly-once on its side.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Idempotency key for the target.
    pub execution_id: ExecutionId,
    pub run_id: String,
    /// Fence: a target that has seen a higher number for this execution must refuse a lower one.
    pub attempt: u32,
    /// Token for a target that reports the end of the attempt itself.
    pub token: ClaimToken,
    pub target: Target,
    pub input: Value,
    /// Time limit of the attempt, for information: the engine enforces it.
    pub timeout: Duration,
    pub stop: Stop,
    /// Window through which the runner lets the engine see the attempt.
    pub window: Window,
}

#[derive(Debug, Clone)]
pub struct Completion {
    pub ending: Ending,
    pub output: Option<Output>,
}

#[derive(Debug, Clone)]
pub enum Ending {
    Succeeded {
        /// JSON for dependents.
        result: Option<Value>,
    },
    Failed {
        /// One line for people.
        error: String,
        /// Whether another attempt can't help, as after HTTP 4xx or a declared exit code.
        is_final: bool,
        /// Shortest wait before the next attempt, as the target asked for it (`Retry-After`).
        retry_after: Option<Duration>,
    },
    /// The target has taken the work and will report its end. The attempt goes on.
    HandedOver,
}

impl Completion {
    pub fn succeeded(result: Option<Value>) -> Self {
        Self { ending: Ending::Succeeded { result }, output: None }
    }

    pub fn handed_over() -> Self {
        Self { ending: Ending::HandedOver, output: None }
    }

    /// Completion with a failure after which another attempt makes sense.
    pub fn failed(error: impl Into<String>) -> Self {
        let ending = Ending::Failed { error: error.into(), is_final: false, retry_after: None };
        Self { ending, output: None }
    }

    pub fn failed_for_good(error: impl Into<String>) -> Self {
        let ending = Ending::Failed { error: error.into(), is_final: true, retry_after: None };
        Self { ending, output: None }
    }

    pub fn with_output(self, output: Output) -> Self {
        Self { output: Some(output), ..self }
    }
}

#[async_trait]
pub trait Runner: Send + Sync {
    /// Runs one attempt to its end, or until `stop`. Dropping the future kills the attempt.
    async fn run(&self, invocation: Invocation) -> Completion;
}
