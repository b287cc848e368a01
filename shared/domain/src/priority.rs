//! Priority classes, with one queue each, and the ageing that raises them.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// Default wait after which an execution rises by one class.
pub const AGEING_STEP: Duration = Duration::from_secs(5 * 60);

/// Urgency of a job. Ordered by urgency: the most urgent comes first, so `Critical < Low`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    Critical,
    High,
    #[default]
    Normal,
    Low,
}

impl Priority {
    /// All classes, the most urgent first. Queues are polled in this order.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// The next more urgent class; `Critical` stays.
    pub const fn raised(self) -> Self {
        match self {
            Self::Critical | Self::High => Self::Critical,
            Self::Normal => Self::High,
            Self::Low => Self::Normal,
        }
    }

    /// Class after waiting: one class up for every full `step`. A `step` of zero turns ageing off.
    pub fn aged(self, waited: Duration, step: Duration) -> Self {
        let steps = waited.as_nanos().checked_div(step.as_nanos()).unwrap_or(0);
        let classes = Self::ALL.len().min(usize::try_from(steps).unwrap_or(usize::MAX));
        (0..classes).fold(self, |priority, _| priority.raised())
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn written_in_lowercase_and_ordered_by_urgency() {
        assert_eq!(serde_json::to_string(&Priority::ALL).unwrap(), r#"["critical","high","normal","low"]"#);
        assert_eq!(Priority::ALL.map(|p| p.to_string()), ["critical", "high", "normal", "low"]);
        assert!(Priority::ALL.is_sorted());
        assert_eq!(Priority::default(), Priority::Normal);
    }

    #[test]
    fn rises_once_for_each_full_step() {
        let aged = |ms| Priority::Low.aged(Duration::from_millis(ms), AGEING_STEP);
        assert_eq!(aged(299_999), Priority::Low);
        assert_eq!(aged(300_000), Priority::Normal);
        assert_eq!(aged(600_000), Priority::High);
        assert_eq!(aged(u64::MAX), Priority::Critical);
        assert_eq!(Priority::Low.aged(Duration::MAX, Duration::ZERO), Priority::Low);
    }

    proptest! {
        #[test]
        fn waiting_longer_is_never_less_urgent(
            class in prop::sample::select(Priority::ALL.to_vec()), waited: Duration, more: Duration, step: Duration
        ) {
            let now = class.aged(waited, step);
            prop_assert!(now <= class);
            prop_assert!(class.aged(waited.saturating_add(more), step) <= now);
        }
    }
}
