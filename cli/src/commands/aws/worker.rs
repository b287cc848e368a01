use std::{sync::Arc, time::Duration};

use belfry::standalone::stop_on_signals;
use belfry_aws::{
    Installation, InstallationError, dynamodb::LayoutError, lambda::instance, telemetry::Metrics,
};
use belfry_engine::Worker;
use belfry_files::BucketLogs;
use belfry_worker::{
    daemon::{Daemon, DaemonOptions},
    targets::{AwsAccess, TargetSettings, Targets},
};
use tokio::time::sleep;

use super::{
    super::{DONE, Outcome},
    WorkerArgs,
};
use crate::{error::CliError, logging};

/// Interval at which metrics are printed.
const FLUSH: Duration = Duration::from_secs(60);

pub async fn run(args: WorkerArgs) -> Outcome {
    logging::start(args.log_format);
    let installation = Installation::of_daemon().await.map_err(refusal)?;
    let settings = TargetSettings {
        allow_commands: true,
        allow_private_addresses: args.allow_private_addresses,
        public_url: args.public_url,
        ..TargetSettings::default()
    };
    let access = AwsAccess {
        region: installation.sdk.region().map(ToString::to_string),
        endpoint: installation.sdk.endpoint_url().map(str::to_owned),
        credentials: installation.sdk.credentials_provider(),
    };
    let logs = BucketLogs::of_installation(&installation.sdk);
    let runner = Arc::new(Targets::new(settings)?.with_aws(access).keeping_logs(logs));
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let capacity = args.capacity.map_or((4 * cores).max(8), |capacity| capacity as usize);
    let worker = Worker { id: instance(), runner };
    tracing::info!(pool = args.pool, capacity, worker = worker.id, "serving");
    let daemon = Daemon::new(DaemonOptions {
        engine: Arc::new(installation.engine()),
        worker,
        source: installation.queue.clone(),
        pools: vec![(args.pool, capacity)],
        steal_from: args.steal_from.into_iter().filter(|pool| !pool.is_empty()).collect(),
        labels: args.labels.into_iter().collect(),
    });
    let flushing = tokio::spawn(flush_for_ever(Arc::clone(&installation.metrics)));
    daemon.serve(stop_on_signals()).await;
    flushing.abort();
    installation.metrics.flush();
    DONE
}

/// Error that tells what is wrong with the settings from a store that does not answer.
fn refusal(error: InstallationError) -> anyhow::Error {
    match error {
        InstallationError::Layout(LayoutError::Store(error)) => error.into(),
        error => CliError::Usage(error.to_string()).into(),
    }
}

async fn flush_for_ever(metrics: Arc<Metrics>) {
    loop {
        sleep(FLUSH).await;
        metrics.flush();
    }
}
