use std::{net::SocketAddr, path::PathBuf, time::Duration};

use belfry_domain::HumanDuration;
use clap::{Args, ValueEnum};

use super::{DONE, Outcome};
use crate::standalone::{self, UpOptions};

/// Run everything in this process: engine, store, workers, HTTP API
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry up
  belfry up --data /var/lib/belfry --apply /etc/belfry
  belfry up --listen 0.0.0.0:7433        needs a token: belfry token create NAME
  belfry up --apply examples --allow-private-addresses

A second `belfry up` on the same --data waits as standby and takes over when the first one ends.")]
pub struct UpArgs {
    /// Where everything is kept
    #[arg(long, env = "BELFRY_DATA", default_value = "belfry-data", value_name = "DIR")]
    data: PathBuf,
    /// Address of the HTTP API; other than loopback, it asks for a token
    #[arg(long, env = "BELFRY_LISTEN", default_value = "127.0.0.1:7433", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Job files or directories of them to apply at the start
    #[arg(long, num_args = 1.., value_name = "FILE")]
    apply: Vec<PathBuf>,
    #[command(flatten)]
    limits: Limits,
    /// How long a crashed process keeps others from taking over, such as 30s
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    lease: Option<Duration>,
    #[arg(long, env = "BELFRY_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
}

/// What the workers of this process may do.
#[derive(Debug, Args)]
pub struct Limits {
    /// Executions at once
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub concurrency: u32,
    /// Processes at once; by default as many as the machine's processors, times four
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_processes: Option<u32>,
    /// Let http targets reach loopback, private and link-local addresses
    #[arg(long, env = "BELFRY_ALLOW_PRIVATE_ADDRESSES")]
    pub allow_private_addresses: bool,
}

impl Limits {
    pub fn max_processes(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        self.max_processes.map_or_else(|| processors() * 4, |count| count as usize)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

pub fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<HumanDuration>().map(Duration::from).map_err(|error| error.to_string())
}

pub async fn run(args: UpArgs) -> Outcome {
    let options = UpOptions {
        max_processes: args.limits.max_processes(),
        concurrency: args.limits.concurrency as usize,
        allow_private_addresses: args.limits.allow_private_addresses,
        data: args.data,
        listen: args.listen,
        apply: args.apply,
        lease: args.lease,
        log_format: args.log_format,
    };
    standalone::up(options).await?;
    DONE
}
