//! Alerts of a single process: lines in its log.

use async_trait::async_trait;
use belfry_engine::ports::{Alert, Alerts, StoreError};

pub struct LoggedAlerts;

#[async_trait]
impl Alerts for LoggedAlerts {
    async fn raise(&self, alert: Alert) -> Result<(), StoreError> {
        match alert {
            Alert::DeadLetter { id, reason } => {
                tracing::error!(execution.id = %id, reason, "dead letter: see `belfry dead-letters`");
            }
            Alert::Quarantined { what, why } => tracing::error!(what, why, "put aside: it can't be read"),
            Alert::TimerMissing { job_id } => {
                tracing::error!(job.id = %job_id, "the audit gave a job its missing timer; please report this");
            }
            other => tracing::error!(alert = ?other, "alert"),
        }
        Ok(())
    }
}
