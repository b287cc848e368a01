//! Alerts as they are raised: only their rows are written, each from the row that was there before.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use belfry_domain::Timestamp;

use crate::ports::{Alert, AlertRow, AlertStore, Alerts, Clock, StoreError};

/// Interval at which `last_at` of an ongoing alert is updated.
const NOTED: Duration = Duration::from_secs(60);
/// Number of tries to write an alert while other writers come first.
const ATTEMPTS: usize = 20;

type Stored<T> = Result<T, StoreError>;

/// Alerts that are kept as rows, and passed on to `also`, which logs or counts them.
pub struct StoredAlerts {
    pub rows: Arc<dyn AlertStore>,
    pub clock: Arc<dyn Clock>,
    pub also: Arc<dyn Alerts>,
}

#[async_trait]
impl Alerts for StoredAlerts {
    async fn raise(&self, alert: Alert) -> Stored<()> {
        let now = self.clock.now();
        let occurs = |found: Option<AlertRow>| match found {
            None => Some(AlertRow::opened(&alert, now)),
            Some(row) if row.is_open() => {
                let is_news = row.is_closing || row.last_at.plus(NOTED) <= now;
                is_news.then(|| occurred(row, &alert, now))
            }
            Some(row) => row.kind.recurs().then(|| reopened(row, AlertRow::opened(&alert, now))),
        };
        change(self.rows.as_ref(), &alert.key(), occurs).await?;
        self.also.raise(alert).await
    }

    async fn came_back(&self, alert: &Alert) -> Stored<()> {
        let now = self.clock.now();
        let note = |found: Option<AlertRow>| {
            let row = found.filter(|row| row.is_open() && !row.has_come_back)?;
            Some(AlertRow { has_come_back: true, ..occurred(row, alert, now) })
        };
        change(self.rows.as_ref(), &alert.key(), note).await
    }

    async fn resolve(&self, key: &str) -> Stored<()> {
        let now = self.clock.now();
        change(self.rows.as_ref(), key, |found| resolved(found?, now)).await
    }
}

fn occurred(row: AlertRow, alert: &Alert, now: Timestamp) -> AlertRow {
    let (summary, execution_id, cause) = (alert.summary(), alert.execution_id(), alert.cause());
    AlertRow { last_at: now, is_closing: false, summary, execution_id, cause, ..row }
}

/// Row of an alert that opens again. Those who have not heard of its end believe that it is open, and are
/// right again.
pub(super) fn reopened(row: AlertRow, opened: AlertRow) -> AlertRow {
    AlertRow { heard: row.heard, notified: row.notified, revision: row.revision, ..opened }
}

/// Writes the row that `make` makes from the present row. Writes nothing where it returns `None`, or
/// where the present row can't be read: it is a newer version's, which tells of it.
pub(super) async fn change(
    rows: &dyn AlertStore,
    key: &str,
    make: impl Fn(Option<AlertRow>) -> Option<AlertRow>,
) -> Stored<()> {
    for _ in 0..ATTEMPTS {
        let found = match rows.alert(key).await {
            Err(StoreError::Unreadable { what, why }) => {
                tracing::warn!(what, why, "an alert can't be read, and stays as it is");
                return Ok(());
            }
            found => found?,
        };
        let revision = found.as_ref().map_or(0, |row| row.revision);
        let Some(row) = make(found) else { return Ok(()) };
        if rows.keep_alert(&AlertRow { revision: revision + 1, ..row }).await? {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable(format!("other processes keep changing alert {key}; try again")))
}

pub(crate) fn resolved(row: AlertRow, now: Timestamp) -> Option<AlertRow> {
    row.is_open().then_some(AlertRow { resolved_at: Some(now), tries: 0, next_try_at: now, ..row })
}
