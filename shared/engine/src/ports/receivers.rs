//! Receivers: who is told of alerts.

use async_trait::async_trait;

use super::AlertRow;

/// What a receiver is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub alert: AlertRow,
    /// The same for a notice that is sent again: what a receiver drops doubles by.
    pub id: String,
}

impl Notice {
    pub fn of(alert: AlertRow) -> Self {
        let what = if alert.is_open() { "opened" } else { "resolved" };
        Self { id: format!("{}/{}/{what}", alert.key, alert.opened_at.0), alert }
    }
}

/// Somebody who is told of alerts.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Stable: what is kept of whom was told is kept under it.
    fn name(&self) -> &str;

    /// At least once; whatever is wrong is told in words without secrets.
    async fn tell(&self, notice: &Notice) -> Result<(), String>;
}
