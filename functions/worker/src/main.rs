//! Worker as a Lambda function, for a batch of messages at once.

mod function;

use belfry_aws::{Installation, telemetry::start_logs};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use crate::function::Function;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logs();
    let function = Function::new(Installation::of_environment("worker").await?)?;
    let function = &function;
    run(service_fn(async |event: LambdaEvent<_>| function.handle(&event.payload, &event.context).await)).await
}
