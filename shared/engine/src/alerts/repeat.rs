//! When receivers are told again of an alert that is still open, and how many notices they get.
//!
//! An alert is told again when its condition comes back after it had seemed to be over, and at least daily.
//! If it comes back again and again, the pauses between the notices double, from half a minute to an hour.
//! A notice that a receiver can't be told now, because of its limit, waits for a later pass.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use belfry_domain::Timestamp;
use futures::{StreamExt as _, stream};

use crate::{
    Engine, Result,
    ports::{AlertRow, DeliveryState, Receiver},
};

/// Shortest time between two notices of one open alert.
pub(super) const SHORTEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest time between two notices of an open alert that keeps coming back, and between two tries to tell one.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// Number of alerts that are worked on at once.
pub(super) const AT_ONCE: usize = 8;
const DAILY: Duration = Duration::from_secs(24 * 3600);
/// Maximum number of notices to one receiver in [`PERIOD`].
const NOTICES: usize = 20;
const PERIOD: Duration = Duration::from_secs(60);

impl Engine {
    /// Prepares the alerts that are to be told again. Returns all rows as they are now, without those that
    /// others are changing, and an error of the store, if there was one.
    pub(super) async fn repeat_all(&self, rows: Vec<AlertRow>) -> (Vec<AlertRow>, Result<()>) {
        let now = self.now();
        let repeat = |row: AlertRow| async move {
            if !is_to_repeat(&row, now) {
                return Ok(Some(row));
            }
            let next = AlertRow { revision: row.revision + 1, ..repeated(row, now) };
            Ok(self.ports.alert_rows.keep_alert(&next).await?.then_some(next))
        };
        let rows: Vec<Result<Option<AlertRow>>> =
            stream::iter(rows).map(repeat).buffered(AT_ONCE).collect().await;
        let (rows, failed): (Vec<_>, Vec<_>) = rows.into_iter().partition(Result::is_ok);
        let failed = failed.into_iter().try_for_each(|error| error.map(drop));
        (rows.into_iter().flatten().flatten().collect(), failed)
    }
}

fn is_to_repeat(row: &AlertRow, now: Timestamp) -> bool {
    if !row.is_open() || row.tries == 0 {
        return false;
    }
    let is_back = row.has_come_back || (row.members.is_some() && row.last_at > row.announced());
    let pause = SHORTEST_PAUSE.saturating_mul(1 << row.pace.min(12)).min(LONGEST_PAUSE);
    is_due_daily(row, now) || (is_back && row.announced().plus(pause) <= now)
}

/// Whether nobody was told of the open alert for a day.
pub(crate) fn is_due_daily(row: &AlertRow, now: Timestamp) -> bool {
    // A clock that was ahead may have told of it.
    let is_past = row.announced().plus(DAILY) <= now || row.announced() > now.plus(LONGEST_PAUSE);
    is_past && row.group.is_none()
}

/// Row of an open alert that receivers are to be told of again.
pub(crate) fn repeated(row: AlertRow, now: Timestamp) -> AlertRow {
    let is_soon = row.announced().plus(LONGEST_PAUSE) > now;
    let mut heard = row.heard;
    heard.values_mut().filter(|heard| **heard == DeliveryState::Open).for_each(|heard| {
        *heard = DeliveryState::Unsure;
    });
    AlertRow {
        heard,
        repeats: row.repeats + 1,
        pace: if is_soon { row.pace + 1 } else { 0 },
        announced_at: Some(now),
        has_come_back: false,
        group: None,
        tries: 0,
        next_try_at: now,
        ..row
    }
}

/// Number of notices that each receiver may still get now.
pub(super) struct NoticeLimits(BTreeMap<String, usize>);

impl NoticeLimits {
    pub(super) fn of(rows: &[AlertRow], receivers: &[Arc<dyn Receiver>], now: Timestamp) -> Self {
        let is_recent = |at: &Timestamp| *at <= now && at.plus(PERIOD) > now;
        let left = receivers.iter().map(|receiver| {
            let told = rows.iter().filter_map(|row| row.notified.get(receiver.name()));
            (receiver.name().to_owned(), NOTICES.saturating_sub(told.filter(|at| is_recent(at)).count()))
        });
        Self(left.collect())
    }

    /// Receivers that are told of the alert now, of those that don't know its present state. `None` where
    /// all of these must wait.
    pub(super) fn share(
        &mut self,
        row: AlertRow,
        receivers: &[Arc<dyn Receiver>],
    ) -> Option<(AlertRow, Vec<Arc<dyn Receiver>>)> {
        let mut news = receivers.iter().filter(|receiver| row.is_news_to(receiver.name())).peekable();
        let has_news = news.peek().is_some();
        let told: Vec<_> = news.filter(|receiver| self.take(receiver.name())).cloned().collect();
        (!told.is_empty() || !has_news).then_some((row, told))
    }

    fn take(&mut self, receiver: &str) -> bool {
        let Some(left) = self.0.get_mut(receiver).filter(|left| **left > 0) else { return false };
        *left -= 1;
        true
    }
}
