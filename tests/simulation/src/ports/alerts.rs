//! Alerts, and their receiver.

use async_trait::async_trait;
use belfry_engine::ports::{Alert, AlertRow, AlertStore, Alerts, Notice, Receiver};

use super::{Chaos, Result};
use crate::shadow::RECEIVER;

/// Percentages: how often the receiver does not take what it is told, and how often it takes it and
/// says that it does not.
const DEAF: u64 = 15;
const GARBLED: u64 = 15;

#[async_trait]
impl Alerts for Chaos {
    async fn raise(&self, alert: Alert) -> Result<()> {
        self.call("raise", async {
            let name = match alert {
                Alert::DeadLetter { .. } => "alert: dead letter",
                Alert::MissedDeadline { .. } => "alert: missed deadline",
                Alert::CircuitOpened { .. } => "alert: circuit opened",
                Alert::Quarantined { .. } => "alert: quarantined",
                _ => "alert: other",
            };
            self.world.with(|state| state.coverage.add(name));
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl AlertStore for Chaos {
    async fn alert(&self, key: &str) -> Result<Option<AlertRow>> {
        self.call("alert", self.backend.store.alert(key)).await
    }

    async fn alerts(&self) -> Result<Vec<AlertRow>> {
        self.call("alerts", self.backend.store.alerts()).await
    }

    async fn keep_alert(&self, row: &AlertRow) -> Result<bool> {
        self.call("keep_alert", async {
            let is_kept = self.backend.keep_alert(row).await?;
            self.world.with(|state| match is_kept {
                true if self.backend.drops_alert(row) => {}
                true => state.shadow.keep_alert(row),
                false => state.coverage.add("alert: a write refused"),
            });
            Ok(is_kept)
        })
        .await
    }

    async fn forget_alert(&self, key: &str, revision: u64) -> Result<bool> {
        self.call("forget_alert", async {
            let is_gone = self.backend.store.forget_alert(key, revision).await?;
            self.world.with(|state| is_gone.then(|| state.shadow.alerts.remove(key)));
            Ok(is_gone)
        })
        .await
    }
}

#[async_trait]
impl Receiver for Chaos {
    fn name(&self) -> &'static str {
        RECEIVER
    }

    async fn tell(&self, notice: &Notice) -> std::result::Result<(), String> {
        let is_taken = self.call("tell", async {
            let is_open = notice.alert.is_open();
            self.note(|| {
                format!("told that {} is {}", notice.alert.key, if is_open { "open" } else { "over" })
            });
            Ok(self.world.with(|state| {
                let luck = if state.has_faults() { state.rng.below(100) } else { 100 };
                if luck >= DEAF {
                    state.shadow.hear(&notice.alert);
                }
                state.coverage.add(if is_open { "alert: told" } else { "alert: told that it is over" });
                luck >= DEAF + GARBLED
            }))
        });
        match is_taken.await {
            Ok(true) => Ok(()),
            Ok(false) => Err("HTTP 500".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}
