//! `belfry up`: the single process.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use belfry_alerts::{AlertSettings, Receivers};
use belfry_api::{ApiState, Auth, Door, PublicUrl, Telemetry};
use belfry_domain::{BacklogLimits, JobSpec};
use belfry_engine::{Precondition, Settings, ports::Logs};
use belfry_files::{FolderLogs, make_archive_folder};
use belfry_sqlite::Store;
use belfry_worker::targets::{TargetSettings, Targets};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Alerting, Capacity, Leadership, Standalone, StoredTokens, database::open_store, journal::Journal,
    serve::serve,
};

/// Time that attempts have to end when the process is told to stop.
const DRAIN: Duration = Duration::from_secs(30);

pub struct UpOptions {
    /// Directory of the database. It is created if it is missing.
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// Whether a token is required on loopback too.
    pub require_token: bool,
    /// Jobs that are applied as soon as this process leads.
    pub jobs: Vec<JobSpec>,
    pub capacity: Capacity,
    pub allow_private_addresses: bool,
    pub lease: Option<Duration>,
    /// Time for which ended executions, and so their idempotency keys, are kept.
    pub retention: Duration,
    /// Archive of executions that are removed. Default: none.
    pub archive: Option<PathBuf>,
    /// URL at which others reach the API: targets that call back, and clients through a proxy. Default:
    /// the address that it listens on, if that is a single address.
    pub public_url: Option<String>,
    pub backlog_limits: BacklogLimits,
    pub ageing_step: Duration,
    pub alerts: AlertSettings,
    /// Place of the full output of commands. Default: a folder below `data`.
    pub logs: LogPlace,
}

#[derive(Debug, Clone, Default)]
pub enum LogPlace {
    #[default]
    BelowData,
    Folder(PathBuf),
    Nowhere,
}

impl UpOptions {
    fn open_logs(&self) -> anyhow::Result<Option<Arc<dyn Logs>>> {
        let folder = match &self.logs {
            LogPlace::BelowData => self.data.join("logs"),
            LogPlace::Folder(folder) => folder.clone(),
            LogPlace::Nowhere => return Ok(None),
        };
        let logs = FolderLogs::open(&folder)
            .with_context(|| format!("cannot create the directory {} for logs", folder.display()))?;
        Ok(Some(Arc::new(logs)))
    }
}

fn settings(options: &UpOptions) -> Settings {
    let mut settings = Settings {
        retention: options.retention,
        backlog_limits: options.backlog_limits.clone(),
        ageing_step: options.ageing_step,
        ..Settings::standalone()
    };
    if let Some(lease) = options.lease {
        settings.lease = lease;
        settings.heartbeat_every = lease / 6;
        settings.stop_grace = settings.stop_grace.min(lease / 5);
    }
    settings
}

/// Serves the API and, once it leads, runs everything else, until it is told to stop.
///
/// # Errors
/// It can't start, or another process has taken over the database.
pub async fn up(options: UpOptions) -> anyhow::Result<()> {
    let public = options.public_url.as_deref().map(public_url).transpose()?;
    let store = open_store(&options.data)?;
    let telemetry = Arc::new(Telemetry::default());
    let listener = TcpListener::bind(options.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; another server may be running, choose another address with --listen",
            options.listen
        )
    })?;
    let address = listener.local_addr()?;
    let targets = TargetSettings {
        allow_commands: true,
        allow_private_addresses: options.allow_private_addresses,
        public_url: options.public_url.clone().or_else(|| own_url(address)),
        ..TargetSettings::default()
    };
    let logs = options.open_logs()?;
    let runner = Arc::new(Targets::new(targets)?.keeping_logs(logs.clone()));
    let capacity = options.capacity.clone();
    let settings = settings(&options);
    if let Some(archive) = &options.archive {
        make_archive_folder(archive)
            .with_context(|| format!("cannot create the archive directory {}", archive.display()))?;
    }
    let alerting = Alerting::new(receivers(&options.alerts).await?, &options.alerts);
    let watch = alerting.watch.as_ref().map(|(_, watch)| Arc::clone(watch));
    let journal = Arc::new(Journal { telemetry: Arc::clone(&telemetry), watch });
    let (standalone, waves) = Standalone::new(store, settings, options.capacity, runner, journal)?;
    let standalone = standalone.archiving_to(options.archive).with_logs(logs.clone()).alerting(alerting);
    let standalone = Arc::new(standalone);
    let leadership = Arc::new(Leadership::of(&options.data));
    let shutdown = stop_on_signals();
    let api = ApiState {
        engine: Arc::clone(&standalone.engine),
        telemetry,
        door: Door::Server { listening: address.ip(), public },
        auth: auth(options.require_token || !address.ip().is_loopback(), &standalone.store),
        leadership: leadership.clone(),
        source: standalone.queue.clone(),
        closing: shutdown.clone(),
        logs,
        capacity: capacity.total() as u64,
    };
    let serving = serve(listener, api, shutdown.clone());
    // The one line on standard output: what started this may wait for it.
    println!("listening on http://{address}");

    let outcome = match standalone.await_leadership(&leadership, &shutdown).await {
        None => Ok(()),
        Some(lease) => {
            let keeping = tokio::spawn(Arc::clone(&standalone).hold_leadership(leadership.clone()));
            let leading = tokio::spawn({
                let (standalone, lease, shutdown) =
                    (Arc::clone(&standalone), lease.clone(), shutdown.clone());
                async move { standalone.lead(lease, waves, shutdown).await }
            });
            let outcome = lead_until_stopped(&standalone, options.jobs, keeping, leading, &shutdown).await;
            if outcome.is_ok() {
                // The next leader need not wait for the lease to end.
                drop(standalone.engine.ports.leases.release(&lease).await);
            }
            outcome
        }
    };
    shutdown.cancel();
    serving.await??;
    outcome
}

