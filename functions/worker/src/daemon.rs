//! Worker as a daemon: it takes messages of its pools for as long as it lives.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use belfry_engine::{
    Engine, EngineError, REPORT_EVERY, Worker,
    ports::{Delivery, Load, Source, StoreError, WorkerKind, WorkerReport},
};
use futures::future::{join_all, try_join_all};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Maximum number of messages that are taken at once. More would only wait here instead of in their
/// queue, where more urgent messages could overtake them.
const BATCH: usize = 256;
/// Wait for a message of the pool's own queues, before other pools are considered.
const IDLE: Duration = Duration::from_secs(5);
/// Pause after a queue did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Parts and settings of a daemon.
pub struct DaemonOptions {
    pub engine: Arc<Engine>,
    pub worker: Worker,
    pub source: Arc<dyn Source>,
    /// Number of attempts at once, by pool.
    pub pools: Vec<(String, usize)>,
    /// Pools that idle pools may take messages from. A pool permits it by being named here.
    pub steal_from: Vec<String>,
    /// Labels for people.
    pub labels: BTreeMap<String, String>,
}

pub struct Daemon {
    options: DaemonOptions,
    pools: Vec<Arc<Pool>>,
    is_draining: watch::Sender<bool>,
}

struct Pool {
    name: String,
    capacity: usize,
    places: Arc<Semaphore>,
    /// Whether a place is reserved for the next message.
    is_waiting: AtomicBool,
}

impl Pool {
    fn load(&self) -> Load {
        let taken = self.capacity - self.places.available_permits();
        let running = taken.saturating_sub(usize::from(self.is_waiting.load(Ordering::Relaxed)));
        Load { capacity: self.capacity as u32, running: running as u32 }
    }
}

impl Daemon {
    pub fn new(options: DaemonOptions) -> Arc<Self> {
        let pool = |(name, capacity): &(String, usize)| {
            let places = Arc::new(Semaphore::new(*capacity));
            Arc::new(Pool {
                name: name.clone(),
                capacity: *capacity,
                places,
                is_waiting: AtomicBool::new(false),
            })
        };
        let pools = options.pools.iter().map(pool).collect();
        Arc::new(Self { options, pools, is_draining: watch::Sender::new(false) })
    }

    /// Runs attempts of its pools until `shutdown`, and returns when the running ones have ended.
    pub async fn serve(self: Arc<Self>, shutdown: CancellationToken) {
        let mut reporting = JoinSet::new();
        reporting.spawn(Arc::clone(&self).report_for_ever());
        let mut pools = JoinSet::new();
        for pool in &self.pools {
            pools.spawn(Arc::clone(&self).serve_pool(Arc::clone(pool), shutdown.clone()));
        }
        while pools.join_next().await.is_some() {}
        reporting.shutdown().await;
        let DaemonOptions { engine, worker, .. } = &self.options;
        if let Err(error) = engine.forget_worker(&worker.id).await {
            tracing::debug!(%error, "cannot remove this worker from the list; its entry will expire");
        }
    }

    async fn serve_pool(self: Arc<Self>, pool: Arc<Pool>, shutdown: CancellationToken) {
        let mut attempts = JoinSet::new();
        while !shutdown.is_cancelled() {
            self.take(&pool, &mut attempts, &shutdown).await;
            while attempts.try_join_next().is_some() {}
        }
        while attempts.join_next().await.is_some() {}
    }

    async fn take(self: &Arc<Self>, pool: &Pool, attempts: &mut JoinSet<()>, shutdown: &CancellationToken) {
        let Some(Some(first)) = shutdown.run_until_cancelled(self.place(pool)).await else { return };
        let free = pool.places.available_permits() + 1;
        pool.is_waiting.store(true, Ordering::Relaxed);
        let received = self.receive(pool, free, shutdown).await;
        pool.is_waiting.store(false, Ordering::Relaxed);
        let deliveries = match received {
            Ok(deliveries) => deliveries,
            Err(error) => {
                self.report(&pool.name, &error.into());
                shutdown.run_until_cancelled(self.options.engine.ports.clock.sleep(PAUSE)).await;
                return;
            }
        };
        if shutdown.is_cancelled() {
            let loans = deliveries.iter().filter_map(|delivery| delivery.loan.as_ref());
            join_all(loans.map(|loan| loan.give_back())).await;
            return;
        }
        let mut first = Some(first);
        for delivery in deliveries {
            let place = first.take().or_else(|| Arc::clone(&pool.places).try_acquire_owned().ok());
            attempts.spawn(Arc::clone(self).execute(delivery, place));
        }
    }

