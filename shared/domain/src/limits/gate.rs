//! Gate: the record of what has passed, and the rule for what may pass.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Cap, Exit};
use crate::{Circuit, CircuitAdmission, ExecutionId, JobId, Timestamp};

/// Key of a gate: that of a job, or that of one concurrency key of a job. Written `job` or `job/key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GateKey {
    pub job_id: JobId,
    pub key: Option<String>,
}

/// Row of a gate. A gate that nothing has passed has no row, and reads as the default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gate {
    /// Random number, new with each write. Each write requires the number that it was made from. 0
    /// where there is no row.
    pub revision: u64,
    /// Executions that hold a permit.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub holders: BTreeSet<ExecutionId>,
    /// State of the rate limit: the instant from which the next start is allowed, before any burst.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_start: Option<Timestamp>,
    #[serde(default)]
    pub circuit: Circuit,
    /// Rank in the line. In a job's gate it is the rank that was let in last; in a key's gate, the last
    /// rank that was given to one of its executions.
    #[serde(default)]
    pub rank: u64,
}

/// Reason why a gate lets an execution in no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Index of the gate among the execution's gates.
    pub gate: usize,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// All permits are held.
    Full,
    /// Other executions are before it in the line.
    Behind,
    /// The rate limit permits no start before this instant.
    TooSoon(Timestamp),
    /// The circuit is open until this instant.
    Open(Timestamp),
}

impl Gate {
    /// Gate after `id` has passed it.
    ///
    /// # Errors
    /// The reason why `id` can't pass now.
    pub fn enter(&self, id: &ExecutionId, cap: &Cap, is_first: bool, now: Timestamp) -> Result<Self, Why> {
        let mut next = self.clone();
        // The circuit is about executions: a retry of one that it let in may go on.
        if let Some(policy) = cap.circuit.as_ref().filter(|_| is_first) {
            let (admission, circuit) = self.circuit.admit(policy, now);
            if let CircuitAdmission::Refuse { until } = admission {
                return Err(Why::Open(until));
            }
            next.circuit = circuit;
        }
        if self.free(cap) == 0 && !self.holders.contains(id) {
            return Err(Why::Full);
        }
        if let Some(rate) = &cap.rate {
            let next_start = rate.valid(self.next_start, now);
            let at = rate.allowed(next_start, now);
            if at > now {
                return Err(Why::TooSoon(at));
            }
            next.next_start = Some(rate.after(next_start, now));
        }
        if cap.permits.is_some() {
            next.holders.insert(id.clone());
        }
        Ok(next)
    }

    /// Gate after `id` has left it.
    pub fn leave(&self, id: &ExecutionId, exit: Exit, now: Timestamp) -> Self {
        let mut next = self.clone();
        next.holders.remove(id);
        next.circuit = match exit {
            Exit::Released => self.circuit,
            Exit::Succeeded => self.circuit.on_success(),
            Exit::Failed(policy) => self.circuit.on_failure(&policy, now),
        };
        next
    }

    /// Number of free permits.
    fn free(&self, cap: &Cap) -> usize {
        let permits = cap.permits.map_or(usize::MAX, |permits| permits as usize);
        permits.saturating_sub(self.holders.len())
    }

    /// Instants at which the next executions in line may pass, as far as they can be known now. At most
    /// `limit`.
    pub fn openings(&self, cap: &Cap, now: Timestamp, limit: usize) -> Vec<Timestamp> {
        let (from, limit) = match &cap.circuit {
            None => (now, limit),
            Some(policy) => match self.circuit.admit(policy, now).0 {
                CircuitAdmission::Allow => (now, limit),
                CircuitAdmission::Probe => (now, limit.min(1)),
                CircuitAdmission::Refuse { until } => (until, limit.min(1)),
            },
        };
        let mut next = cap.rate.as_ref().map_or(self.next_start, |rate| rate.valid(self.next_start, now));
        let places = 0..limit.min(self.free(cap));
        places
            .map(|_| match &cap.rate {
                None => from,
                Some(rate) => {
                    let at = rate.allowed(next, from);
                    next = Some(rate.after(next, at));
                    at
                }
            })
            .collect()
    }

    /// Whether the row says no more than a missing row would.
    pub fn is_blank(&self, now: Timestamp) -> bool {
        self.holders.is_empty()
            && self.circuit == Circuit::default()
            && self.rank == 0
            && self.next_start.is_none_or(|next| next <= now)
    }
}

