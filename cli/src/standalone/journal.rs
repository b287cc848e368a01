//! Log lines for a person who watches `belfry up`: jobs that start, end, fail and are retried.

use std::sync::Arc;

use belfry_api::Telemetry;
use belfry_domain::{ExecutionId, JobId, Status};
use belfry_engine::{
    Watch,
    ports::{Fact, Observer},
};

/// Journal that counts everything, and logs a line for events of jobs. Pushed work, of which there may
/// be thousands a second, is logged at the level `debug`.
pub struct Journal {
    pub telemetry: Arc<Telemetry>,
    pub watch: Option<Arc<Watch>>,
}

impl Observer for Journal {
    fn record(&self, fact: Fact<'_>) {
        match &fact {
            Fact::Started { id, attempt, lateness } if is_job(id) => {
                tracing::info!(execution.id = %id, attempt, lateness_ms = lateness.as_millis(), "started");
            }
            Fact::Retried { id, failures, delay } => {
                tracing::warn!(execution.id = %id, failures, delay_ms = delay.as_millis(), "attempt failed, will retry");
            }
            Fact::Lost { id, attempt } => {
                tracing::warn!(execution.id = %id, attempt, "attempt lost: no heartbeat from its worker");
            }
            Fact::Ended { id, status, .. } => ended(id, *status),
            Fact::Misfired { job_id, slot } => {
                tracing::warn!(job.id = %job_id, %slot, "missed slot skipped by the misfire policy");
            }
            _ => {}
        }
        if let Some(watch) = &self.watch {
            watch.record(fact.clone());
        }
        self.telemetry.record(fact);
    }
}

fn ended(id: &ExecutionId, status: Status) {
    match status {
        Status::Success | Status::Skipped if is_job(id) => {
            tracing::info!(execution.id = %id, %status, "ended");
        }
        Status::Success | Status::Skipped => tracing::debug!(execution.id = %id, %status, "ended"),
        _ => tracing::warn!(execution.id = %id, %status, "ended"),
    }
}

fn is_job(id: &ExecutionId) -> bool {
    !id.as_str().starts_with(JobId::PUSH) || id.job_id().as_str() != JobId::PUSH
}
