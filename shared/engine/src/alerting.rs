//! From the decision that something is wrong to those who are to hear of it, and to its end.
//!
//! To raise an alert is to write its row, on the way of whatever raises it; that is all that can
//! fail there. Who is told, and when it is over, is another's business, who looks at all rows
//! every now and then: [`Engine::tend_alerts`]. So a receiver that does not answer holds up
//! nobody, and what was decided before a crash is told after it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use belfry_domain::{Circuit, Timestamp};

use crate::{
    Engine, Result,
    ports::{Alert, AlertKind, AlertRow, AlertStore, Alerts, Clock, Notice, Receiver, StoreError},
};

/// What goes on happening is noted so often.
const NOTED: Duration = Duration::from_secs(60);
/// Troubles that nothing says the end of are over when they have not come again for so long.
const QUIET: Duration = Duration::from_secs(24 * 3600);
/// As long as somebody who asked for a test may look at what became of it.
const TEST: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// A receiver that can't be told of an end for this long is told no more.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// How often others may be faster.
const ATTEMPTS: usize = 20;

/// Keeps alerts as rows, and hands them on to another who logs or counts them.
pub struct StoredAlerts {
    pub rows: Arc<dyn AlertStore>,
    pub clock: Arc<dyn Clock>,
    pub also: Arc<dyn Alerts>,
}

#[async_trait]
impl Alerts for StoredAlerts {
    async fn raise(&self, alert: Alert) -> std::result::Result<(), StoreError> {
        let now = self.clock.now();
        let occurs = |found: Option<AlertRow>| match found {
            None => Some(AlertRow::opened(&alert, now)),
            Some(row) if row.is_open() => {
                let is_news = row.is_closing || row.last_at.plus(NOTED) <= now;
                is_news.then(|| AlertRow { last_at: now, is_closing: false, ..row })
            }
            // Those who have not heard of its end believe that it is open, and are right again.
            Some(row) => {
                Some(AlertRow { told: row.told, revision: row.revision, ..AlertRow::opened(&alert, now) })
            }
        };
        change(self.rows.as_ref(), &alert.key(), occurs).await?;
        self.also.raise(alert).await
    }

    async fn resolve(&self, key: &str) -> std::result::Result<(), StoreError> {
        let now = self.clock.now();
        change(self.rows.as_ref(), key, |found| resolved(found?, now)).await?;
        Ok(())
    }
}

/// Writes what `make` makes of the row that is there; nothing where it makes nothing of it.
async fn change(
    rows: &dyn AlertStore,
    key: &str,
    make: impl Fn(Option<AlertRow>) -> Option<AlertRow>,
) -> std::result::Result<Option<AlertRow>, StoreError> {
    for _ in 0..ATTEMPTS {
        let found = rows.alert(key).await?;
        let revision = found.as_ref().map_or(0, |row| row.revision);
        let Some(row) = make(found) else { return Ok(None) };
        let row = AlertRow { revision: revision + 1, ..row };
        if rows.keep_alert(&row).await? {
            return Ok(Some(row));
        }
    }
    Err(StoreError::Unavailable(format!("alert {key} is changing all the time")))
}

fn resolved(row: AlertRow, now: Timestamp) -> Option<AlertRow> {
    row.is_open().then(|| AlertRow { resolved_at: Some(now), tries: 0, next_try_at: now, ..row })
}

impl Engine {
    /// Resolves what is over, tells receivers what they do not know yet, and forgets what is
    /// finished. Only one process should do so at a time, or receivers are told twice.
    pub async fn tend_alerts(&self, receivers: &[Arc<dyn Receiver>]) -> Result<()> {
        for row in self.ports.alert_rows.alerts().await? {
            self.tend(row, receivers).await?;
        }
        Ok(())
    }

    async fn tend(&self, mut row: AlertRow, receivers: &[Arc<dyn Receiver>]) -> Result<()> {
        let rows = self.ports.alert_rows.as_ref();
        let now = self.now();
        if row.is_open() && self.is_over(&row).await? {
            let Some(resolved) = self.resolve(row, now).await? else { return Ok(()) };
            row = resolved;
        }
        if row.next_try_at <= now && !row.is_finished() {
            let Some(told) = self.tell_receivers(&row, receivers).await? else { return Ok(()) };
            row = told;
        }
        if row.is_finished() {
            rows.forget_alert(&row.key, row.revision).await?;
        }
        Ok(())
    }

