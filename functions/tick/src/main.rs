//! Tick of one lane, or of all lanes that had no tick for a while.

mod alerts;
mod audit;
mod pace;
mod tick;

use belfry_aws::{Installation, telemetry::start_logs};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use crate::tick::Tick;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logs();
    let tick = Tick::new(Installation::of_environment("tick").await?);
    let tick = &tick;
    run(service_fn(async |event: LambdaEvent<_>| tick.handle(event.payload, &event.context).await)).await
}
