//! Export of the counters as OpenMetrics text.

use std::{fmt, sync::atomic::Ordering::Relaxed, time::Duration};

use belfry_domain::Status;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet, text::encode},
    metrics::MetricType,
    registry::{Registry, Unit},
};

use super::{Telemetry, histogram::Buckets};
use crate::views::QueueView;

pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Values that are measured at the moment of the request.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    pub queue_depth: u64,
    pub queues: Vec<QueueView>,
    pub dead_letters: u64,
    pub running: u64,
    pub capacity: u64,
    pub is_leader: bool,
    /// Time since the last tick that succeeded. Zero before the first.
    pub tick_age: Duration,
}

impl Telemetry {
    pub fn openmetrics(&self, gauges: Gauges) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("belfry");
        registry.register_collector(Box::new(Scrape::of(self, gauges)));
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

type Count = fn(&QueueView) -> u64;
type Named<T> = (&'static str, &'static str, T);

#[derive(Debug)]
struct Scrape {
    counters: Vec<Named<u64>>,
    ended: Vec<(&'static str, u64)>,
    gauges: Vec<Named<i64>>,
    queues: Vec<QueueView>,
    histograms: Vec<Named<Buckets>>,
}

impl Scrape {
    fn of(telemetry: &Telemetry, gauges: Gauges) -> Self {
        let gauge = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let terminal = Status::ALL.into_iter().filter(|status| status.is_terminal());
        Self {
            counters: counters(telemetry),
            ended: terminal.map(|status| (status.as_str(), telemetry.ended_as(status))).collect(),
            gauges: vec![
                ("queue_depth", "Messages that wait for a worker", gauge(gauges.queue_depth)),
                ("dead_letters", "Dead letters that wait for a decision", gauge(gauges.dead_letters)),
                ("running_attempts", "Attempts that run in this process", gauge(gauges.running)),
                ("worker_capacity", "Attempts that fit into this process at once", gauge(gauges.capacity)),
                ("leader", "1 if this process leads", i64::from(gauges.is_leader)),
                (
                    "tick_age_seconds",
                    "Time since the last tick that succeeded",
                    gauge(gauges.tick_age.as_secs()),
                ),
            ],
            queues: gauges.queues,
            histograms: vec![
                (
                    "start_latency",
                    "Time from the due instant to the first start",
                    telemetry.start_latency.buckets(),
                ),
                (
                    "attempt_duration",
                    "Time from the start to the end of an attempt",
                    telemetry.attempt_duration.buckets(),
                ),
                (
                    "tick_duration",
                    "Duration of one read of the due timers",
                    telemetry.tick_duration.buckets(),
                ),
            ],
        }
    }
}

fn counters(telemetry: &Telemetry) -> Vec<Named<u64>> {
    [
        ("executions_accepted", "Executions asked for and accepted", &telemetry.accepted),
        ("attempts_started", "Attempts started", &telemetry.started),
        ("attempts_retried", "Failed attempts that are retried", &telemetry.retried),
        ("attempts_lost", "Attempts whose worker vanished", &telemetry.lost),
        ("slots_misfired", "Slots passed over by a misfire policy", &telemetry.misfired),
        ("messages_resent", "Messages that the sweep sent again", &telemetry.resent),
        (
            "messages_held_back",
            "Messages that were not sent again: their queue is too long",
            &telemetry.held_back,
        ),
        ("ticks", "Reads of the due timers", &telemetry.ticks),
        ("timers_fired", "Timers that ticks fired", &telemetry.ticked_timers),
    ]
    .map(|(name, help, count)| (name, help, count.load(Relaxed)))
    .to_vec()
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, count) in &self.counters {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            metric.encode_counter::<NoLabelSet, _, u64>(count, None)?;
        }
        let mut ended = encoder.encode_descriptor(
            "executions_ended",
            "Executions that ended",
            None,
            MetricType::Counter,
        )?;
        for (status, count) in &self.ended {
            ended.encode_family(&[("status", *status)])?.encode_counter::<NoLabelSet, _, u64>(count, None)?;
        }
        for (name, help, value) in &self.gauges {
            encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(value)?;
        }
        let per_queue: [Named<Count>; 2] = [
            ("queue_backlog", "Messages that wait in one queue", |queue| queue.depth),
            ("queue_backlog_limit", "Depth from which pushes and triggers are refused", |queue| queue.limit),
        ];
        for (name, help, count) in per_queue {
            let mut gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for queue in &self.queues {
                let labels = [("pool", queue.pool.as_str()), ("priority", queue.priority.as_str())];
                let count = i64::try_from(count(queue)).unwrap_or(i64::MAX);
                gauge.encode_family(&labels)?.encode_gauge(&count)?;
            }
        }
        for (name, help, (sum, buckets)) in &self.histograms {
            let count = buckets.iter().map(|(_, count)| count).sum();
            let mut metric =
                encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
            metric.encode_histogram::<NoLabelSet>(*sum, count, buckets, None)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use belfry_domain::Priority;
    use belfry_engine::ports::{Fact, Observer};

    use super::*;

    #[test]
    fn prometheus_gets_all_of_it() {
        let telemetry = Telemetry::default();
        let id = "a@b".parse().unwrap();
        telemetry.record(Fact::Started { id: &id, attempt: 1, lateness: Duration::from_millis(3) });
        telemetry.record(Fact::Ended { id: &id, status: Status::Success, is_only_recorded: false });
        let queues = vec![QueueView { pool: "gpu".to_owned(), priority: Priority::Low, depth: 7, limit: 50 }];
        let gauges = Gauges { queue_depth: 7, queues, is_leader: true, ..Gauges::default() };
        let text = telemetry.openmetrics(gauges).unwrap();
        for line in [
            "belfry_attempts_started_total 1",
            "belfry_executions_ended_total{status=\"success\"} 1",
            "belfry_queue_depth 7",
            "belfry_queue_backlog{pool=\"gpu\",priority=\"low\"} 7",
            "belfry_queue_backlog_limit{pool=\"gpu\",priority=\"low\"} 50",
            "belfry_leader 1",
            "belfry_start_latency_seconds_bucket{le=\"0.002\"} 0",
            "belfry_start_latency_seconds_bucket{le=\"0.005\"} 1",
            "belfry_start_latency_seconds_bucket{le=\"+Inf\"} 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
