//! Counters of what happened, for `/metrics` and `/v1/stats`.
//!
//! `record` runs for every execution, so it only adds to atomics; sums and quantiles are worked out on
//! request.

mod export;
mod histogram;

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use belfry_domain::Status;
use belfry_engine::ports::{Fact, Observer};

pub use self::export::{Gauges, OPENMETRICS};
use self::histogram::Histogram;

pub struct Telemetry {
    pub(crate) began: Instant,
    accepted: AtomicU64,
    started: AtomicU64,
    /// Number of ended executions by status. Only terminal statuses count.
    ended: [AtomicU64; Status::ALL.len()],
    retried: AtomicU64,
    lost: AtomicU64,
    misfired: AtomicU64,
    resent: AtomicU64,
    held_back: AtomicU64,
    ticks: AtomicU64,
    ticked_timers: AtomicU64,
    start_latency: Histogram,
    attempt_duration: Histogram,
    tick_duration: Histogram,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            accepted: AtomicU64::default(),
            started: AtomicU64::default(),
            ended: Default::default(),
            retried: AtomicU64::default(),
            lost: AtomicU64::default(),
            misfired: AtomicU64::default(),
            resent: AtomicU64::default(),
            held_back: AtomicU64::default(),
            ticks: AtomicU64::default(),
            ticked_timers: AtomicU64::default(),
            start_latency: Histogram::default(),
            attempt_duration: Histogram::default(),
            tick_duration: Histogram::default(),
        }
    }
}

impl Observer for Telemetry {
    fn record(&self, fact: Fact<'_>) {
        match fact {
            Fact::Accepted { count } => add(&self.accepted, count),
            Fact::Started { lateness, .. } => {
                add(&self.started, 1);
                self.start_latency.record(lateness);
            }
            Fact::AttemptEnded { took, .. } => self.attempt_duration.record(took),
            Fact::Retried { .. } => add(&self.retried, 1),
            Fact::Lost { .. } => add(&self.lost, 1),
            Fact::Ended { status, .. } => add(&self.ended[status as usize], 1),
            Fact::Misfired { .. } => add(&self.misfired, 1),
            Fact::Resent { .. } => add(&self.resent, 1),
            Fact::HeldBack { .. } => add(&self.held_back, 1),
            Fact::Ticked { timers, took } => {
                add(&self.ticks, 1);
                add(&self.ticked_timers, timers);
                self.tick_duration.record(took);
            }
            _ => {}
        }
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Relaxed);
}

impl Telemetry {
    fn ended_as(&self, status: Status) -> u64 {
        self.ended[status as usize].load(Relaxed)
    }

    /// Share of successes among successes, failures and timeouts. `None` without any.
    pub fn success_rate(&self) -> Option<f64> {
        let successes = self.ended_as(Status::Success);
        ratio(successes, successes + self.ended_as(Status::Failed) + self.ended_as(Status::TimedOut))
    }

    /// Share of retries among the attempts that were started. `None` without any.
    pub fn retry_rate(&self) -> Option<f64> {
        ratio(self.retried.load(Relaxed), self.started.load(Relaxed))
    }

    /// Number of starts, then the quantiles, in the order of `quantiles`, of the milliseconds from due
    /// to start.
    pub fn start_latency_ms(&self, quantiles: &[f64]) -> (u64, Vec<Option<f64>>) {
        self.start_latency.quantiles_ms(quantiles)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn rates_are_of_what_was_recorded() {
        let telemetry = Telemetry::default();
        assert_eq!((telemetry.success_rate(), telemetry.retry_rate()), (None, None));
        let id = "a@b".parse().unwrap();
        for attempt in 1..=4 {
            telemetry.record(Fact::Started { id: &id, attempt, lateness: Duration::from_millis(2) });
        }
        telemetry.record(Fact::Retried { id: &id, failures: 1, delay: Duration::ZERO });
        for status in [Status::Success, Status::Success, Status::Success, Status::TimedOut, Status::Skipped] {
            telemetry.record(Fact::Ended { id: &id, status, is_only_recorded: false });
        }
        assert_eq!((telemetry.success_rate(), telemetry.retry_rate()), (Some(0.75), Some(0.25)));
        assert_eq!(telemetry.start_latency_ms(&[0.5]).0, 4);
    }
}
