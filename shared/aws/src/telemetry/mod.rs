//! Metrics for CloudWatch: counted while a function runs, and printed as one line in the embedded
//! metric format when its invocation ends.

mod emf;
mod logs;

use std::{
    collections::BTreeMap,
    io::Write as _,
    mem,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use belfry_domain::Status;
use belfry_engine::ports::{Fact, Observer};

pub use self::logs::start_logs;

/// Names of the metrics, in the namespace `Belfry`, by function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Metric {
    /// Heartbeat: ticks of a lane that have ended without an error.
    Ticks,
    TicksFired,
    Accepted,
    Started,
    Succeeded,
    Failed,
    Retried,
    Lost,
    Resent,
    HeldBack,
    Misfired,
    DeadLetters,
    Quarantined,
    TimersMissing,
}

pub struct Metrics {
    function: String,
    pending: Mutex<Pending>,
}

#[derive(Debug, Default, PartialEq)]
struct Pending {
    counts: BTreeMap<Metric, u64>,
    start_latency_ms: Vec<u64>,
}

impl Metrics {
    pub fn new(function: impl Into<String>) -> Self {
        Self { function: function.into(), pending: Mutex::default() }
    }

    pub fn count(&self, metric: Metric, more: u64) {
        self.change(|pending| *pending.counts.entry(metric).or_default() += more);
    }

    /// Prints the metrics that have gathered since the last call.
    pub fn flush(&self) {
        let pending = self.change(mem::take);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut out = std::io::stdout().lock();
        for line in emf::lines(&self.function, now.as_millis(), &pending) {
            // Nobody reads: there is nobody to tell either.
            writeln!(out, "{line}").ok();
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Pending) -> T) -> T {
        change(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Metrics {
    fn record(&self, fact: Fact<'_>) {
        match fact {
            Fact::Accepted { count } => self.count(Metric::Accepted, count),
            Fact::Started { lateness, .. } => self.change(|pending| {
                *pending.counts.entry(Metric::Started).or_default() += 1;
                pending.start_latency_ms.push(u64::try_from(lateness.as_millis()).unwrap_or(u64::MAX));
            }),
            Fact::Retried { .. } => self.count(Metric::Retried, 1),
            Fact::Lost { .. } => self.count(Metric::Lost, 1),
            Fact::Resent { .. } => self.count(Metric::Resent, 1),
            Fact::HeldBack { .. } => self.count(Metric::HeldBack, 1),
            Fact::Misfired { .. } => self.count(Metric::Misfired, 1),
            Fact::Ended { status: Status::Success, .. } => self.count(Metric::Succeeded, 1),
            Fact::Ended { is_only_recorded: true, .. } => {}
            Fact::Ended { status: Status::Failed | Status::TimedOut, .. } => self.count(Metric::Failed, 1),
            Fact::Ticked { timers, .. } => self.count(Metric::TicksFired, timers),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn facts_are_counted_until_they_are_printed() {
        let metrics = Metrics::new("worker");
        let id = "a@b".parse().unwrap();
        for lateness in [3, 4] {
            let lateness = Duration::from_millis(lateness);
            metrics.record(Fact::Started { id: &id, attempt: 1, lateness });
        }
        for status in [Status::Success, Status::TimedOut, Status::Failed, Status::Skipped] {
            metrics.record(Fact::Ended { id: &id, status, is_only_recorded: false });
        }
        let counts = BTreeMap::from([(Metric::Started, 2), (Metric::Succeeded, 1), (Metric::Failed, 2)]);
        assert_eq!(metrics.change(mem::take), Pending { counts, start_latency_ms: vec![3, 4] });
        assert_eq!(metrics.change(mem::take), Pending::default());
    }
}
