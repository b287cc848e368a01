//! Rate limit: the generic cell rate algorithm (ITU-T I.371), whose whole state is the instant from
//! which the next start is allowed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{HumanDuration, Timestamp};

/// Maximum difference that is allowed for between the clocks of two hosts.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

/// Maximum number of attempts that start in each period, evenly spaced. After a quiet time, `burst` of
/// them may start at once. No window of one period sees more than `starts + burst - 1` starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Number of attempts that may start in each period, retries included. 1 to 1,000,000.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000))]
    pub starts: u32,
    /// Length of the period.
    pub per: HumanDuration,
    /// Number of attempts that may start together after a quiet time. 1 to 1,000,000. Default 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000))]
    pub burst: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_one(burst: &u32) -> bool {
    *burst == 1
}

impl RateLimit {
    /// Time between two starts, rounded up to the millisecond, so that starts are never more frequent
    /// than the limit.
    pub fn interval(&self) -> Duration {
        let ms = (self.per.0.as_millis() as u64).div_ceil(u64::from(self.starts.max(1)));
        Duration::from_millis(ms.max(1))
    }

    /// Stored instant of the next start, if it is plausible. `None` where it is further ahead than
    /// starts under this limit can have brought it: the limit was stricter before, or a clock was set
    /// back.
    pub(super) fn valid(&self, next: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let furthest = now.plus(self.interval().saturating_mul(self.burst)).plus(CLOCKS_DIFFER);
        next.filter(|next| *next <= furthest)
    }

    /// First instant from `now` on at which a start is allowed. `next` is what [`Self::after`] returned
    /// for the previous start.
    pub(super) fn allowed(&self, next: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let tolerance = self.interval().saturating_mul(self.burst.saturating_sub(1));
        next.map_or(now, |next| next.minus(tolerance).max(now))
    }

    /// State after a start at `at`.
    pub(super) fn after(&self, next: Option<Timestamp>, at: Timestamp) -> Timestamp {
        next.map_or(at, |next| next.max(at)).plus(self.interval())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(starts: u32, per_ms: u64, burst: u32) -> RateLimit {
        RateLimit { starts, per: HumanDuration(Duration::from_millis(per_ms)), burst }
    }

    #[test]
    fn starts_are_spaced_evenly_after_the_burst() {
        let limit = rate(2, 1000, 3);
        let mut next = None;
        let starts: Vec<i64> = (0..5)
            .map(|_| {
                let at = limit.allowed(next, Timestamp(10_000));
                next = Some(limit.after(next, at));
                at.0
            })
            .collect();
        assert_eq!(starts, [10_000, 10_000, 10_000, 10_500, 11_000]);
    }

    #[test]
    fn the_interval_is_never_too_short() {
        assert_eq!(rate(3, 1000, 1).interval(), Duration::from_millis(334));
        assert_eq!(rate(1_000_000, 1000, 1).interval(), Duration::from_millis(1));
    }

    proptest! {
        #[test]
        fn no_window_sees_more_than_promised(
            starts in 1..20_u32, per_ms in 100..5_000_u64, burst in 1..10_u32,
            arrivals in prop::collection::vec(0..500_i64, 1..100)
        ) {
            let limit = rate(starts, per_ms, burst);
            let (mut next, mut now, mut started) = (None, 0, Vec::new());
            for gap in arrivals {
                now += gap;
                if limit.allowed(next, Timestamp(now)).0 == now {
                    next = Some(limit.after(next, Timestamp(now)));
                    started.push(now);
                }
            }
            for (index, first) in started.iter().enumerate() {
                let within = started[index..].iter().take_while(|at| **at < first + per_ms as i64).count();
                prop_assert!(within <= (starts + burst - 1) as usize, "{} in {:?}", within, started);
            }
        }
    }
}
