//! Belfry as a whole in one process: the engine on SQLite, its queues in memory, its workers.

mod alerts;
mod database;
mod journal;
mod leader;
mod lock;
mod serve;
mod temporary;
mod tokens;
mod up;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use belfry_domain::Shards;
use belfry_engine::{
    Engine, Settings, StoredAlerts, SystemClock, SystemRandom, Worker,
    ports::{Archive, Lease, Logs, Observer, Ports, Runner},
};
use belfry_files::FolderArchive;
use belfry_sqlite::{MemoryQueue, Store, Waves};
use belfry_worker::daemon::{Daemon, DaemonOptions};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Interval, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use self::alerts::LoggedAlerts;
pub use self::{
    alerts::Alerting,
    leader::Leadership,
    lock::check_locks,
    temporary::{Temporary, TemporaryOptions},
    tokens::{StoredTokens, create_token, list_tokens, revoke_token},
    up::{LogPlace, UpOptions, stop_on_signals, up},
};
use crate::zones;

/// Only lane. There is one shard too: SQLite has no partitions to spread over.
pub const LANE: u16 = 0;
/// Interval between ticks. It is shorter than the look-ahead by so much that a late tick does no harm.
const TICK: Duration = Duration::from_secs(1);
const RETENTION_PASS: Duration = Duration::from_secs(600);
/// Interval of retention passes with an archive. It is longer, because each pass makes a file.
const ARCHIVE_PASS: Duration = Duration::from_secs(3600);
const ZONES: Duration = Duration::from_secs(60);
/// Interval at which the cap on dead letters is checked.
const LETTERS: Duration = Duration::from_secs(60);
const AUDIT: Duration = Duration::from_secs(24 * 3600);

/// Number of attempts that run at once, by pool.
#[derive(Debug, Clone)]
pub struct Capacity {
    pub default: usize,
    /// Number of processes. A host can run fewer processes than requests.
    pub command: usize,
    /// Pools that jobs name themselves.
    pub others: Vec<(String, usize)>,
    /// Pools that idle pools may take messages from.
    pub steal_from: Vec<String>,
}

impl Capacity {
    pub fn total(&self) -> usize {
        self.pools().map(|(_, capacity)| capacity).sum()
    }

    fn pools(&self) -> impl Iterator<Item = (&str, usize)> {
        let others = self.others.iter().map(|(name, capacity)| (name.as_str(), *capacity));
        [("default", self.default), ("command", self.command)].into_iter().chain(others)
    }
}

impl Default for Capacity {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self { default: 1000, command: (4 * cores).max(8), others: Vec::new(), steal_from: Vec::new() }
    }
}

pub struct Standalone {
    pub engine: Arc<Engine>,
    pub store: Store,
    pub queue: Arc<MemoryQueue>,
    /// Name that is unique to this process. Its lease and its attempts carry it.
    pub owner: String,
    capacity: Capacity,
    worker: Worker,
    archive: Option<PathBuf>,
    alerting: Alerting,
    logs: Option<Arc<dyn Logs>>,
    /// Tells the housekeeping that the work of an earlier leader was taken up.
    recovered: Notify,
}

impl Standalone {
    /// Wires everything. Nothing runs before [`Standalone::lead`].
    pub fn new(
        store: Store,
        settings: Settings,
        capacity: Capacity,
        runner: Arc<dyn Runner>,
        observer: Arc<dyn Observer>,
    ) -> anyhow::Result<(Self, Waves)> {
        let clock = Arc::new(SystemClock::default());
        let (queue, waves) = MemoryQueue::start(clock.clone(), settings.ageing_step)
            .context("cannot start the thread of the queue")?;
        let rows = Arc::new(store.clone());
        let alerts = StoredAlerts { rows: rows.clone(), clock: clock.clone(), also: Arc::new(LoggedAlerts) };
        let ports =
            Ports::new(rows, queue.clone(), clock, Arc::new(SystemRandom), observer, Arc::new(alerts));
        let owner = format!("belfry-{}", Ulid::new());
        let worker = Worker { id: owner.clone(), runner };
        let engine = Arc::new(Engine::new(ports, settings).with_zones(zones::newest()));
        Ok((
            Self {
                engine,
                store,
                queue,
                owner,
                capacity,
                worker,
                archive: None,
                logs: None,
                alerting: Alerting::default(),
                recovered: Notify::new(),
            },
            waves,
        ))
    }

    /// Archives executions in this folder before they are removed.
    pub fn archiving_to(self, folder: Option<PathBuf>) -> Self {
        Self { archive: folder, ..self }
    }

    /// Sets the receivers of alerts and the conditions that raise alerts.
    pub fn alerting(self, alerting: Alerting) -> Self {
        Self { alerting, ..self }
    }

    /// Keeps logs. The logs of removed executions are removed with them.
    pub fn with_logs(self, logs: Option<Arc<dyn Logs>>) -> Self {
        Self { logs, ..self }
    }

    fn shards(&self) -> Shards {
        self.engine.settings.shards
    }

