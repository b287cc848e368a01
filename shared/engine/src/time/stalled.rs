//! Alert of an installation whose ticks don't succeed. The store may be what fails, so the alert is not
//! a row: the leader keeps it in memory and tells the receivers itself.

use std::{pin::pin, sync::Arc, time::Duration};

use belfry_domain::Timestamp;
use futures::future::{Either, join_all, select};

use crate::{
    Engine,
    alerts::{
        alerting::learned,
        repeat::{is_due_daily, repeated},
        stored::resolved,
    },
    ports::{Alert, AlertRow, Notice, Receiver},
};

/// Watch over the ticks of the installation that this process leads.
#[derive(Default)]
pub struct StallWatch {
    /// Monotonic time of the last check that found nothing wrong.
    well_at: Option<Duration>,
    /// The alert while it is open, and until its receivers know that it is over.
    alert: Option<AlertRow>,
}

impl StallWatch {
    /// Checks whether ticks succeed, and tells receivers of what they don't know yet. The caller does
    /// this every second, beside everything else: it takes as long as the receivers take.
    pub async fn check(&mut self, engine: &Engine, receivers: &[Arc<dyn Receiver>]) {
        let why = self.why_stalled(engine).await;
        let now = engine.now();
        self.alert = match (self.alert.take(), why) {
            (None, None) => None,
            (Some(row), None) if row.is_open() => {
                tracing::info!("ticks succeed again");
                resolved(row, now)
            }
            (Some(row), Some(_)) if row.is_open() && is_due_daily(&row, now) => Some(repeated(row, now)),
            (Some(row), Some(_)) if row.is_open() => Some(row),
            (row, Some(why)) => {
                tracing::error!(why, "stalled");
                let heard = row.map(|row| row.heard).unwrap_or_default();
                Some(AlertRow { heard, ..AlertRow::opened(&Alert::Stalled { summary: why }, now) })
            }
            (row, None) => row,
        };
        self.tell(now, receivers).await;
    }

    async fn why_stalled(&mut self, engine: &Engine) -> Option<String> {
        let (clock, limit) = (&engine.ports.clock, engine.settings.stalled_after);
        let outcome = match select(pin!(engine.why_stalled()), clock.sleep(limit)).await {
            Either::Left((outcome, _)) => outcome.map_err(|error| error.to_string()),
            Either::Right(_) => Err("it does not answer".to_owned()),
        };
        let elapsed = clock.monotonic();
        let well_at = *self.well_at.get_or_insert(elapsed);
        match outcome {
            Ok(None) => {
                self.well_at = Some(elapsed);
                None
            }
            Ok(why) => why,
            Err(error) => {
                let age = elapsed.saturating_sub(well_at);
                let seconds = age.as_secs();
                (age >= limit).then(|| {
                    format!("the store has failed for {seconds} s, so due jobs do not start: {error}")
                })
            }
        }
    }

    async fn tell(&mut self, now: Timestamp, receivers: &[Arc<dyn Receiver>]) {
        let Some(row) = self.alert.take_if(|row| row.next_try_at <= now) else { return };
        let notice = Notice::of(row);
        let news = receivers.iter().filter(|receiver| notice.alert.is_news_to(receiver.name()));
        let tellings = news.map(async |receiver| (receiver.name(), receiver.tell(&notice).await));
        let outcomes = join_all(tellings).await;
        for (receiver, why) in outcomes.iter().filter_map(|(name, told)| Some((name, told.as_ref().err()?))) {
            tracing::warn!(receiver, why, "cannot notify a receiver of the stall");
        }
        let row = learned(notice.alert.clone(), &notice.alert, &outcomes, now);
        self.alert = Some(row).filter(|row| row.is_open() || !row.heard.is_empty());
    }
}
