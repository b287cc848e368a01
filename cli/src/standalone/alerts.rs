//! Alerts of a single process: lines in its log, and notices to receivers.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use belfry_alerts::{AlertSettings, Receivers};
use belfry_engine::{
    Judge, StallWatch, Thresholds, Watch,
    ports::{Alert, Alerts, StoreError},
};

use tokio::time::MissedTickBehavior;

use super::Standalone;

/// Interval at which alerts are tended, so the longest delay of a notice.
const TEND: Duration = Duration::from_secs(1);
/// Interval at which success rate and lateness are checked.
const JUDGE: Duration = Duration::from_secs(10);

/// Receivers of alerts, and the conditions that raise alerts.
#[derive(Default)]
pub struct Alerting {
    pub receivers: Receivers,
    /// Thresholds, and the counts that are compared with them. `None` for a belfry that ends with its
    /// work.
    pub watch: Option<(Thresholds, Arc<Watch>)>,
}

impl Alerting {
    pub fn new(receivers: Receivers, settings: &AlertSettings) -> Self {
        let thresholds = Thresholds {
            success_percent: settings.success_rate.percent,
            at_least: settings.success_rate.at_least,
            success_window: settings.success_rate.window.0,
            late_after: settings.lateness.longer_than.0,
            late_at_least: settings.lateness.at_least,
            lateness_window: settings.lateness.window.0,
        };
        let watch = Arc::new(Watch::new(thresholds.late_after));
        Self { receivers, watch: Some((thresholds, watch)) }
    }
}

impl Standalone {
    pub(super) async fn watch_for_alerts(self: Arc<Self>) {
        let mut tending = tokio::time::interval(TEND);
        let mut judging = tokio::time::interval(JUDGE);
        let mut judge = self.alerting.watch.as_ref().map(|(thresholds, _)| Judge::new(*thresholds));
        let began = self.engine.ports.clock.monotonic();
        loop {
            let outcome = tokio::select! {
                _ = tending.tick() => self.engine.tend_alerts(&self.alerting.receivers).await,
                _ = judging.tick() => self.judge(judge.as_mut(), began).await.map_err(Into::into),
            };
            if let Err(error) = outcome {
                tracing::warn!(%error, "alerts could not be processed; the next round tries again");
            }
        }
    }

    /// Watches whether ticks succeed. Apart from the other alerts, which need the store.
    pub(super) async fn watch_ticks(self: Arc<Self>) {
        let mut checks = tokio::time::interval(TEND);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watch = StallWatch::default();
        loop {
            checks.tick().await;
            watch.check(&self.engine, &self.alerting.receivers).await;
        }
    }

    async fn judge(&self, judge: Option<&mut Judge>, began: Duration) -> Result<(), StoreError> {
        let Some((judge, (_, watch))) = judge.zip(self.alerting.watch.as_ref()) else { return Ok(()) };
        let ports = &self.engine.ports;
        judge.judge(watch, ports.clock.monotonic().saturating_sub(began), ports.alerts.as_ref()).await
    }
}

pub struct LoggedAlerts;

#[async_trait]
impl Alerts for LoggedAlerts {
    async fn raise(&self, alert: Alert) -> Result<(), StoreError> {
        match alert {
            Alert::DeadLetter { id, reason } => {
                tracing::error!(execution.id = %id, reason, "dead letter: see `belfry dead-letters`");
            }
            Alert::Quarantined { what, why } => tracing::error!(what, why, "quarantined: cannot be read"),
            Alert::TimerMissing { job_id } => {
                tracing::error!(job.id = %job_id, "the audit added the missing timer of a job; please report this defect");
            }
            Alert::Test { by } => tracing::info!(by, "test alert"),
            other => tracing::error!(alert.kind = other.kind().as_str(), summary = other.summary(), "alert"),
        }
        Ok(())
    }
}
