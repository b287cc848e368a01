//! Rows that this version can't read. A newer version wrote them, or they are damaged. They are reported,
//! stay as they are, and are read again; nothing else waits for them.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    Engine, EngineError, Result,
    ports::{Alert, StoreError, TimerPage},
};

/// Interval at which a process reports a row again that it still can't read.
const AGAIN: Duration = Duration::from_secs(3600);
/// Maximum number of rows that a process reports in this interval.
const MANY: usize = 1000;

/// Names of the rows that this process has reported lately.
#[derive(Default)]
pub(crate) struct Reported(Mutex<(Duration, HashSet<String>)>);

impl Reported {
    /// Names since the beginning of the present interval.
    fn lately(&self, now: Duration) -> MutexGuard<'_, (Duration, HashSet<String>)> {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(lately.0) >= AGAIN {
            *lately = (now, HashSet::new());
        }
        lately
    }

    fn is_news(&self, what: &str, now: Duration) -> bool {
        let (_, names) = &*self.lately(now);
        names.len() < MANY && !names.contains(what)
    }
}

impl Engine {
    /// Raises an alert for a row that can't be read, unless this process has done so within the hour.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn report_unreadable(&self, what: String, why: String) -> Result<()> {
        let now = self.ports.clock.monotonic();
        if self.reported.is_news(&what, now) {
            self.ports.alerts.raise(Alert::Quarantined { what: what.clone(), why }).await?;
            self.reported.lately(now).1.insert(what);
        }
        Ok(())
    }

    /// Reports the timers of a page that can't be read.
    pub(crate) async fn report_unknown(&self, page: &TimerPage) -> Result<()> {
        for (what, why) in &page.unknown {
            self.report_unreadable(what.clone(), why.clone()).await?;
        }
        Ok(())
    }

    /// Result of work for one row. `None`, and a report, where a row can't be read.
    pub(crate) async fn if_readable<T>(&self, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Err(EngineError::Store(StoreError::Unreadable { what, why })) => {
                self.report_unreadable(what, why).await?;
                Ok(None)
            }
            other => other.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_reported_once_an_hour_and_not_too_many_are() {
        let (reported, hour) = (Reported::default(), AGAIN);
        let report = |what: &str, at| {
            let is_news = reported.is_news(what, at);
            reported.lately(at).1.insert(what.to_owned());
            is_news
        };
        assert_eq!(
            [report("a", hour), report("a", 3 * hour / 2), report("b", 3 * hour / 2)],
            [true, false, true]
        );
        assert!(report("a", 2 * hour));
        for number in 0..MANY {
            report(&number.to_string(), 2 * hour);
        }
        assert!(!report("one more", 2 * hour) && report("one more", 3 * hour));
    }
}
