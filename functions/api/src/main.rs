//! API as a Lambda function behind API Gateway, which authenticates the callers.

mod function;

use belfry_aws::{Installation, telemetry::start_logs};
use lambda_http::{Error, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logs();
    run(function::service(Installation::of_environment("api").await?)).await
}
