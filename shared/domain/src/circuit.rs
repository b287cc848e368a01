//! Circuit breaker of a job: it stops the starts of a job that keeps failing, then tries one.
//!
//! ```text
//!            threshold failures in a row           until reached: one probe
//!   closed ───────────────────────────────▶ open ───────────────────────────▶ half_open
//!     ▲                                      ▲ │                                 │  │
//!     └──────────── any success ─────────────┼─┴─────────────────────────────────┘  │
//!                                            └───────────────── failure ────────────┘
//! ```
//!
//! The circuit counts executions, not attempts. A success closes a circuit that failures have opened,
//! even the success of an execution that started before: the target is known to work. A circuit that
//! was opened by hand stays open until the instant that was named. A probe that never reports (its
//! worker died, its slot was cancelled) does not hold the circuit half open for ever: after `open_for`
//! another probe may start.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Failures that open the circuit, and the time for which it stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CircuitPolicy {
    /// Number of failed executions in a row that opens the circuit; 0 means never. Default 5.
    #[cfg_attr(feature = "openapi", schema(maximum = 4_294_967_295u32))]
    pub threshold: u32,
    /// Time for which the circuit stays open before one probe starts. Default 10 min.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::HumanDuration, default = "10m"))]
    pub open_for: Duration,
}

impl Default for CircuitPolicy {
    fn default() -> Self {
        Self { threshold: 5, open_for: Duration::from_secs(600) }
    }
}

/// State of the circuit breaker, stored with the job. `failures` is the number of failures in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Circuit {
    /// Everything starts. The end of an execution moves the circuit on.
    Closed { failures: u32 },
    /// Nothing starts. The first admission at or after `until` moves the circuit on.
    Open {
        until: Timestamp,
        failures: u32,
        /// Whether a person, not failures, opened the circuit.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_hand: bool,
    },
    /// One probe has been running since `since`. Its end moves the circuit on, or the next admission
    /// after the probe was lost.
    HalfOpen { since: Timestamp, failures: u32 },
}

impl Default for Circuit {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

/// Whether an execution may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitAdmission {
    Allow,
    /// The execution may start as the one probe. The new circuit must be stored before it starts.
    Probe,
    /// The execution must not start. The next try makes sense at `until`.
    Refuse {
        until: Timestamp,
    },
}

impl Circuit {
    /// Circuit after an execution succeeded.
    pub fn on_success(self) -> Self {
        if matches!(self, Self::Open { by_hand: true, .. }) { self } else { Self::default() }
    }

    /// Circuit after an execution failed for good. The failure of an execution that began before the
    /// circuit opened does not keep it open for longer.
    pub fn on_failure(self, policy: &CircuitPolicy, now: Timestamp) -> Self {
        let failures = self.failures().saturating_add(1);
        let opens = policy.threshold > 0 && failures >= policy.threshold;
        match self {
            Self::Open { until, by_hand, .. } => Self::Open { until, failures, by_hand },
            Self::Closed { .. } if !opens => Self::Closed { failures },
            Self::Closed { .. } | Self::HalfOpen { .. } => {
                Self::Open { until: now.plus(policy.open_for), failures, by_hand: false }
            }
        }
    }

    /// Whether an execution may start now, and the circuit after it is let in.
    pub fn admit(self, policy: &CircuitPolicy, now: Timestamp) -> (CircuitAdmission, Self) {
        let until = match self {
            Self::Closed { .. } => return (CircuitAdmission::Allow, self),
            Self::Open { until, .. } => until,
            Self::HalfOpen { since, .. } => since.plus(policy.open_for),
        };
        if now < until {
            return (CircuitAdmission::Refuse { until }, self);
        }
        (CircuitAdmission::Probe, Self::HalfOpen { since: now, failures: self.failures() })
    }

