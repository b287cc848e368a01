//! DynamoDB keeps the promises of the ports. The tests run on an emulator.

#![expect(clippy::unwrap_used, reason = "all of this is tests")]

mod batches;
mod broken_rows;
mod capacity;
mod commits;
mod faults;
mod histories;
mod layouts;
mod marks;
mod newer_commits;
mod support;

use belfry_conformance::{Backend, suite};

async fn fresh() -> Backend {
    support::Installation::new().await.backend()
}

suite!(fresh);
