use std::{sync::Arc, time::Duration};

use belfry::standalone::stop_on_signals;
use belfry_aws::{Installation, lambda::instance, telemetry::Metrics};
use belfry_engine::Worker;
use belfry_files::BucketLogs;
use belfry_worker::{
    daemon::{Daemon, DaemonOptions},
    targets::{AwsAccess, TargetSettings, Targets},
};
use clap::Args;
use tokio::time::sleep;

use super::{DONE, Outcome};
use crate::logging::{self, LogFormat};

/// Interval at which metrics are printed.
const FLUSH: Duration = Duration::from_secs(60);

/// Run a worker for one pool of an installation on AWS: commands, and work of any length
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  BELFRY_NAME=belfry belfry worker --pool command
  belfry worker --pool gpu --capacity 2 --allow-private-addresses --label zone=a
  belfry worker --pool gpu --steal-from render --steal-from batch

BELFRY_HISTORY_BUCKET names the bucket for the full output of commands, up to 10 MiB per attempt.
BELFRY_NAME names the installation. AWS_REGION, AWS_PROFILE and roles work as in other tools for
AWS. After SIGTERM the worker takes no new work and ends after its running attempts; a second
signal ends it at once.")]
pub struct WorkerArgs {
    /// Pool to serve
    #[arg(long, env = "BELFRY_POOL", value_name = "NAME")]
    pool: String,
    /// Maximum number of attempts at once [default: 4 per CPU, at least 8]
    #[arg(long, env = "BELFRY_CAPACITY", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    capacity: Option<u32>,
    /// Take work of this pool too while the worker's own pool is empty, with one place kept free; may
    /// be repeated, and the deepest queue goes first
    #[arg(long, env = "BELFRY_STEAL_FROM", value_delimiter = ',', value_name = "NAME")]
    steal_from: Vec<String>,
    /// Label that `belfry workers` shows; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Allow HTTP targets at loopback, private and link-local addresses
    #[arg(long, env = "BELFRY_ALLOW_PRIVATE_ADDRESSES")]
    allow_private_addresses: bool,
    /// Address of the API, for targets that call back
    #[arg(long, env = "BELFRY_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Format of the log on standard error
    #[arg(long, env = "BELFRY_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
}

fn label(text: &str) -> Result<(String, String), String> {
    let parsed = text.split_once('=').filter(|(name, _)| !name.is_empty());
    parsed
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected NAME=VALUE, such as zone=a".to_owned())
}

pub async fn run(args: WorkerArgs) -> Outcome {
    logging::start(args.log_format);
    let installation = Installation::of_environment("daemon").await?;
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

async fn flush_for_ever(metrics: Arc<Metrics>) {
    loop {
        sleep(FLUSH).await;
        metrics.flush();
    }
}
