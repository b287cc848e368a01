//! A belfry in this process, on a database in a directory of its own.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use belfry::standalone::{Capacity, LANE, Standalone};
use belfry_domain::{BacklogLimits, IdempotencyKey, PushSpec};
use belfry_engine::{
    PushRequest, Settings,
    ports::{Acquired, Fact, LeaseStore as _, Observer},
};
use belfry_sqlite::Store;
use belfry_worker::targets::{TargetSettings, Targets};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Time between two looks whether a measurement is over. It never decides what is measured.
const LOOK: Duration = Duration::from_millis(2);

pub struct Rig {
    pub standalone: Arc<Standalone>,
    pub watch: Arc<Watch>,
    shutdown: CancellationToken,
    leading: JoinHandle<anyhow::Result<()>>,
    _directory: TempDir,
}

/// Observer that counts, and notes to the microsecond how late each start was.
#[derive(Default)]
pub struct Watch {
    state: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    ended: usize,
    lateness_ms: Vec<f64>,
}

impl Observer for Watch {
    fn record(&self, fact: Fact<'_>) {
        match fact {
            Fact::Started { id, .. } => {
                let due = due_in(id.slot().as_str());
                let mut state = self.lock();
                state.lateness_ms.extend(due.map(|due| now_ms() - due));
            }
            Fact::Ended { .. } => self.lock().ended += 1,
            _ => {}
        }
    }
}

impl Watch {
    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn wait_for_ended(&self, count: usize) {
        while self.lock().ended < count {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes the lateness of all starts, sorted.
    pub fn take_lateness_ms(&self) -> Vec<f64> {
        let mut lateness = std::mem::take(&mut self.lock().lateness_ms);
        lateness.sort_by(f64::total_cmp);
        lateness
    }
}

/// Milliseconds since the epoch, with their fraction.
pub fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}

/// Idempotency key, which says when the push is due.
pub fn key(due_ms: i64, number: usize) -> IdempotencyKey {
    format!("due-{due_ms}-{number}").parse().unwrap_or_else(|_| unreachable!("letters, digits and dashes"))
}

fn due_in(key: &str) -> Option<f64> {
    key.strip_prefix("due-")?.split('-').next()?.parse().ok()
}

/// Work that does nothing.
pub fn empty() -> PushSpec {
    serde_json::from_value(serde_json::json!({ "target": { "type": "empty" } }))
        .unwrap_or_else(|_| unreachable!("a push of the empty target"))
}

pub fn push_at(due_ms: i64, number: usize) -> PushRequest {
    let run_at = chrono::DateTime::from_timestamp_millis(due_ms);
    PushRequest { spec: PushSpec { run_at, ..empty() }, idempotency_key: Some(key(due_ms, number)) }
}

impl Rig {
    pub async fn start() -> anyhow::Result<Self> {
        let directory = TempDir::with_prefix("belfry-bench-")?;
        let store = Store::open(&directory.path().join("belfry.sqlite"))?;
        let watch = Arc::new(Watch::default());
        let runner = Arc::new(Targets::new(TargetSettings::default())?);
        // It pushes faster than anything can run, on purpose.
        let settings = Settings { backlog_limits: BacklogLimits::all(u64::MAX), ..Settings::standalone() };
        let (standalone, waves) =
            Standalone::new(store, settings, Capacity::default(), runner, watch.clone())?;
        let standalone = Arc::new(standalone);
        let now = standalone.engine.ports.clock.now();
        let acquired = standalone
            .store
            .acquire(LANE, &standalone.owner, now, now.plus(Duration::from_secs(86_400)))
            .await?;
        let Acquired::Leader(lease) = acquired else { anyhow::bail!("a new database has a leader") };
        let shutdown = CancellationToken::new();
        let leading = tokio::spawn({
            let (standalone, shutdown) = (Arc::clone(&standalone), shutdown.clone());
            async move { standalone.lead(lease, waves, shutdown).await }
        });
        Ok(Self { standalone, watch, shutdown, leading, _directory: directory })
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.leading.await?
    }
}
