//! Alerts on AWS: messages on the queue of dead letters, lines in the log, and metrics with alarms.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_sqs::{Client, error::DisplayErrorContext, operation::get_queue_url::GetQueueUrlError};
use belfry_domain::ExecutionId;
use belfry_engine::ports::{Alert, Alerts, StoreError};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::{
    Names,
    telemetry::{Metric, Metrics},
};

pub struct AwsAlerts {
    client: Client,
    names: Names,
    metrics: Arc<Metrics>,
    url: OnceCell<Option<String>>,
}

impl AwsAlerts {
    pub fn new(client: Client, names: Names, metrics: Arc<Metrics>) -> Self {
        Self { client, names, metrics, url: OnceCell::new() }
    }

    /// URL of the queue of dead letters. `None` where the installation has no such queue.
    async fn url(&self) -> Result<Option<&str>, StoreError> {
        let ask = || async {
            match self.client.get_queue_url().queue_name(self.names.dead_letter_queue()).send().await {
                Ok(found) => Ok(found.queue_url),
                Err(error)
                    if error.as_service_error().is_some_and(GetQueueUrlError::is_queue_does_not_exist) =>
                {
                    Ok(None)
                }
                Err(error) => Err(StoreError::Unavailable(DisplayErrorContext(error).to_string())),
            }
        };
        Ok(self.url.get_or_try_init(ask).await?.as_deref())
    }

    async fn send_dead_letter(&self, id: &ExecutionId, reason: &str) -> Result<(), StoreError> {
        let Some(url) = self.url().await? else { return Ok(()) };
        let letter = json!({ "execution_id": id, "job_id": id.job_id(), "reason": reason });
        let body = json!({ "format": 1, "dead_letter": letter }).to_string();
        let sent = self.client.send_message().queue_url(url).message_body(body).send().await;
        sent.map_err(|error| StoreError::Unavailable(DisplayErrorContext(error).to_string()))?;
        Ok(())
    }
}

#[async_trait]
impl Alerts for AwsAlerts {
    async fn raise(&self, alert: Alert) -> Result<(), StoreError> {
        match alert {
            Alert::DeadLetter { id, reason } => {
                self.send_dead_letter(&id, &reason).await?;
                self.metrics.count(Metric::DeadLetters, 1);
                tracing::error!(execution.id = %id, reason, "dead letter: see `belfry dead-letters`");
            }
            Alert::Quarantined { what, why } => {
                self.metrics.count(Metric::Quarantined, 1);
                tracing::error!(what, why, "quarantined: cannot be used");
            }
            Alert::TimerMissing { job_id } => {
                self.metrics.count(Metric::TimersMissing, 1);
                tracing::error!(job.id = %job_id, "the audit added the missing timer of a job; please report this defect");
            }
            other => tracing::error!(alert.kind = other.kind().as_str(), summary = other.summary(), "alert"),
        }
        Ok(())
    }
}
