use std::{sync::Arc, time::Duration};

use belfry_aws::{
    Installation,
    sqs::{Answer, Body, Event},
    telemetry::Metrics,
};
use belfry_domain::Wave;
use belfry_engine::{Engine, Result};
use lambda_runtime::Error;

/// Longest wait for a wave's second. The queue delivers up to a second early; more than this means that
/// clocks differ.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

pub struct Dispatcher {
    engine: Engine,
    metrics: Arc<Metrics>,
}

impl Dispatcher {
    pub fn new(installation: Installation) -> Self {
        Self { engine: installation.engine(), metrics: installation.metrics }
    }

    pub async fn handle(&self, event: &Event) -> std::result::Result<Answer, Error> {
        let answer = event.handle(self.engine.ports.alerts.as_ref(), async |body| self.dispatch(body).await);
        let answer = answer.await;
        self.metrics.flush();
        Ok(answer)
    }

    async fn dispatch(&self, body: Body) -> Result<()> {
        match body {
            Body::Wave(wave) if self.is_early(&wave) => Ok(self.engine.ports.queue.defer(vec![wave]).await?),
            Body::Wave(wave) => self.engine.dispatch(wave).await,
            Body::Slot { job_id, slot } => {
                let is_first = self.engine.called(&job_id, slot).await?;
                tracing::debug!(job.id = %job_id, %slot, is_first, "slot called by the second clock");
                Ok(())
            }
            _ => {
                tracing::warn!("dropped a message that is not for the dispatcher");
                Ok(())
            }
        }
    }

    fn is_early(&self, wave: &Wave) -> bool {
        let now = self.engine.ports.clock.now().plus(LONGEST_WAIT);
        wave.second > now.second()
    }
}