    /// Place for one attempt, once there is one and the worker is not draining.
    async fn place(&self, pool: &Pool) -> Option<OwnedSemaphorePermit> {
        // Its sender is this daemon's own, and lives as long.
        let _ = self.is_draining.subscribe().wait_for(|is_draining| !is_draining).await;
        Arc::clone(&pool.places).acquire_owned().await.ok()
    }

    /// Receives messages from the pool's own queues. While these are empty, receives from the deepest
    /// pool that `steal_from` names.
    async fn receive(
        &self,
        pool: &Pool,
        free: usize,
        shutdown: &CancellationToken,
    ) -> Result<Vec<Delivery>, StoreError> {
        let DaemonOptions { source, steal_from, .. } = &self.options;
        let own = source.receive(&pool.name, free.min(BATCH), IDLE, shutdown).await?;
        // One place stays free for work of its own, where there is more than one.
        let limit = if pool.capacity > 1 { free - 1 } else { free };
        if !own.is_empty() || limit == 0 || steal_from.is_empty() || shutdown.is_cancelled() {
            return Ok(own);
        }
        let others = steal_from.iter().filter(|name| **name != pool.name);
        let depths = others.map(async |name| Ok((source.depth_of(name).await?, name)));
        let depths: Vec<(u64, &String)> = try_join_all(depths).await?;
        match depths.into_iter().max_by_key(|(depth, _)| *depth) {
            Some((1.., deepest)) => source.receive(deepest, limit.min(BATCH), Duration::ZERO, shutdown).await,
            _ => Ok(Vec::new()),
        }
    }

    async fn execute(self: Arc<Self>, delivery: Delivery, place: Option<OwnedSemaphorePermit>) {
        let Delivery { message, loan } = delivery;
        let execution = self.options.engine.execute(&message, &self.options.worker);
        let outcome = match &loan {
            None => execution.await,
            Some(loan) => tokio::select! {
                outcome = execution => outcome,
                never = loan.hold() => match never {},
            },
        };
        drop(place);
        match (outcome, loan) {
            (Ok(_), Some(loan)) => loan.settle().await,
            (Ok(_), None) => {}
            (Err(error), _) => self.report(message.execution_id.as_str(), &error),
        }
    }

    /// Reports the worker again and again, and learns whether it is to drain.
    async fn report_for_ever(self: Arc<Self>) {
        loop {
            match self.options.engine.report_worker(self.presence()).await {
                Ok(is_draining) => {
                    let has_changed = self.is_draining.send_replace(is_draining) != is_draining;
                    if has_changed && is_draining {
                        tracing::info!("draining: this worker takes no new work");
                    }
                }
                Err(error) => tracing::debug!(%error, "cannot report this worker as alive"),
            }
            tokio::time::sleep(REPORT_EVERY).await;
        }
    }

    fn presence(&self) -> WorkerReport {
        WorkerReport {
            id: self.options.worker.id.clone(),
            kind: WorkerKind::Daemon,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            seen_at: self.options.engine.ports.clock.now(),
            pools: self.pools.iter().map(|pool| (pool.name.clone(), pool.load())).collect(),
            labels: self.options.labels.clone(),
        }
    }

    /// Logs an error. The sweep takes up whatever failed here.
    #[expect(clippy::unused_self, reason = "reads as what the daemon does")]
    fn report(&self, what: &str, error: &EngineError) {
        match error {
            EngineError::Store(StoreError::Fenced) => tracing::debug!(what, "the new leader will continue"),
            error => tracing::warn!(what, %error, "failed; the sweep will retry"),
        }
    }
}
