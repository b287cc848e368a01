//! Alerts: their receivers, and alarms of CloudWatch.
//!
//! CloudWatch watches success rate and lateness over all functions. Its alarms call this function when
//! they change, and so become alerts like those that Belfry raises itself.

use belfry_alerts::{AlertSettings, AwsAccess, Receivers};
use belfry_aws::Installation;
use belfry_engine::{Engine, Result, ports::Alert};
use serde::Deserialize;
use tokio::sync::OnceCell;

/// Variable with the settings of alerts: JSON in the form of the file of `belfry up --alerts`.
const SETTINGS: &str = "BELFRY_ALERTS";

pub struct Alerting {
    settings: AlertSettings,
    access: AwsAccess,
    /// Receivers, built at the first alert: reading the host's certificates takes a while.
    receivers: OnceCell<Receivers>,
}

impl Alerting {
    pub fn new(installation: &Installation) -> Self {
        let sdk = &installation.sdk;
        let access = AwsAccess {
            endpoint: sdk.endpoint_url().map(str::to_owned),
            credentials: sdk.credentials_provider(),
        };
        Self { settings: settings(), access, receivers: OnceCell::new() }
    }

    pub async fn tend(&self, engine: &Engine) -> Result<()> {
        if engine.ports.alert_rows.alerts().await?.is_empty() {
            return Ok(());
        }
        let make = async || {
            let made = self.settings.receivers(&|name| std::env::var(name).ok(), &self.access);
            made.inspect_err(|error| tracing::error!(%error, "no alert receivers: alerts are not sent"))
        };
        let none = Receivers::new();
        engine.tend_alerts(self.receivers.get_or_try_init(make).await.unwrap_or(&none)).await
    }
}

/// Reads the settings of alerts. Unreadable settings are logged and replaced by the defaults, so that
/// jobs start on time all the same.
fn settings() -> AlertSettings {
    let Ok(text) = std::env::var(SETTINGS) else { return AlertSettings::default() };
    serde_json::from_str(&text).unwrap_or_else(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        tracing::error!(place, "cannot read {SETTINGS}: alerts are not sent");
        AlertSettings::default()
    })
}

/// Event with which an alarm of CloudWatch calls a function.
#[derive(Debug, Deserialize)]
pub struct AlarmEvent {
    #[serde(rename = "alarmData")]
    alarm: Alarm,
}

#[derive(Debug, Deserialize)]
struct Alarm {
    #[serde(rename = "alarmName")]
    name: String,
    state: State,
}

#[derive(Debug, Deserialize)]
struct State {
    value: String,
    #[serde(default)]
    reason: String,
}

impl AlarmEvent {
    /// Raises or resolves the alert of this alarm. Alarms with other names, and other states, are
    /// ignored.
    ///
    /// # Errors
    /// The alert can't be stored.
    pub async fn pass_on(&self, engine: &Engine) -> Result<()> {
        let Some(alert) = self.alert() else { return Ok(()) };
        match self.alarm.state.value.as_str() {
            "ALARM" => engine.ports.alerts.raise(alert).await?,
            "OK" => engine.ports.alerts.resolve(&alert.key()).await?,
            _ => {}
        }
        Ok(())
    }

    /// Alert of the alarm, by the names in infra/alarms.tf.
    fn alert(&self) -> Option<Alert> {
        let summary = self.alarm.state.reason.clone();
        if self.alarm.name.ends_with("-success-rate") {
            return Some(Alert::SuccessRate { summary });
        }
        let function = self.alarm.name.strip_suffix("-lateness")?.to_owned();
        Some(Alert::Lateness { function: Some(function), summary })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Event in the form of AWS's own example of a metric alarm.
    fn event(name: &str) -> AlarmEvent {
        let text = format!(
            r#"{{"source": "aws.cloudwatch", "alarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:{name}",
                "accountId": "1", "time": "2026-11-23T00:00:00.000+0000", "region": "eu-west-1",
                "alarmData": {{"alarmName": "{name}", "state": {{"value": "ALARM", "reason": "Threshold Crossed",
                "timestamp": "2026-11-23T00:00:00.000+0000"}}, "previousState": {{"value": "OK"}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn alarms_are_known_by_their_names() {
        let summary = || "Threshold Crossed".to_owned();
        assert_eq!(event("belfry-success-rate").alert(), Some(Alert::SuccessRate { summary: summary() }));
        let late = event("belfry-worker-lateness").alert().unwrap();
        assert_eq!(late, Alert::Lateness { function: Some("belfry-worker".to_owned()), summary: summary() });
        assert_eq!(late.key(), "lateness/belfry-worker");
        assert_eq!(event("belfry-no-tick").alert(), None);
    }
}
