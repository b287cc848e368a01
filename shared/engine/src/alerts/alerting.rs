//! Alerts, from the decision that something is wrong, over the notices to receivers, to the end.
//!
//! Raising an alert only writes its row, as a part of the work that raises it; nothing else can fail
//! there. Telling receivers and resolving alerts is a separate task, [`Engine::tend_alerts`], which
//! looks at all rows from time to time. So a receiver that does not answer delays no work, and an alert
//! that was raised before a crash is told after it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use belfry_domain::{Circuit, Timestamp};
use futures::{StreamExt as _, future::join_all, stream};

use crate::{
    Engine, Result,
    base::writes::PATIENCE,
    ports::{
        Alert, AlertKind, AlertRow, AlertStore, Alerts, Clock, DeliveryState, Notice, Receiver, StoreError,
    },
};

/// Interval at which `last_at` of an ongoing alert is updated.
const NOTED: Duration = Duration::from_secs(60);
/// Time without a new occurrence after which an alert without an explicit end is resolved.
const QUIET: Duration = Duration::from_secs(24 * 3600);
/// Time without another step of the clock after which its alert is resolved.
const STEADY: Duration = Duration::from_secs(3600);
/// Time after which a test alert is resolved. Its sender can look at the result until then.
const TEST: Duration = Duration::from_secs(60);
/// Time for which a resolved alert is kept, for people, and for receivers that can't be reached.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Time after which a process that has not noted the result of its notices counts as dead. Longer than
/// notices take.
const TELLING: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// Number of tries to write an alert while other writers come first.
const ATTEMPTS: usize = 20;
/// Maximum number of alerts that one pass tells of. The alerts that have waited the longest come first.
const TOLD_IN_A_PASS: usize = 50;
const AT_ONCE: usize = 8;

type Stored<T> = std::result::Result<T, StoreError>;

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
                is_news.then_some(AlertRow { last_at: now, is_closing: false, ..row })
            }
            // Those who have not heard of its end believe that it is open, and are right again.
            Some(row) => row.kind.recurs().then(|| AlertRow {
                heard: row.heard,
                revision: row.revision,
                ..AlertRow::opened(&alert, now)
            }),
        };
        change(self.rows.as_ref(), &alert.key(), occurs).await?;
        self.also.raise(alert).await
    }

    async fn resolve(&self, key: &str) -> Stored<()> {
        let now = self.clock.now();
        change(self.rows.as_ref(), key, |found| resolved(found?, now)).await
    }
}

