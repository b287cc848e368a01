//! Dispatcher: it hands waves to the priority queues when their second has come.

mod dispatcher;

use belfry_aws::{Installation, telemetry::start_logs};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use crate::dispatcher::Dispatcher;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logs();
    let dispatcher = Dispatcher::new(Installation::of_environment("dispatcher").await?);
    let dispatcher = &dispatcher;
    run(service_fn(async |event: LambdaEvent<_>| dispatcher.handle(&event.payload).await)).await
}
