//! Receivers of alerts.

use async_trait::async_trait;

use super::AlertRow;

/// Notice to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub alert: AlertRow,
    /// Id of the notice. A notice that is sent again has the same id, so that receivers can drop
    /// duplicates.
    pub id: String,
}

impl Notice {
    pub fn of(alert: AlertRow) -> Self {
        let what = match alert.repeats {
            _ if !alert.is_open() => "resolved".to_owned(),
            0 => "opened".to_owned(),
            repeats => format!("opened/{repeats}"),
        };
        Self { id: format!("{}/{}/{what}", alert.key, alert.opened_at.0), alert }
    }
}

/// Receiver of alerts, such as a webhook.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Stable name of the receiver. The record of what it was told is kept under this name.
    fn name(&self) -> &str;

    /// Tells the receiver, which may get the same notice more than once.
    ///
    /// # Errors
    /// The reason in words, without secrets.
    async fn tell(&self, notice: &Notice) -> Result<(), String>;
}
