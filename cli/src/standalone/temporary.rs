//! Scheduler in memory, for `belfry run`. It ends when it is dropped.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use belfry_engine::{
    Engine, Settings,
    ports::{Acquired, Fact, LeaseStore as _, Observer},
};
use belfry_sqlite::Store;
use belfry_worker::targets::{TargetSettings, Targets};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Capacity, LANE, Standalone};

/// Lease that never ends: no other process can see a database in memory.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

#[derive(Debug, Clone, Default)]
pub struct TemporaryOptions {
    pub capacity: Capacity,
    pub allow_private_addresses: bool,
}

pub struct Temporary {
    standalone: Arc<Standalone>,
    shutdown: CancellationToken,
    leading: JoinHandle<anyhow::Result<()>>,
}

struct Silent;

impl Observer for Silent {
    fn record(&self, _: Fact<'_>) {}
}

/// Settings with frequent heartbeats: a person is watching, and a write in memory costs nothing.
fn settings() -> Settings {
    Settings { heartbeat_every: Duration::from_secs(1), ..Settings::standalone() }
}

impl Temporary {
    pub async fn start(options: TemporaryOptions) -> anyhow::Result<Self> {
        let store = Store::open_in_memory().context("no database in memory")?;
        let targets = TargetSettings {
            allow_commands: true,
            allow_private_addresses: options.allow_private_addresses,
            ..TargetSettings::default()
        };
        let runner = Arc::new(Targets::new(targets)?);
        let (standalone, waves) =
            Standalone::new(store, settings(), options.capacity, runner, Arc::new(Silent))?;
        let standalone = Arc::new(standalone);
        let now = standalone.engine.ports.clock.now();
        let acquired = standalone.store.acquire(LANE, &standalone.owner, now, now.plus(FOR_EVER)).await?;
        let Acquired::Leader(lease) = acquired else { bail!("a database in memory has another leader") };
        let shutdown = CancellationToken::new();
        let leading = tokio::spawn({
            let (standalone, shutdown) = (Arc::clone(&standalone), shutdown.clone());
            async move { standalone.lead(lease, waves, shutdown).await }
        });
        Ok(Self { standalone, shutdown, leading })
    }

    pub fn engine(&self) -> &Engine {
        &self.standalone.engine
    }

    /// Stops the scheduler, and returns when the running attempts have ended.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.leading.await?
    }
}
