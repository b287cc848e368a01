use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use belfry::standalone::{self, Capacity, LogPlace, UpOptions};
use belfry_alerts::AlertSettings;
use belfry_domain::{BacklogLimits, HumanDuration};
use clap::{
    ArgAction, Args,
    builder::{PathBufValueParser, TypedValueParser as _},
};

use super::{DONE, Outcome, aws};
use crate::{
    files,
    logging::{self, LogFormat},
};

/// Run a complete server in this process: engine, store, workers and HTTP API
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  belfry up
  belfry up --data /var/lib/belfry --apply /etc/belfry
  belfry up --listen 0.0.0.0:7433        callers need a token: belfry token create NAME
  belfry up --apply examples --allow-private-addresses
  belfry up --alerts examples/alerts/alerts.yaml
  belfry up --retention 30d --archive /var/lib/belfry-archive

A second `belfry up` with the same --data waits as a standby and takes over when the first process
ends.")]
pub struct UpArgs {
    /// Directory for all data of the server
    #[arg(long, env = "BELFRY_DATA", default_value = "belfry-data", value_name = "DIR")]
    data: PathBuf,
    /// Address of the HTTP API; callers need a token on every address except loopback
    #[arg(long, env = "BELFRY_LISTEN", default_value = "127.0.0.1:7433", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Require a token on loopback too, if other users of this machine must not control belfry
    #[arg(long, env = "BELFRY_REQUIRE_TOKEN")]
    require_token: bool,
    /// Job files, or directories of job files, to apply at startup
    #[arg(long, num_args = 1.., value_name = "FILE")]
    apply: Vec<PathBuf>,
    #[command(flatten)]
    limits: Limits,
    /// How long a worker holds an attempt without a heartbeat before another worker can take the
    /// attempt, such as 30s
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    lease: Option<Duration>,
    /// How long to keep ended executions and their idempotency keys: 7d to 366d
    #[arg(long, env = "BELFRY_RETENTION", default_value = "7d", value_name = "DURATION", value_parser = retention)]
    retention: Duration,
    /// Directory that receives executions as compressed JSON lines before they are removed
    #[arg(long, env = "BELFRY_ARCHIVE", value_name = "DIR", value_parser = PathBufValueParser::new().try_map(directory))]
    archive: Option<PathBuf>,
    /// File with the receivers and the thresholds of alerts: see docs/alerts.md
    #[arg(long, env = "BELFRY_ALERTS_FILE", value_name = "FILE")]
    alerts: Option<PathBuf>,
    /// Send alerts to this address, signed with the key in BELFRY_ALERT_WEBHOOK_KEY (whsec_…)
    #[arg(long, env = "BELFRY_ALERT_WEBHOOK", hide_env_values = true, value_name = "URL")]
    alert_webhook: Option<String>,
    /// Public address of the API, for targets that call back and for requests through a proxy with this
    /// host name [default: the address of --listen]
    #[arg(long, env = "BELFRY_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Directory for the full output of commands, up to 10 MiB per attempt [default: logs, in --data]
    #[arg(long, env = "BELFRY_LOGS", value_name = "DIR", conflicts_with = "no_logs",
        value_parser = PathBufValueParser::new().try_map(directory))]
    logs: Option<PathBuf>,
    /// Keep only the end of the output of commands
    #[arg(long, env = "BELFRY_NO_LOGS")]
    no_logs: bool,
    /// Format of the log on standard error
    #[arg(long, env = "BELFRY_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
}

/// Limits on what the workers of this process may run.
#[derive(Debug, Args)]
pub struct Limits {
    /// Maximum number of HTTP requests and other attempts without a process at once [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    concurrency: Option<u32>,
    /// Maximum number of processes at once [default: 4 per CPU, at least 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_processes: Option<u32>,
    /// Serve this pool, with at most N attempts at once; may be repeated
    #[arg(long = "pool", value_name = "NAME=N", value_parser = pool)]
    pools: Vec<(String, usize)>,
    /// Let idle pools of this process take work of this pool; they must be able to run its jobs; may be
    /// repeated
    #[arg(long, value_name = "NAME")]
    steal_from: Vec<String>,
    /// Refuse pushes and triggers with 429 while their queue holds this many waiting executions: N, or
    /// POOL/PRIORITY=N with * for any; may be repeated [default: 100000]
    #[arg(long, env = "BELFRY_BACKLOG_LIMITS", value_name = "LIMIT", action = ArgAction::Append)]
    backlog_limit: Vec<BacklogLimits>,
    /// Raise waiting executions by one priority class each time this duration passes; 0s turns this off
    #[arg(long, env = "BELFRY_AGEING_STEP", default_value = "5m", value_name = "DURATION", value_parser = duration)]
    pub ageing_step: Duration,
    /// Allow HTTP targets at loopback, private and link-local addresses
    #[arg(long, env = "BELFRY_ALLOW_PRIVATE_ADDRESSES")]
    pub allow_private_addresses: bool,
}