/// Writes the row that `make` makes from the present row. Writes nothing where it returns `None`, or
/// where the present row can't be read: it is a newer version's, which tells of it.
async fn change(
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

impl Engine {
    /// Tends the alerts: tells receivers what they don't know yet, then resolves those whose condition
    /// has ended, and removes those that were resolved a day ago. It takes as long as the receivers
    /// take, so nothing else should wait for it. Two calls at once do no harm.
    ///
    /// # Errors
    /// The store does not answer, or a row that an alert is about can't be read. All alerts are tended
    /// first: what is wrong with one silences no other.
    pub async fn tend_alerts(&self, receivers: &[Arc<dyn Receiver>]) -> Result<()> {
        let rows = self.ports.alert_rows.alerts().await?;
        let (due, rest): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| self.is_to_be_told(row, receivers));
        let told = self.tell_of_all(due, receivers).await;
        let looks = stream::iter(rest).map(|row| self.look_at_alert(row));
        let looked: Vec<_> = looks.buffer_unordered(AT_ONCE).collect().await;
        let (over, failed): (Vec<_>, Vec<_>) = looked.into_iter().partition(Result::is_ok);
        let over = over.into_iter().flatten().flatten();
        let told_over = self
            .tell_of_all(over.filter(|row| self.is_to_be_told(row, receivers)).collect(), receivers)
            .await;
        told.and(told_over).and(failed.into_iter().try_for_each(|error| error.map(drop)))
    }

    fn is_to_be_told(&self, row: &AlertRow, receivers: &[Arc<dyn Receiver>]) -> bool {
        let is_news = || receivers.iter().any(|receiver| row.is_news_to(receiver.name()));
        let now = self.now();
        // A clock that was ahead may have put the next try off.
        let is_time = row.next_try_at <= now || row.next_try_at > now.plus(2 * LONGEST_PAUSE);
        is_time && (row.tries == 0 || is_news())
    }

    /// Tells of these alerts, those first that have waited the longest. An error comes after the others
    /// were told.
    async fn tell_of_all(&self, mut rows: Vec<AlertRow>, receivers: &[Arc<dyn Receiver>]) -> Result<()> {
        rows.sort_by_key(|row| row.next_try_at);
        rows.truncate(TOLD_IN_A_PASS);
        let tellings = stream::iter(rows).map(|row| self.tell_of(row, receivers));
        let told: Vec<_> = tellings.buffer_unordered(AT_ONCE).collect().await;
        told.into_iter().collect()
    }

    /// Looks at one alert. Returns it where it is now over.
    async fn look_at_alert(&self, row: AlertRow) -> Result<Option<AlertRow>> {
        let now = self.now();
        if row.resolved_at.is_some_and(|at| at.plus(KEPT) <= now) {
            self.ports.alert_rows.forget_alert(&row.key, row.revision).await?;
            return Ok(None);
        }
        // What is over before anybody was told is told of all the same.
        if row.is_open() && row.tries > 0 && self.is_over(&row).await? {
            return self.resolve(row, now).await;
        }
        Ok(None)
    }

    /// Resolves an alert: marks it as closing, then checks the condition again. Other processes write
    /// the cause before they raise an alert, so either this check sees the cause, or the raising
    /// process sees the mark.
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

    /// Whether the alert's condition has ended. Conditions that other processes resolve are not checked
    /// here.
    async fn is_over(&self, row: &AlertRow) -> Result<bool> {
        let is_quiet_for = |time| row.last_at.plus(time) <= self.now();
        Ok(match (row.kind, &row.job_id, &row.execution_id) {
            (AlertKind::DeadLetter, job_id, id) => {
                // The letter that it began with is asked for first: to look for others may take long.
                if let Some(id) = id
                    && self.is_open_letter(id).await?
                {
                    return Ok(false);
                }
                let letters = self.ports.dead_letters.dead_letters(job_id.as_ref(), None, 1).await?;
                letters.items.is_empty() && letters.next.is_none()
            }
            (AlertKind::MissedDeadline, _, Some(id)) => self.is_over_or_off(id).await?,
            (AlertKind::CircuitOpened, Some(job_id), _) => {
                let job = self.ports.jobs.job(job_id).await?;
                let has_circuit = job.is_some_and(|job| !job.deleted && job.spec.circuit.is_some());
                !has_circuit || matches!(self.job_gate(job_id).await?.circuit, Circuit::Closed { .. })
            }
            (AlertKind::Test, ..) => is_quiet_for(TEST),
            (AlertKind::Clock, ..) => is_quiet_for(STEADY),
            (AlertKind::SuccessRate | AlertKind::Lateness, ..) => false,
            _ => is_quiet_for(QUIET),
        })
    }

    /// Tries once to tell all receivers that don't know the alert's present state. Each is marked as
    /// unsure before it is told anything. So, whatever happens in between, it is told again rather than
    /// left with a wrong state.
    async fn tell_of(&self, row: AlertRow, receivers: &[Arc<dyn Receiver>]) -> Result<()> {
        let (rows, now) = (self.ports.alert_rows.as_ref(), self.now());
        let news: Vec<_> = receivers.iter().filter(|receiver| row.is_news_to(receiver.name())).collect();
        let mut told = row;
        told.heard.extend(news.iter().map(|receiver| (receiver.name().to_owned(), DeliveryState::Unsure)));
        // How it went is counted when it is known.
        told.tries += u32::from(news.is_empty());
        told.revision += 1;
        told.next_try_at = now.plus(TELLING);
        let began = self.ports.clock.monotonic();
        if !rows.keep_alert(&told).await? || news.is_empty() {
            return Ok(());
        }
        if self.ports.clock.monotonic().saturating_sub(began) > TELLING / 2 {
            // Another may be about to take this one for dead, and this news may be old.
            return Ok(());
        }
        let notice = Notice::of(told);
        let tellings = news.iter().map(async |receiver| (receiver.name(), receiver.tell(&notice).await));
        let outcomes = join_all(tellings).await;
        for (receiver, why) in outcomes.iter().filter_map(|(name, told)| Some((name, told.as_ref().err()?))) {
            tracing::warn!(
                alert.key = notice.alert.key,
                receiver,
                why,
                "cannot notify a receiver of an alert"
            );
        }
        let now = self.now();
        let learn = |found: Option<AlertRow>| Some(learned(found?, &notice.alert, &outcomes, now));
        // To tell and not to note it would leave a receiver that was told late with the old word.
        Ok(self.persist(PATIENCE, || change(rows, &notice.alert.key, &learn)).await?)
    }
}

/// Row as it is now, with the receivers' knowledge after they were told of `told`.
pub(crate) fn learned(
    mut row: AlertRow,
    told: &AlertRow,
    outcomes: &[(&str, std::result::Result<(), String>)],
    now: Timestamp,
) -> AlertRow {
    for (receiver, outcome) in outcomes {
        let heard = match outcome {
            // The alert has ended or opened again since, and another may have told that: what the receiver
            // heard last is not known here.
            Ok(()) if (told.opened_at, told.resolved_at) != (row.opened_at, row.resolved_at) => {
                DeliveryState::Unsure
            }
            Ok(()) if told.is_open() => DeliveryState::Open,
            Ok(()) => {
                row.heard.remove(*receiver);
                continue;
            }
            Err(why) => DeliveryState::Failed(why.clone()),
        };
        row.heard.insert((*receiver).to_owned(), heard);
    }
    // Where it has opened or ended since then, that is still to be told, at once.
    if (row.opened_at, row.resolved_at, row.tries) == (told.opened_at, told.resolved_at, told.tries) {
        let pause = FIRST_PAUSE.saturating_mul(1 << told.tries.min(12)).min(LONGEST_PAUSE);
        row.next_try_at = now.plus(pause);
        row.tries += 1;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seed 811 of the simulation: a process that stood still notes a notice, after another process has
    /// told the end.
    #[test]
    fn a_teller_that_notes_late_does_not_know_what_was_heard_last() {
        let alert = Alert::Test { by: "a test".to_owned() };
        let told = AlertRow::opened(&alert, Timestamp(0));
        let ended = AlertRow { tries: 1, ..resolved(told.clone(), Timestamp(9)).unwrap() };
        let row = learned(ended.clone(), &told, &[("receiver", Ok(()))], Timestamp(10));
        assert_eq!(row.heard["receiver"], DeliveryState::Unsure);
        let reopened = AlertRow { heard: row.heard, ..AlertRow::opened(&alert, Timestamp(20)) };
        assert!(reopened.is_news_to("receiver"));
        let heard =
            |told: &AlertRow| learned(told.clone(), told, &[("receiver", Ok(()))], Timestamp(10)).heard;
        assert_eq!(heard(&told)["receiver"], DeliveryState::Open, "one that notes in time does");
        assert!(heard(&ended).is_empty());
    }
}
