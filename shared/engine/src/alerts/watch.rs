//! Watch over this process: the share of successes, and late starts. It is for a single process; on
//! AWS, CloudWatch's alarms watch the same figures over all functions.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use belfry_domain::Status;

use crate::ports::{Alert, Alerts, Fact, Observer, StoreError, key_of};

/// Thresholds beyond which an alert is raised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Minimum share of successes among the executions that ended, in percent.
    pub success_percent: f64,
    /// Minimum number of ended executions in the window. With fewer, no alert is opened.
    pub at_least: u64,
    pub success_window: Duration,
    /// Lateness of a start that counts as late. One start in a hundred may be later.
    pub late_after: Duration,
    /// Minimum number of starts in the window. With fewer, no alert is opened.
    pub late_at_least: u64,
    pub lateness_window: Duration,
}

/// Counters that every execution passes, so they only add to atomics.
pub struct Watch {
    late_after: Duration,
    good: AtomicU64,
    bad: AtomicU64,
    started: AtomicU64,
    late: AtomicU64,
}

/// Part of a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    part: u64,
    whole: u64,
}

impl Watch {
    pub fn new(late_after: Duration) -> Self {
        let [good, bad, started, late] = [const { AtomicU64::new(0) }; 4];
        Self { late_after, good, bad, started, late }
    }

    fn succeeded(&self) -> Share {
        let good = self.good.load(Relaxed);
        Share { part: good, whole: good + self.bad.load(Relaxed) }
    }

    fn late(&self) -> Share {
        Share { part: self.late.load(Relaxed), whole: self.started.load(Relaxed) }
    }
}

impl Observer for Watch {
    fn record(&self, fact: Fact<'_>) {
        let counter = match fact {
            Fact::Ended { status: Status::Success, .. } => &self.good,
            Fact::Ended { is_only_recorded: true, .. } => return,
            Fact::Ended { status: Status::Failed | Status::TimedOut, .. } => &self.bad,
            Fact::Started { lateness, .. } => {
                if lateness > self.late_after {
                    self.late.fetch_add(1, Relaxed);
                }
                &self.started
            }
            _ => return,
        };
        counter.fetch_add(1, Relaxed);
    }
}

/// Counts of a window of time that ends now.
struct Window {
    length: Duration,
    seen: VecDeque<(Duration, Share)>,
}

impl Window {
    fn new(length: Duration) -> Self {
        Self { length, seen: VecDeque::from([(Duration::ZERO, Share::default())]) }
    }

    /// Counts since the window began, and whether the window has been observed for its whole length.
    fn advance(&mut self, now: Duration, total: Share) -> (Share, bool) {
        self.seen.push_back((now, total));
        while self.seen.get(1).is_some_and(|(at, _)| *at + self.length <= now) {
            self.seen.pop_front();
        }
        let (began, first) = self.seen.front().copied().unwrap_or_default();
        (
            Share { part: total.part - first.part, whole: total.whole - first.whole },
            began + self.length <= now,
        )
    }
}

/// Judge that opens and resolves the alerts of what a [`Watch`] counts.
pub struct Judge {
    thresholds: Thresholds,
    succeeded: Window,
    late: Window,
}

impl Judge {
    pub fn new(thresholds: Thresholds) -> Self {
        let (succeeded, late) =
            (Window::new(thresholds.success_window), Window::new(thresholds.lateness_window));
        Self { thresholds, succeeded, late }
    }

    /// Compares the counts with the thresholds, and opens or resolves alerts. The caller does this
    /// every few seconds; `elapsed` is the time since the watch began.
    ///
    /// # Errors
    /// An alert could not be stored.
    pub async fn judge(
        &mut self,
        watch: &Watch,
        elapsed: Duration,
        alerts: &dyn Alerts,
    ) -> Result<(), StoreError> {
        let (share, is_whole) = self.succeeded.advance(elapsed, watch.succeeded());
        let percent = share.part as f64 * 100.0 / share.whole.max(1) as f64;
        let is_bad = share.whole > 0 && percent < self.thresholds.success_percent;
        let minutes = self.thresholds.success_window.as_secs().div_ceil(60);
        let wanted = self.thresholds.success_percent;
        let summary = format!(
            "{percent:.1} % of the executions that ended in the last {minutes} minutes succeeded, less than {wanted} %"
        );
        let alert = Alert::SuccessRate { summary };
        settle(alert, is_bad && share.whole >= self.thresholds.at_least, !is_bad && is_whole, alerts).await?;
        let (Share { part: late, whole: started }, is_whole) = self.late.advance(elapsed, watch.late());
        let is_bad = late * 100 > started;
        let seconds = self.thresholds.late_after.as_secs();
        let summary = format!("{late} of the last {started} starts were more than {seconds} s late");
        let alert = Alert::Lateness { function: None, summary };
        settle(alert, is_bad && started >= self.thresholds.late_at_least, !is_bad && is_whole, alerts).await
    }
}

