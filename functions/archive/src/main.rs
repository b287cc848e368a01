//! Function that reads the stream of the table of executions, and writes what DynamoDB has removed by
//! its time to a bucket, as compressed JSON lines.
//!
//! After an error Lambda hands over the same records again, for as long as the stream keeps them: a
//! day. Equal records make equal files, so a repetition doubles nothing.

use belfry_aws::{config, dynamodb::StreamEvent, telemetry::start_logs};
use belfry_engine::ports::Archive as _;
use belfry_files::{Bucket, BucketArchive};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logs();
    let bucket = Bucket::of_installation(&config::load().await);
    let archive = &BucketArchive(bucket.ok_or("BELFRY_HISTORY_BUCKET names no bucket")?);
    run(service_fn(async |event: LambdaEvent<StreamEvent>| {
        let expired = event.payload.expired();
        let count = expired.len();
        archive.keep(expired).await?;
        tracing::info!(executions = count, "archived");
        Ok::<_, Error>(())
    }))
    .await
}
