//! Deterministic jitter: the same job and slot are delayed alike by every process, in every version.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::stable_hash;

/// Delay of `key`'s `slot`: whole milliseconds, uniform in `0..=bound`.
pub fn jitter(key: &str, slot: DateTime<Utc>, bound: Duration) -> Duration {
    let choices = bound.as_millis().saturating_add(1).min(u128::from(u64::MAX));
    // A zero byte cannot occur in a job's name, so key and slot cannot run into each other.
    let bytes = key.bytes().chain([0]).chain(slot.timestamp_millis().to_le_bytes());
    let hash = avalanche(stable_hash(bytes));
    Duration::from_millis(((u128::from(hash) * choices) >> 64) as u64)
}

/// Finaliser of MurmurHash3. FNV-1a leaves the top bits, which decide here, nearly equal for
/// neighbouring slots.
fn avalanche(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).unwrap()
    }

    #[test]
    fn stays_the_same_across_versions() {
        let bound = Duration::from_mins(1);
        let delays: Vec<_> = ["daily_report", "a"].map(|key| jitter(key, slot(0), bound).as_millis()).into();
        assert_eq!(delays, [8_859, 28_362]);
    }

    #[test]
    fn spreads_evenly_up_to_the_bound_and_reaches_it() {
        let bound = Duration::from_millis(9);
        let mut counts = [0_u32; 10];
        for minute in 0..10_000 {
            counts[jitter("job", slot(minute), bound).as_millis() as usize] += 1;
        }
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
    }

    #[test]
    fn no_bound_is_no_delay() {
        assert_eq!(jitter("job", slot(1), Duration::ZERO), Duration::ZERO);
        assert_eq!(jitter("job", slot(1), Duration::from_micros(900)), Duration::ZERO);
    }

    #[test]
    fn any_bound_will_do() {
        assert!(jitter("job", slot(1), Duration::MAX) > Duration::ZERO);
    }
}