    /// Says first that it is about to, then looks again. Whoever raises the alert has written why
    /// before: either that is seen here, or this is seen there. None where it is not over.
    async fn resolve(&self, row: AlertRow, now: Timestamp) -> Result<Option<AlertRow>> {
        let rows = self.ports.alert_rows.as_ref();
        let closing = AlertRow { is_closing: true, revision: row.revision + 1, ..row };
        if !rows.keep_alert(&closing).await? || !self.is_over(&closing).await? {
            return Ok(None);
        }
        let resolved = resolved(closing, now).map(|row| AlertRow { revision: row.revision + 1, ..row });
        let Some(row) = resolved else { return Ok(None) };
        Ok(rows.keep_alert(&row).await?.then_some(row))
    }

    /// Whether there is nothing to be told of any more. What other processes resolve is not
    /// looked at here.
    async fn is_over(&self, row: &AlertRow) -> Result<bool> {
        let is_quiet_for = |time| row.last_at.plus(time) <= self.now();
        Ok(match row.kind {
            AlertKind::DeadLetter => {
                let letters = self.ports.dead_letters.dead_letters(row.job_id.as_ref(), None, 1).await?;
                letters.items.is_empty() && letters.next.is_none() && is_quiet_for(FIRST_PAUSE)
            }
            AlertKind::CircuitOpened => match &row.job_id {
                Some(job_id) => matches!(self.job_gate(job_id).await?.circuit, Circuit::Closed { .. }),
                None => true,
            },
            AlertKind::Test => is_quiet_for(TEST),
            AlertKind::SuccessRate | AlertKind::Lateness => false,
            _ => is_quiet_for(QUIET),
        })
    }

    /// One try of all who have not been told. None where the row is another one by now.
    async fn tell_receivers(
        &self,
        row: &AlertRow,
        receivers: &[Arc<dyn Receiver>],
    ) -> Result<Option<AlertRow>> {
        let is_told = |receiver: &&Arc<dyn Receiver>| row.told.contains(receiver.name());
        let untold: Vec<_> = receivers.iter().filter(|receiver| is_told(receiver) != row.is_open()).collect();
        if untold.is_empty() && row.tries > 0 {
            return Ok(Some(row.clone()));
        }
        let notice = Notice::of(row.clone());
        let tellings = untold.iter().map(|receiver| receiver.tell(&notice));
        let outcomes = futures::future::join_all(tellings).await;
        let now = self.now();
        let mut next = row.clone();
        next.troubles.clear();
        for (receiver, outcome) in untold.iter().zip(outcomes) {
            let name = receiver.name().to_owned();
            match outcome {
                Ok(()) if row.is_open() => drop(next.told.insert(name)),
                Ok(()) => drop(next.told.remove(&name)),
                Err(why) => {
                    tracing::warn!(
                        alert.key = row.key,
                        receiver = name,
                        why,
                        "could not be told of an alert"
                    );
                    next.troubles.insert(name, why);
                }
            }
        }
        let has_known = |name: &String| receivers.iter().any(|receiver| receiver.name() == name);
        next.told.retain(has_known);
        if row.resolved_at.is_some_and(|at| at.plus(PATIENCE) <= now) {
            next.told.clear();
        }
        next.tries += 1;
        let pause = FIRST_PAUSE.saturating_mul(1 << row.tries.min(12)).min(LONGEST_PAUSE);
        next.next_try_at = now.plus(pause);
        let is_same =
            |found: &AlertRow| found.opened_at == row.opened_at && found.resolved_at == row.resolved_at;
        let update = |found: Option<AlertRow>| {
            found.filter(is_same).map(|found| AlertRow {
                last_at: found.last_at,
                is_closing: found.is_closing,
                ..next.clone()
            })
        };
        Ok(change(self.ports.alert_rows.as_ref(), &row.key, update).await?)
    }
}