/// Receivers of alerts. Secrets come from this process's variables.
#[cfg(feature = "aws")]
async fn receivers(settings: &AlertSettings) -> anyhow::Result<Receivers> {
    // Credentials are looked for only where there is a topic to tell.
    let access = if settings.needs_aws() {
        let sdk = belfry_aws::config::load().await;
        let endpoint = sdk.endpoint_url().map(str::to_owned);
        belfry_alerts::AwsAccess { endpoint, credentials: sdk.credentials_provider() }
    } else {
        belfry_alerts::AwsAccess::default()
    };
    Ok(settings.receivers(&|name| std::env::var(name).ok(), &access)?)
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same as with the feature")]
async fn receivers(settings: &AlertSettings) -> anyhow::Result<Receivers> {
    Ok(settings.receivers(&|name| std::env::var(name).ok())?)
}

fn public_url(url: &str) -> anyhow::Result<PublicUrl> {
    PublicUrl::read(url).with_context(|| {
        format!("--public-url {url:?}: must be the address of the API, such as https://belfry.example.com")
    })
}

/// URL of this server. `None` where it listens on all addresses, because it can't know which of them
/// others use.
fn own_url(address: SocketAddr) -> Option<String> {
    (!address.ip().is_unspecified()).then(|| format!("http://{address}"))
}

async fn lead_until_stopped(
    standalone: &Standalone,
    jobs: Vec<JobSpec>,
    keeping: JoinHandle<()>,
    mut leading: JoinHandle<anyhow::Result<()>>,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    if !jobs.is_empty() {
        let outcomes = standalone
            .engine
            .apply_jobs(jobs, &Precondition::None)
            .await
            .context("the jobs were not applied")?;
        tracing::info!(jobs = outcomes.len(), "applied");
    }
    tokio::select! {
        _ = keeping => bail!("another process has taken over the database; this process stops"),
        ended = &mut leading => return ended?,
        () = shutdown.cancelled() => {}
    }
    if let Ok(ended) = tokio::time::timeout(DRAIN, &mut leading).await {
        return ended?;
    }
    leading.abort();
    tracing::warn!(
        "stopped before all attempts ended; other workers take the attempts when their leases end"
    );
    Ok(())
}

fn auth(needs_token: bool, store: &Store) -> Auth {
    if !needs_token {
        return Auth::Open;
    }
    tracing::info!("callers need a token; create a token with `belfry token create NAME --data DIR`");
    Auth::Bearer(Arc::new(StoredTokens(store.clone())))
}

/// Token that the first signal cancels, for an orderly end. The second signal ends the process at once.
pub fn stop_on_signals() -> CancellationToken {
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping: waiting for running attempts; send the signal again to stop at once");
        stop.cancel();
        signal().await;
        std::process::exit(130);
    });
    token
}

async fn signal() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
