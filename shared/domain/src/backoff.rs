//! Retry policy: number of retries, and the delays between them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Maximum deviation of a proportionally jittered delay from the computed delay, either way.
const PROPORTIONAL_SPREAD: f64 = 0.1;

/// Number of retries of an execution, and the delays between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Maximum number of attempts after the first one; with 0 the first failure is final. Default 3.
    #[cfg_attr(feature = "openapi", schema(maximum = 1000))]
    pub max_retries: u32,
    /// Growth of the delay with each retry. Default `exponential`.
    pub backoff: Backoff,
    /// First delay, to the millisecond. Default 2 s.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::HumanDuration, default = "2s"))]
    pub base: Duration,
    /// Longest delay, jitter included. Default 1 h.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::HumanDuration, default = "1h"))]
    pub cap: Duration,
    /// Randomness of the delay. Default `proportional`.
    pub jitter: Jitter,
    /// Maximum number of further attempts after attempts that were lost with their worker, apart from
    /// `max_retries`. 0 means that an execution starts at most once. Default 3.
    #[cfg_attr(feature = "openapi", schema(maximum = 1000))]
    pub max_lost: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 3,
            backoff: Backoff::default(),
            base: Duration::from_secs(2),
            cap: Duration::from_secs(3600),
            jitter: Jitter::default(),
            max_lost: 3,
        }
    }
}

/// Growth of the delay with the number of the retry, n = 0, 1, 2, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// base · 2ⁿ
    #[default]
    Exponential,
    /// base · (n + 1)
    Linear,
    /// base · 1, 1, 2, 3, 5, 8, …
    Fibonacci,
    /// base
    Fixed,
}

/// Randomness of a delay, so that executions that failed together are not retried together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    None,
    /// ±10 %
    #[default]
    Proportional,
    /// Any delay from zero to the computed one ("full jitter").
    Full,
}

impl RetryPolicy {
    /// Delay before retry number `retry`, counted from 0: whole milliseconds, at most `cap`.
    ///
    /// `random` is uniform in [0, 1); values outside count as the nearest bound.
    pub fn delay(&self, retry: u32, random: f64) -> Duration {
        let cap_ms = whole_ms(self.cap);
        let delay_ms = whole_ms(self.base).saturating_mul(self.backoff.factor(retry)).min(cap_ms);
        Duration::from_millis(self.jitter.apply(delay_ms, random).min(cap_ms))
    }
}

impl Backoff {
    fn factor(self, retry: u32) -> u64 {
        match self {
            Self::Exponential => 2_u64.saturating_pow(retry),
            Self::Linear => u64::from(retry) + 1,
            Self::Fibonacci => fibonacci(retry),
            Self::Fixed => 1,
        }
    }
}

impl Jitter {
    fn apply(self, delay_ms: u64, random: f64) -> u64 {
        let random = random.clamp(0.0, 1.0);
        let factor = match self {
            Self::None => return delay_ms,
            Self::Proportional => 1.0 - PROPORTIONAL_SPREAD + 2.0 * PROPORTIONAL_SPREAD * random,
            Self::Full => random,
        };
        (delay_ms as f64 * factor).round() as u64
    }
}

/// Fibonacci number 1, 1, 2, 3, 5, …; `u64::MAX` past the 93rd, which no longer fits.
fn fibonacci(n: u32) -> u64 {
    let step = |(current, next): (u64, u64), _| (next, current.saturating_add(next));
    (0..n.min(93)).fold((1, 1), step).0
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(backoff: Backoff, retries: u32) -> Vec<u64> {
        let policy = RetryPolicy { backoff, jitter: Jitter::None, ..RetryPolicy::default() };
        (0..retries).map(|retry| policy.delay(retry, 0.5).as_secs()).collect()
    }

    #[test]
    fn each_backoff_grows_as_it_says() {
        assert_eq!(
            seconds(Backoff::Exponential, 13),
            [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]
        );
        assert_eq!(seconds(Backoff::Linear, 5), [2, 4, 6, 8, 10]);
        assert_eq!(seconds(Backoff::Fibonacci, 7), [2, 2, 4, 6, 10, 16, 26]);
        assert_eq!(seconds(Backoff::Fixed, 3), [2, 2, 2]);
    }

    #[test]
    fn jitter_spreads_within_its_bounds() {
        let with =
            |jitter, random| RetryPolicy { jitter, ..RetryPolicy::default() }.delay(0, random).as_millis();
        assert_eq!(with(Jitter::Proportional, 0.0), 1800);
        assert_eq!(with(Jitter::Proportional, 0.5), 2000);
        assert_eq!(with(Jitter::Proportional, 1.0), 2200);
        assert_eq!(with(Jitter::Full, 0.0), 0);
        assert_eq!(with(Jitter::Full, 0.25), 500);
    }

    #[test]
    fn json_defaults_each_field_and_refuses_unknown_ones() {
        let policy: RetryPolicy = serde_json::from_str(r#"{"backoff":"linear","base":"500ms"}"#).unwrap();
        let wanted = RetryPolicy {
            backoff: Backoff::Linear,
            base: Duration::from_millis(500),
            ..RetryPolicy::default()
        };
        assert_eq!(policy, wanted);
        assert_eq!(
            serde_json::to_string(&RetryPolicy::default()).unwrap(),
            r#"{"max_retries":3,"backoff":"exponential","base":"2s","cap":"1h","jitter":"proportional","max_lost":3}"#
        );
        assert!(serde_json::from_str::<RetryPolicy>(r#"{"retries":1}"#).is_err());
    }

    fn policies() -> impl Strategy<Value = RetryPolicy> {
        use Backoff::{Exponential, Fibonacci, Fixed, Linear};
        let backoff = prop::sample::select(vec![Exponential, Linear, Fibonacci, Fixed]);
        let jitter = prop::sample::select(vec![Jitter::None, Jitter::Proportional, Jitter::Full]);
        (backoff, jitter, any::<Duration>(), any::<Duration>(), any::<bool>()).prop_map(
            |(backoff, jitter, base, cap, small)| {
                let fit = |d: Duration| if small { d / 1_000_000_000 } else { d };
                RetryPolicy { backoff, jitter, base: fit(base), cap: fit(cap), ..RetryPolicy::default() }
            },
        )
    }

    proptest! {
        #[test]
        fn never_above_the_cap(policy in policies(), retry: u32, random: f64) {
            prop_assert!(policy.delay(retry, random) <= policy.cap);
        }

        #[test]
        fn monotone_without_jitter(policy in policies(), retry in 0..200_u32) {
            let policy = RetryPolicy { jitter: Jitter::None, ..policy };
            prop_assert!(policy.delay(retry, 0.0) <= policy.delay(retry + 1, 0.0));
        }

        #[test]
        fn jitter_stays_near_the_plain_delay(base in 0..1_000_000_u64, retry in 0..40_u32, random in 0.0..1.0) {
            let plain = RetryPolicy {
                base: Duration::from_millis(base), jitter: Jitter::None, ..RetryPolicy::default()
            };
            let ms = |jitter| RetryPolicy { jitter, ..plain }.delay(retry, random).as_millis() as f64;
            let (plain_ms, near, full) = (ms(Jitter::None), ms(Jitter::Proportional), ms(Jitter::Full));
            prop_assert!((near - plain_ms).abs() <= plain_ms * PROPORTIONAL_SPREAD + 0.5);
            prop_assert!(full <= plain_ms);
        }
    }
}
