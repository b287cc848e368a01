//! The worker as a daemon: takes messages of its pools for as long as it lives.

use std::sync::Arc;

use belfry_engine::{
    Engine, EngineError, Worker,
    ports::{Source, StoreError},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Messages taken at once at most: more would only wait here instead of in their queue, where
/// others could overtake them.
const BATCH: usize = 256;

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
        let messages = match self.source.receive(pool, limit).await {
            Ok(messages) => messages,
            Err(error) => return self.report(pool, &error.into()),
        };
        let mut first = Some(first);
        for message in messages {
            let place = first.take().or_else(|| Arc::clone(places).try_acquire_owned().ok());
            attempts.spawn(Arc::clone(self).execute(message, place));
        }
    }

    async fn execute(self: Arc<Self>, message: belfry_domain::Message, place: Option<OwnedSemaphorePermit>) {
        if let Err(error) = self.engine.execute(&message, &self.worker).await {
            self.report(message.execution_id.as_str(), &error);
        }
        drop(place);
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