impl Limits {
    pub fn capacity(&self) -> Capacity {
        let usual = Capacity::default();
        Capacity {
            default: self.concurrency.map_or(usual.default, |count| count as usize),
            command: self.max_processes.map_or(usual.command, |count| count as usize),
            others: self.pools.clone(),
            steal_from: self.steal_from.clone(),
        }
    }

    pub fn backlog_limits(&self) -> BacklogLimits {
        self.backlog_limit.iter().cloned().fold(BacklogLimits::default(), BacklogLimits::with)
    }
}

pub fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<HumanDuration>().map(Duration::from).map_err(|error| error.to_string())
}

/// Shortest retention. A shorter one would forget idempotency keys while they are still promised.
const SHORTEST_RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);

fn retention(text: &str) -> Result<Duration, String> {
    let retention = duration(text)?;
    if retention < SHORTEST_RETENTION {
        return Err("must be at least 7d, because idempotency keys are kept that long".to_owned());
    }
    Ok(retention)
}

/// Directory of this machine. A bucket's address would otherwise make a directory `s3:`.
fn directory(path: PathBuf) -> Result<PathBuf, &'static str> {
    if path.starts_with("s3:") {
        return Err("must be a directory of this machine; only installations on AWS keep files in a bucket");
    }
    Ok(path)
}

fn pool(text: &str) -> Result<(String, usize), String> {
    let parsed =
        text.split_once('=').and_then(|(name, capacity)| Some((name.to_owned(), capacity.parse().ok()?)));
    parsed
        .filter(|(name, capacity)| !name.is_empty() && *capacity > 0)
        .ok_or_else(|| "expected NAME=N, such as gpu=2".to_owned())
}

fn alert_settings(file: Option<&Path>, webhook: Option<&str>) -> anyhow::Result<AlertSettings> {
    let mut settings: AlertSettings = match file {
        None => AlertSettings::default(),
        Some(file) => {
            let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
            // An excerpt of the file might show a secret.
            let options = serde_saphyr::options! { with_snippet: false };
            serde_saphyr::from_str_with_options(&text, options).with_context(|| file.display().to_string())?
        }
    };
    if settings.needs_aws() {
        aws::require("an alert receiver of the type sns")?;
    }
    settings.receivers.extend(webhook.map(|url| AlertSettings::webhook(url, "env:BELFRY_ALERT_WEBHOOK_KEY")));
    Ok(settings)
}

pub async fn run(args: UpArgs) -> Outcome {
    logging::start(args.log_format);
    let definitions = if args.apply.is_empty() { Vec::new() } else { files::read(&args.apply)? };
    let logs = match args.logs {
        _ if args.no_logs => LogPlace::Nowhere,
        None => LogPlace::BelowData,
        Some(folder) => LogPlace::Folder(folder),
    };
    let options = UpOptions {
        logs,
        capacity: args.limits.capacity(),
        backlog_limits: args.limits.backlog_limits(),
        ageing_step: args.limits.ageing_step,
        allow_private_addresses: args.limits.allow_private_addresses,
        data: args.data,
        listen: args.listen,
        require_token: args.require_token,
        jobs: files::specs(&definitions),
        lease: args.lease,
        alerts: alert_settings(args.alerts.as_deref(), args.alert_webhook.as_deref())?,
        retention: args.retention,
        archive: args.archive,
        public_url: args.public_url,
    };
    standalone::up(options).await.map_err(|error| files::with_places(error, &definitions))?;
    DONE
}
