//! The worker as a daemon: takes messages of its pools for as long as it lives.

use std::{sync::Arc, time::Duration};

use belfry_engine::{
    Engine, EngineError, Worker,
    ports::{Delivery, Source, StoreError},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Messages taken at once at most: more would only wait here instead of in their queue, where
/// others could overtake them.
const BATCH: usize = 256;
/// After a queue did not answer.
const PAUSE: Duration = Duration::from_secs(1);

pub struct Daemon {
    pub engine: Arc<Engine>,
    pub worker: Worker,
    pub source: Arc<dyn Source>,
}

impl Daemon {
    /// Runs up to `capacity` attempts of a pool at once, until `shutdown`; then returns when those
    /// that run have ended.
    pub async fn serve(self: Arc<Self>, pool: String, capacity: usize, shutdown: CancellationToken) {
        let places = Arc::new(Semaphore::new(capacity));
        let mut attempts = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.take(&pool, &places, &mut attempts) => {}
            }
            while attempts.try_join_next().is_some() {}
        }
        while attempts.join_next().await.is_some() {}
    }

    async fn take(self: &Arc<Self>, pool: &str, places: &Arc<Semaphore>, attempts: &mut JoinSet<()>) {
        let Ok(first) = Arc::clone(places).acquire_owned().await else { return };
        let limit = (places.available_permits() + 1).min(BATCH);
        let deliveries = match self.source.receive(pool, limit).await {
            Ok(deliveries) => deliveries,
            Err(error) => {
                self.report(pool, &error.into());
                return self.engine.ports.clock.sleep(PAUSE).await;
            }
        };
        let mut first = Some(first);
        for delivery in deliveries {
            let place = first.take().or_else(|| Arc::clone(places).try_acquire_owned().ok());
            attempts.spawn(Arc::clone(self).execute(delivery, place));
        }
    }

    async fn execute(self: Arc<Self>, delivery: Delivery, place: Option<OwnedSemaphorePermit>) {
        let Delivery { message, loan } = delivery;
        let execution = self.engine.execute(&message, &self.worker);
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

    /// What failed here is found again by the sweep.
    #[expect(clippy::unused_self, reason = "reads as what the daemon does")]
    fn report(&self, what: &str, error: &EngineError) {
        match error {
            EngineError::Store(StoreError::Fenced) => tracing::debug!(what, "left to the new leader"),
            error => tracing::warn!(what, %error, "left to the sweep"),
        }
    }
}
