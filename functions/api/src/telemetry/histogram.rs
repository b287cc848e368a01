//! Histogram of durations: a fine logarithmic set of buckets for quantiles. The few buckets for
//! Prometheus are summed up from it on request.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Number of buckets for each doubling. A quantile is off by half a bucket at most, which is 1/32 of
/// its value.
const FINE: u32 = 16;
const FINE_BITS: u32 = FINE.trailing_zeros();
/// Number of buckets: enough for 2^44 µs, 200 days.
const BUCKETS: usize = (FINE * (44 - FINE_BITS + 2)) as usize;

/// Upper bounds of the buckets for Prometheus, in seconds.
pub const BOUNDS: [f64; 18] = [
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0,
    3600.0,
];

/// Sum in seconds, and for each bucket its upper bound and its own count. The last bucket has no bound.
pub type Buckets = (f64, Vec<(f64, u64)>);

pub struct Histogram {
    fine: Box<[AtomicU64]>,
    coarse: [AtomicU64; BOUNDS.len() + 1],
    sum_us: AtomicU64,
    max_us: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        let fine = (0..BUCKETS).map(|_| AtomicU64::default()).collect();
        Self { fine, coarse: Default::default(), sum_us: AtomicU64::default(), max_us: AtomicU64::default() }
    }
}

impl Histogram {
    pub fn record(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.fine[bucket(us)].fetch_add(1, Relaxed);
        let coarse = BOUNDS.partition_point(|bound| *bound < took.as_secs_f64());
        self.coarse[coarse].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(us, Relaxed);
        if us > self.max_us.load(Relaxed) {
            self.max_us.fetch_max(us, Relaxed);
        }
    }

    /// Number of durations, and the given quantiles in milliseconds. The quantile 1.0 is the largest
    /// duration, exactly.
    pub fn quantiles_ms(&self, quantiles: &[f64]) -> (u64, Vec<Option<f64>>) {
        let counts: Vec<u64> = self.fine.iter().map(|count| count.load(Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let max_us = self.max_us.load(Relaxed);
        let quantile = |share: &f64| {
            let rank = ((total as f64 * share).ceil() as u64).clamp(1, total.max(1));
            let mut seen = 0;
            let found = counts.iter().position(|count| {
                seen += count;
                seen >= rank
            })?;
            let us = if rank == total { max_us as f64 } else { middle(found).min(max_us as f64) };
            Some(us / 1000.0)
        };
        (total, quantiles.iter().map(quantile).collect())
    }

    pub fn buckets(&self) -> Buckets {
        let bounds = BOUNDS.into_iter().chain([f64::MAX]);
        let buckets = bounds.zip(self.coarse.iter().map(|count| count.load(Relaxed))).collect();
        (self.sum_us.load(Relaxed) as f64 / 1_000_000.0, buckets)
    }
}

/// Bucket of a duration: one for each microsecond up to `FINE` µs, then `FINE` buckets for each
/// doubling.
fn bucket(us: u64) -> usize {
    if us < u64::from(FINE) {
        return us as usize;
    }
    let doubling = us.ilog2() - FINE_BITS;
    let within = (us >> doubling) as u32 - FINE;
    (((doubling + 1) * FINE + within) as usize).min(BUCKETS - 1)
}

fn middle(bucket: usize) -> f64 {
    let (doubling, within) = (bucket as u32 / FINE, bucket as u32 % FINE);
    if doubling == 0 {
        return f64::from(within);
    }
    (f64::from(FINE + within) + 0.5) * f64::from(2_u32).powi(doubling as i32 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_rise_with_their_values_and_know_their_middle() {
        let mut previous = 0;
        for us in (0..40_u32).map(|n| 3_u64.pow(n.min(27))) {
            let bucket = bucket(us);
            assert!(bucket >= previous);
            previous = bucket;
            assert!((middle(bucket) - us as f64).abs() <= us as f64 / 16.0, "{us}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_near_and_the_maximum_is_exact() {
        let histogram = Histogram::default();
        assert_eq!(histogram.quantiles_ms(&[0.5]), (0, vec![None]));
        for ms in 1..=1000 {
            histogram.record(Duration::from_millis(ms));
        }
        let (count, quantiles) = histogram.quantiles_ms(&[0.5, 0.99, 1.0]);
        let quantiles: Vec<f64> = quantiles.into_iter().flatten().collect();
        assert_eq!((count, quantiles[2]), (1000, 1000.0));
        assert!((quantiles[0] - 500.0).abs() < 20.0 && (quantiles[1] - 990.0).abs() < 40.0, "{quantiles:?}");
        let (sum, buckets) = histogram.buckets();
        assert!((sum - 500.5).abs() < 1e-9);
        assert_eq!(buckets.iter().take(3).map(|(_, count)| *count).collect::<Vec<_>>(), [1, 1, 3]);
        assert_eq!(buckets.iter().map(|(_, count)| count).sum::<u64>(), 1000);
    }
}
