//! The targets' side: one attempt, run.

use std::time::Duration;

use async_trait::async_trait;
use belfry_domain::{ClaimToken, ExecutionId, Target};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Output, Window};

/// Tells a running attempt to end now. It has a moment to clean up, then it is dropped.
pub type Stop = CancellationToken;

/// Everything that a target is told: with it, at-least-once can be made exactly-once on its side.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The idempotency key.
    pub execution_id: ExecutionId,
    pub run_id: String,
    /// The fence: a target that has seen a higher one for this execution refuses a lower one.
    pub attempt: u32,
    /// For a target that is to tell by itself how the attempt ended.
    pub token: ClaimToken,
    pub target: Target,
    pub input: Value,
    /// How long the attempt may take at most; for information, the engine stops it.
    pub timeout: Duration,
    pub stop: Stop,
    /// Where the runner lets the engine see into the attempt, if it can.
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
        /// JSON for those that depend on it.
        result: Option<Value>,
    },
    Failed {
        /// One line for people.
        error: String,
        /// Another try can't help: HTTP 4xx, a declared exit code.
        is_final: bool,
        /// Not before this long, as the target asked (`Retry-After`).
        retry_after: Option<Duration>,
    },
    /// The target has taken the work, and will tell how it ended: the attempt goes on.
    HandedOver,
}

impl Completion {
    pub fn succeeded(result: Option<Value>) -> Self {
        Self { ending: Ending::Succeeded { result }, output: None }
    }

    pub fn handed_over() -> Self {
        Self { ending: Ending::HandedOver, output: None }
    }

    /// A failure after which another try makes sense.
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
    /// Runs one attempt to its end, or until `stop`. Dropping the future ends it the hard way.
    async fn run(&self, invocation: Invocation) -> Completion;
}
