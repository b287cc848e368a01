//! Targets that do what the names of their jobs say.

use std::time::Duration;

use async_trait::async_trait;
use belfry_engine::ports::{Completion, Invocation, Runner};

pub const FLAKY: &str = "flaky";
pub const LONG: &str = "long";
/// Duration longer than three heartbeats.
pub const LONG_TIME: Duration = Duration::from_secs(50);

pub struct Scripted;

#[async_trait]
impl Runner for Scripted {
    async fn run(&self, invocation: Invocation) -> Completion {
        let job = invocation.execution_id.job_id();
        match job.as_str() {
            FLAKY if invocation.attempt == 1 => return Completion::failed("the first attempt fails"),
            LONG => tokio::time::sleep(LONG_TIME).await,
            _ => {}
        }
        Completion::succeeded(None)
    }
}
