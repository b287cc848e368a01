use clap::{Args, Subcommand};

use crate::logging::LogFormat;

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
    pub pool: String,
    /// Maximum number of attempts at once [default: 4 per CPU, at least 8]
    #[arg(long, env = "BELFRY_CAPACITY", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub capacity: Option<u32>,
    /// Take work of this pool too while the worker's own pool is empty, with one place kept free; may
    /// be repeated, and the deepest queue goes first
    #[arg(long, env = "BELFRY_STEAL_FROM", value_delimiter = ',', value_name = "NAME")]
    pub steal_from: Vec<String>,
    /// Label that `belfry workers` shows; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// Allow HTTP targets at loopback, private and link-local addresses
    #[arg(long, env = "BELFRY_ALLOW_PRIVATE_ADDRESSES")]
    pub allow_private_addresses: bool,
    /// Address of the API, for targets that call back
    #[arg(long, env = "BELFRY_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Format of the log on standard error
    #[arg(long, env = "BELFRY_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

fn label(text: &str) -> Result<(String, String), String> {
    let parsed = text.split_once('=').filter(|(name, _)| !name.is_empty());
    parsed
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected NAME=VALUE, such as zone=a".to_owned())
}

/// Show, pause or resume the schedules that call the tick of an installation on AWS
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  BELFRY_NAME=belfry belfry lanes
  belfry lanes pause 0 1
  belfry lanes pause             all of them
  belfry lanes resume --json

BELFRY_NAME names the installation. AWS_REGION, AWS_PROFILE and roles work as in other tools for
AWS. The second clock still ticks a paused lane about every two minutes. To stop all ticks,
disable the rule too:
  aws events disable-rule --name belfry-tick
When ticks go on, missed slots follow the misfire policy of each job."
)]
pub struct LanesArgs {
    #[command(subcommand)]
    pub action: Option<LanesAction>,
}

#[derive(Debug, Subcommand)]
pub enum LanesAction {
    /// List the lanes (the default)
    Status,
    /// Stop the schedules of these lanes
    Pause {
        /// Numbers of the lanes [default: all lanes]
        lane: Vec<u16>,
    },
    /// Start the schedules of these lanes
    Resume {
        /// Numbers of the lanes [default: all lanes]
        lane: Vec<u16>,
    },
}
