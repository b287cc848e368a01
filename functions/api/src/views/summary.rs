//! Summary of the executions on one page.

use belfry_domain::Status;
use serde::Serialize;
use utoipa::ToSchema;

use super::ExecutionView;

/// Number of successes that each half of a page needs, so that its median means something.
const ENOUGH: usize = 5;

/// Executions of one job, newest first, and a summary of the page.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExecutionTimeline {
    /// Executions of this page.
    pub items: Vec<ExecutionView>,
    /// Value of `cursor` for the next page. `null` on the last page.
    pub next_cursor: Option<String>,
    /// Statistics of the executions of this page.
    pub summary: Summary,
}

/// Statistics of the executions of one page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Summary {
    /// Number of executions that have ended.
    pub ended: u64,
    /// Number of executions that succeeded.
    pub succeeded: u64,
    /// Number of executions that failed or timed out.
    pub failed: u64,
    /// Share of successes among successes and failures. `null` before the first.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub success_rate: Option<f64>,
    /// Number of executions with more than one attempt.
    pub retried: u64,
    /// Milliseconds from the first start to the end, of those that succeeded.
    pub duration_ms: Spread,
    /// Lateness of those that started, as `lateness_ms` has it.
    pub lateness_ms: Spread,
    /// Change of the duration within the page. `null` with fewer than ten successes.
    pub trend: Option<Trend>,
}

/// Distribution in milliseconds. All are `null` where there is nothing to measure.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Spread {
    /// Median, in milliseconds.
    pub p50: Option<u64>,
    /// 95th percentile, in milliseconds.
    pub p95: Option<u64>,
    /// Maximum, in milliseconds.
    pub max: Option<u64>,
}

/// Median durations of the successes on a page: the older half and the newer half.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Trend {
    /// Median of the older half, in milliseconds.
    pub older_p50_ms: u64,
    /// Median of the newer half, in milliseconds.
    pub newer_p50_ms: u64,
}

impl Summary {
    /// Summarises executions that are sorted from the newest to the oldest.
    pub fn of(rows: &[ExecutionView]) -> Self {
        let count = |is: fn(&ExecutionView) -> bool| rows.iter().filter(|row| is(row)).count() as u64;
        let succeeded = count(|row| row.status == Status::Success);
        let failed = count(|row| matches!(row.status, Status::Failed | Status::TimedOut));
        let judged = succeeded + failed;
        let successes = rows.iter().filter(|row| row.status == Status::Success);
        let durations: Vec<u64> = successes.filter_map(|row| row.duration_ms).collect();
        Self {
            ended: count(|row| row.status.is_terminal()),
            succeeded,
            failed,
            success_rate: (judged > 0).then(|| succeeded as f64 / judged as f64),
            retried: count(|row| row.attempt > 1),
            trend: Trend::of(&durations),
            duration_ms: Spread::of(durations),
            lateness_ms: Spread::of(rows.iter().filter_map(|row| row.lateness_ms).collect()),
        }
    }
}

impl Spread {
    fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        let at = |percent| percentile(&values, percent);
        Self { p50: at(50), p95: at(95), max: at(100) }
    }
}

impl Trend {
    fn of(newest_first: &[u64]) -> Option<Self> {
        let (newer, older) = newest_first.split_at(newest_first.len() / 2);
        let middle = |half: &[u64]| Spread::of(half.to_vec()).p50.filter(|_| half.len() >= ENOUGH);
        Some(Self { older_p50_ms: middle(older)?, newer_p50_ms: middle(newer)? })
    }
}

/// Percentile by nearest rank, which is always a value that was measured.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let hundred = Spread::of((1..=100).rev().collect());
        assert_eq!(hundred, Spread { p50: Some(50), p95: Some(95), max: Some(100) });
        assert_eq!(Spread::of(vec![7]), Spread { p50: Some(7), p95: Some(7), max: Some(7) });
        assert_eq!(Spread::of(vec![3, 1, 2]).p50, Some(2));
        assert_eq!(Spread::of(vec![]), Spread { p50: None, p95: None, max: None });
    }

    #[test]
    fn a_trend_compares_the_older_half_with_the_newer_one() {
        assert_eq!(Trend::of(&[1; 9]), None, "too few of them");
        let newest_first = [20, 20, 21, 22, 90, 10, 10, 10, 11, 12];
        assert_eq!(Trend::of(&newest_first), Some(Trend { older_p50_ms: 10, newer_p50_ms: 21 }));
    }
}