/// Gates after `id` has left them. `gates` are those before, the job's first.
pub fn leave_all(gates: &[Gate], id: &ExecutionId, exit: Exit, now: Timestamp) -> Vec<Gate> {
    let round = gates.first().map_or(0, |job| job.rank);
    let leave = |(index, gate): (usize, &Gate)| {
        // A failure counts once: for the job.
        let exit = if index == 0 { exit } else { Exit::Released };
        let mut next = gate.leave(id, exit, now);
        if index > 0 && next.rank <= round {
            // The round has caught up with the key: its next one begins there anyway.
            next.rank = 0;
        }
        next
    };
    gates.iter().enumerate().map(leave).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{CircuitPolicy, HumanDuration, RateLimit};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn id(name: &str) -> ExecutionId {
        format!("job@{name}").parse().unwrap()
    }

    fn permits(permits: u32) -> Cap {
        Cap { permits: Some(permits), ..Cap::default() }
    }

    #[test]
    fn permits_are_a_set() {
        let cap = permits(2);
        let one = Gate::default().enter(&id("a"), &cap, true, NOW).unwrap();
        assert_eq!(one.enter(&id("a"), &cap, true, NOW).unwrap(), one, "taken twice is taken once");
        let two = one.enter(&id("b"), &cap, true, NOW).unwrap();
        assert_eq!(two.enter(&id("c"), &cap, true, NOW), Err(Why::Full));
        assert!(two.openings(&cap, NOW, 4).is_empty());
        let left = two.leave(&id("a"), Exit::Released, NOW);
        assert_eq!(left.leave(&id("a"), Exit::Released, NOW), left, "given back twice is given back once");
        assert!(left.enter(&id("c"), &cap, true, NOW).is_ok());
    }

    #[test]
    fn a_cap_that_was_lowered_lets_nobody_in_until_enough_have_left() {
        let full = (0..5).fold(Gate::default(), |gate, n| {
            gate.enter(&id(&n.to_string()), &permits(5), true, NOW).unwrap()
        });
        assert_eq!(full.enter(&id("x"), &permits(2), true, NOW), Err(Why::Full));
    }

    #[test]
    fn a_rate_says_when_the_next_may_start() {
        let rate = RateLimit { starts: 2, per: HumanDuration(Duration::from_secs(1)), burst: 1 };
        let cap = Cap { rate: Some(rate), ..Cap::default() };
        let gate = Gate::default().enter(&id("a"), &cap, true, NOW).unwrap();
        let next = NOW.plus(Duration::from_millis(500));
        assert_eq!(gate.enter(&id("b"), &cap, true, NOW), Err(Why::TooSoon(next)));
        let after = next.plus(Duration::from_millis(500));
        assert_eq!(gate.openings(&cap, NOW, 2), [next, after]);
        assert!(gate.enter(&id("b"), &cap, true, next).is_ok());
    }

    #[test]
    fn a_rate_that_was_loosened_holds_nobody_up() {
        let hourly = RateLimit { starts: 1, per: HumanDuration(Duration::from_secs(3600)), burst: 1 };
        let cap = |rate| Cap { rate: Some(rate), ..Cap::default() };
        let gate = Gate::default().enter(&id("a"), &cap(hourly), true, NOW).unwrap();
        let quick = RateLimit { starts: 100, per: HumanDuration(Duration::from_secs(1)), burst: 1 };
        assert_eq!(gate.openings(&cap(quick), NOW, 2), [NOW, NOW.plus(Duration::from_millis(10))]);
        assert!(gate.enter(&id("b"), &cap(quick), true, NOW).is_ok());
    }

    #[test]
    fn an_open_circuit_is_for_first_attempts() {
        let policy = CircuitPolicy { threshold: 1, open_for: Duration::from_secs(10) };
        let cap = Cap { circuit: Some(policy), ..Cap::default() };
        let open = Gate::default().leave(&id("a"), Exit::Failed(policy), NOW);
        let until = NOW.plus(policy.open_for);
        assert_eq!(open.enter(&id("b"), &cap, true, NOW), Err(Why::Open(until)));
        assert!(open.enter(&id("b"), &cap, false, NOW).is_ok());
        assert_eq!(open.openings(&cap, NOW, 4), [until], "one probe");
        let probing = open.enter(&id("b"), &cap, true, until).unwrap();
        assert!(matches!(probing.enter(&id("c"), &cap, true, until), Err(Why::Open(_))));
        assert_eq!(probing.leave(&id("b"), Exit::Succeeded, until).circuit, Circuit::default());
    }

    #[test]
    fn a_failure_is_counted_at_the_jobs_gate_only() {
        let policy = CircuitPolicy { threshold: 5, open_for: Duration::from_secs(10) };
        let gates = [Gate { rank: 3, ..Gate::default() }, Gate { rank: 3, ..Gate::default() }];
        let left = leave_all(&gates, &id("a"), Exit::Failed(policy), NOW);
        assert_eq!(left[0].circuit.failures(), 1);
        assert_eq!(left[0].rank, 3);
        assert!(left[1].is_blank(NOW), "the round has caught up");
    }
}