/// Raises or resolves an alert. After the process has started, nothing is resolved before a whole
/// window says so.
async fn settle(alert: Alert, is_bad: bool, is_over: bool, alerts: &dyn Alerts) -> Result<(), StoreError> {
    let kind = alert.kind();
    match (is_bad, is_over) {
        (true, _) => alerts.raise(alert).await,
        (false, true) => alerts.resolve(&key_of(kind, None)).await,
        (false, false) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use futures::FutureExt as _;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    #[async_trait]
    impl Alerts for Told {
        async fn raise(&self, alert: Alert) -> Result<(), StoreError> {
            self.0.lock().unwrap().push(alert.summary());
            Ok(())
        }

        async fn resolve(&self, key: &str) -> Result<(), StoreError> {
            self.0.lock().unwrap().push(format!("{key} is over"));
            Ok(())
        }
    }

    struct Fixture {
        watch: Watch,
        judge: Judge,
        told: Told,
    }

    impl Fixture {
        fn new() -> Self {
            let thresholds = Thresholds {
                success_percent: 95.0,
                at_least: 10,
                success_window: 5 * MINUTE,
                late_after: Duration::from_secs(10),
                late_at_least: 20,
                lateness_window: 5 * MINUTE,
            };
            Self {
                watch: Watch::new(thresholds.late_after),
                judge: Judge::new(thresholds),
                told: Told::default(),
            }
        }

        fn ended(&self, status: Status, count: usize) {
            let id = "a@b".parse().unwrap();
            (0..count)
                .for_each(|_| self.watch.record(Fact::Ended { id: &id, status, is_only_recorded: false }));
        }

        fn started(&self, seconds: u64, count: usize) {
            let (id, lateness) = ("a@b".parse().unwrap(), Duration::from_secs(seconds));
            (0..count).for_each(|_| self.watch.record(Fact::Started { id: &id, attempt: 1, lateness }));
        }

        fn at(&mut self, minute: u32) -> Vec<String> {
            let judged = self.judge.judge(&self.watch, minute * MINUTE, &self.told).now_or_never();
            judged.expect("it waits for nobody").unwrap();
            std::mem::take(&mut *self.told.0.lock().unwrap())
        }
    }

    #[test]
    fn too_few_successes_are_told_until_the_window_is_better() {
        let mut fixture = Fixture::new();
        fixture.ended(Status::Success, 5);
        fixture.ended(Status::Failed, 4);
        assert_eq!(fixture.at(1), [""; 0], "too few to conclude");
        fixture.ended(Status::TimedOut, 1);
        fixture.ended(Status::Skipped, 100);
        let expected = "50.0 % of the executions that ended in the last 5 minutes succeeded, less than 95 %";
        assert_eq!(fixture.at(2), [expected]);
        assert_eq!(fixture.at(4), [expected], "it lasts");
        fixture.ended(Status::Success, 1);
        assert!(
            fixture.at(9).contains(&"success_rate is over".to_owned()),
            "the bad ones are out of the window"
        );
    }

    #[test]
    fn failures_that_are_only_recorded_do_not_count() {
        let mut fixture = Fixture::new();
        let id = "guard@b".parse().unwrap();
        let status = Status::Failed;
        (0..100).for_each(|_| fixture.watch.record(Fact::Ended { id: &id, status, is_only_recorded: true }));
        fixture.ended(Status::Success, 10);
        assert_eq!(fixture.at(1), [""; 0]);
    }

    #[test]
    fn exactly_the_threshold_is_good_enough() {
        let mut fixture = Fixture::new();
        fixture.ended(Status::Success, 95);
        fixture.ended(Status::Failed, 5);
        assert_eq!(fixture.at(1), [""; 0], "nothing is over before a whole window was watched");
        assert_eq!(fixture.at(5), ["success_rate is over", "lateness is over"]);
    }

    #[test]
    fn a_few_late_starts_are_too_few_to_conclude() {
        let mut fixture = Fixture::new();
        fixture.started(1, 1);
        fixture.started(11, 1);
        assert_eq!(fixture.at(1), [""; 0], "one of two");
        fixture.started(11, 17);
        assert_eq!(fixture.at(2), [""; 0], "18 of 19");
        fixture.started(1, 1);
        assert_eq!(fixture.at(3), ["18 of the last 20 starts were more than 10 s late"]);
    }

    #[test]
    fn one_late_start_in_a_hundred_is_borne() {
        let mut fixture = Fixture::new();
        fixture.started(1, 198);
        fixture.started(11, 2);
        assert_eq!(fixture.at(1), [""; 0]);
        fixture.started(11, 1);
        assert_eq!(fixture.at(2), ["3 of the last 201 starts were more than 10 s late"]);
    }
}