    /// Number of failures in a row so far.
    pub fn failures(self) -> u32 {
        match self {
            Self::Closed { failures } | Self::Open { failures, .. } | Self::HalfOpen { failures, .. } => {
                failures
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: CircuitPolicy = CircuitPolicy { threshold: 3, open_for: Duration::from_secs(10) };

    fn failed(times: u32, at: i64) -> Circuit {
        (0..times).fold(Circuit::default(), |circuit, _| circuit.on_failure(&POLICY, Timestamp(at)))
    }

    #[test]
    fn opens_at_the_threshold_and_refuses_until_then() {
        assert_eq!(failed(2, 0), Circuit::Closed { failures: 2 });
        assert_eq!(failed(2, 0).admit(&POLICY, Timestamp(0)).0, CircuitAdmission::Allow);
        let open = failed(3, 1_000);
        assert_eq!(open, Circuit::Open { until: Timestamp(11_000), failures: 3, by_hand: false });
        let refuse = CircuitAdmission::Refuse { until: Timestamp(11_000) };
        assert_eq!(open.admit(&POLICY, Timestamp(10_999)), (refuse, open));
    }

    #[test]
    fn lets_one_probe_through() {
        let (admission, probing) = failed(3, 0).admit(&POLICY, Timestamp(10_000));
        assert_eq!(admission, CircuitAdmission::Probe);
        assert_eq!(probing, Circuit::HalfOpen { since: Timestamp(10_000), failures: 3 });
        let refuse = CircuitAdmission::Refuse { until: Timestamp(20_000) };
        assert_eq!(probing.admit(&POLICY, Timestamp(19_999)), (refuse, probing));
        assert_eq!(probing.admit(&POLICY, Timestamp(20_000)).0, CircuitAdmission::Probe);
    }

    #[test]
    fn the_probe_decides() {
        let (_, probing) = failed(3, 0).admit(&POLICY, Timestamp(10_000));
        assert_eq!(probing.on_success(), Circuit::Closed { failures: 0 });
        let again = Circuit::Open { until: Timestamp(22_000), failures: 4, by_hand: false };
        assert_eq!(probing.on_failure(&POLICY, Timestamp(12_000)), again);
    }

    #[test]
    fn a_late_failure_does_not_prolong_it() {
        let open = failed(3, 0).on_failure(&POLICY, Timestamp(9_000));
        assert_eq!(open, Circuit::Open { until: Timestamp(10_000), failures: 4, by_hand: false });
    }

    #[test]
    fn what_somebody_has_opened_stays_open_until_then() {
        let open = Circuit::Open { until: Timestamp(9_000), failures: 0, by_hand: true };
        assert_eq!(open.on_success(), open);
        assert_eq!(open.on_failure(&POLICY, Timestamp(1)).on_success().failures(), 1);
        let (admission, probing) = open.admit(&POLICY, Timestamp(9_000));
        assert_eq!((admission, probing.on_success()), (CircuitAdmission::Probe, Circuit::default()));
    }

    #[test]
    fn a_threshold_of_zero_never_opens() {
        let policy = CircuitPolicy { threshold: 0, ..POLICY };
        let circuit = (0..100).fold(Circuit::default(), |c, _| c.on_failure(&policy, Timestamp(0)));
        assert_eq!(circuit, Circuit::Closed { failures: 100 });
    }

    #[test]
    fn json_is_tagged_by_state() {
        let json = serde_json::to_string(&failed(3, 0)).unwrap();
        assert_eq!(json, r#"{"state":"open","until":10000,"failures":3}"#);
        assert_eq!(serde_json::from_str::<Circuit>(&json).unwrap(), failed(3, 0));
        let policy: CircuitPolicy = serde_json::from_str(r#"{"open_for":"1m"}"#).unwrap();
        assert_eq!(policy, CircuitPolicy { threshold: 5, open_for: Duration::from_secs(60) });
        assert!(serde_json::from_str::<CircuitPolicy>(r#"{"open":1}"#).is_err());
    }

    proptest! {
        /// Checks that at least `open_for` lies between two probes, and that each refusal ends.
        #[test]
        fn probes_are_spaced_and_refusals_end(steps in prop::collection::vec((0..5_000_i64, 0..4_u8), 1..200)) {
            let (mut circuit, mut now, mut last_probe) = (Circuit::default(), Timestamp(0), None::<Timestamp>);
            for (passed, action) in steps {
                now.0 += passed;
                match action {
                    0 if matches!(circuit, Circuit::Closed { .. }) => circuit = circuit.on_success(),
                    0 | 1 => circuit = circuit.on_failure(&POLICY, now),
                    _ => {
                        let (admission, next) = circuit.admit(&POLICY, now);
                        circuit = next;
                        match admission {
                            CircuitAdmission::Allow => {}
                            CircuitAdmission::Refuse { until } => {
                                prop_assert!(until > now && until <= now.plus(POLICY.open_for));
                                prop_assert_eq!(circuit.admit(&POLICY, until).0, CircuitAdmission::Probe);
                            }
                            CircuitAdmission::Probe => {
                                let spaced = last_probe.is_none_or(|last| now.since(last) >= POLICY.open_for);
                                prop_assert!(spaced);
                                last_probe = Some(now);
                            }
                        }
                    }
                }
            }
        }
    }
}