    /// Does a leader's work until `shutdown`, then returns when the running attempts have ended. Work
    /// that an earlier leader left is continued at once.
    pub async fn lead(
        self: &Arc<Self>,
        lease: Lease,
        mut waves: Waves,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        if let Err(error) = self.engine.adopt_zones().await {
            // Slots go on by the zone data in force; it is tried again each minute.
            tracing::error!(%error, "cannot put the zone data of this machine in force");
        }
        // After the zone data, which ask how far an earlier leader has fired.
        self.engine
            .rewind(&lease, self.shards().all())
            .await
            .context("cannot set the cursors of the tick back")?;
        tracing::info!("leading");
        let engine = Arc::clone(&self.engine);
        let mut loops = JoinSet::new();
        loops.spawn(async move {
            while let Some(wave) = waves.recv().await {
                if let Err(error) = engine.dispatch(wave).await {
                    tracing::warn!(%error, "wave not sent; the sweep will retry");
                }
            }
        });
        loops.spawn(Arc::clone(self).tick_for_ever(lease));
        loops.spawn(Arc::clone(self).sweep_for_ever());
        loops.spawn(Arc::clone(self).keep_house());
        loops.spawn(Arc::clone(self).watch_for_alerts());
        loops.spawn(Arc::clone(self).watch_ticks());
        let mut serving = JoinSet::new();
        serving.spawn(self.daemon().serve(shutdown.clone()));
        shutdown.cancelled().await;
        while serving.join_next().await.is_some() {}
        loops.shutdown().await;
        Ok(())
    }

    fn daemon(&self) -> Arc<Daemon> {
        Daemon::new(DaemonOptions {
            engine: Arc::clone(&self.engine),
            worker: self.worker.clone(),
            source: self.queue.clone(),
            pools: self.capacity.pools().map(|(name, capacity)| (name.to_owned(), capacity)).collect(),
            steal_from: self.capacity.steal_from.clone(),
            labels: BTreeMap::new(),
        })
    }

    async fn tick_for_ever(self: Arc<Self>, lease: Lease) {
        let mut next = each_tick();
        loop {
            next.tick().await;
            if let Err(error) = self.engine.tick(&lease, self.shards().all()).await {
                tracing::warn!(%error, "tick failed; the next tick will retry");
            }
        }
    }

    /// Recovers the work of an earlier leader, and sweeps. It runs beside the ticks, so that neither
    /// delays a slot.
    async fn sweep_for_ever(self: Arc<Self>) {
        let mut next = each_tick();
        let mut has_recovered = false;
        loop {
            next.tick().await;
            let swept = if has_recovered {
                self.engine.sweep(self.shards().all()).await
            } else {
                self.engine.recover(self.shards().all()).await
            };
            match swept {
                Ok(timers) if !has_recovered => {
                    has_recovered = true;
                    self.recovered.notify_one();
                    tracing::info!(timers, "took up the work of an earlier leader");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "sweep failed; the next sweep will retry"),
            }
        }
    }

    /// Runs the daily audit, puts new zone data in force where that failed at the start, and removes old
    /// rows, when the work of an earlier leader was taken up: what has ended and is not settled needs its row.
    async fn keep_house(self: Arc<Self>) {
        let mut audit = tokio::time::interval(AUDIT);
        let mut zones = tokio::time::interval(ZONES);
        let mut letters = tokio::time::interval(LETTERS);
        let pass = if self.archive.is_some() { ARCHIVE_PASS } else { RETENTION_PASS };
        let mut retention = tokio::time::interval(pass);
        let mut has_recovered = false;
        loop {
            let outcome = tokio::select! {
                _ = audit.tick() => self.engine.audit().await.map(drop).map_err(anyhow::Error::from),
                _ = zones.tick() => self.tend_zones().await.map_err(anyhow::Error::from),
                _ = letters.tick() => {
                    self.engine.cap_dead_letters().await.map(drop).map_err(anyhow::Error::from)
                }
                () = self.recovered.notified(), if !has_recovered => {
                    has_recovered = true;
                    Ok(())
                }
                _ = retention.tick(), if has_recovered => self.remove_old().await,
            };
            if let Err(error) = outcome {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "housekeeping failed; the next round will retry"
                );
            }
        }
    }

    async fn tend_zones(&self) -> belfry_engine::Result<()> {
        let (revision, zones) = self.engine.ports.zones.in_force().await?;
        self.engine.tend_zones(revision, zones.as_ref()).await
    }

    /// Removes old rows. The archive is opened anew each time, because a folder that can't be written
    /// to now may be repaired.
    async fn remove_old(&self) -> anyhow::Result<()> {
        let folder = self.archive.as_deref();
        let open = |folder| FolderArchive::open(folder).context("cannot write the archive");
        let archive = folder.map(open).transpose()?;
        let archive = archive.as_ref().map(|archive| archive as &dyn Archive);
        let removed = self.engine.remove_old(archive, self.logs.as_deref()).await?;
        if removed > 0 {
            tracing::info!(executions = removed, archived = archive.is_some(), "removed old executions");
        }
        Ok(())
    }
}

fn each_tick() -> Interval {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
