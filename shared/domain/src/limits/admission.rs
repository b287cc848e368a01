//! Admission of an execution: its gates, its permits, and its place in line.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{GateKey, Limits};
use crate::{CircuitPolicy, Status, Timestamp};

/// State of an execution at the gates of its job: permits and place in line. It is a part of the
/// execution's row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Admission {
    pub gates: Vec<GateKey>,
    /// Whether the execution holds the permits of all its gates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds: bool,
    /// Whether the permits are kept across retries.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_end: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit: Option<CircuitPolicy>,
    /// Place in line where the execution waits for its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Whether the execution waited for its turn before its last start, which explains its lateness.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_waited: bool,
}

/// Place in the line before a gate. A line is ordered by rank, then by the instant at which each
/// execution was due. Ranks follow start-time fair queueing: the first waiting execution of a key gets
/// the rank after the one that is being let in, and each further execution of the key gets the next
/// rank. So keys take turns, however many executions of one key wait. Without keys, all ranks are 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub gate: GateKey,
    pub rank: u64,
    pub due: Timestamp,
}

/// Way in which an execution leaves a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The execution will come back, or it ended in a way that says nothing about its target.
    Released,
    Succeeded,
    Failed(CircuitPolicy),
}

impl Admission {
    pub fn new(limits: &Limits, gates: Vec<GateKey>) -> Self {
        let until_end = limits.holds_until_end();
        Self { gates, holds: false, until_end, circuit: limits.job.circuit, place: None, has_waited: false }
    }

    /// Applies the move to `status` to the permits. Returns how the execution leaves its gates, or
    /// `None` where it stays or held no permits.
    pub(crate) fn leave(&mut self, status: Status) -> Option<Exit> {
        let stays = match status {
            Status::Running => true,
            status => self.until_end && !status.is_terminal(),
        };
        if !self.holds || stays {
            return None;
        }
        self.holds = false;
        Some(match (status, self.circuit) {
            (Status::Success, _) => Exit::Succeeded,
            (Status::Failed | Status::TimedOut, Some(policy)) => Exit::Failed(policy),
            _ => Exit::Released,
        })
    }
}

/// Place as stores keep it, sorted in the order of the line.
impl Place {
    pub fn sort_key(&self) -> String {
        format!("{:012} {:015}", self.rank, self.due.0.max(0))
    }
}

impl fmt::Display for GateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            None => write!(f, "{}", self.job_id),
            Some(key) => write!(f, "{}/{key}", self.job_id),
        }
    }
}

impl FromStr for GateKey {
    type Err = crate::IdError;

    fn from_str(text: &str) -> Result<Self, crate::IdError> {
        let (job_id, key) = match text.split_once('/') {
            None => (text, None),
            Some((job_id, key)) => (job_id, Some(key.to_owned())),
        };
        Ok(Self { job_id: job_id.parse()?, key })
    }
}

impl TryFrom<String> for GateKey {
    type Error = crate::IdError;

    fn try_from(text: String) -> Result<Self, crate::IdError> {
        text.parse()
    }
}

impl From<GateKey> for String {
    fn from(key: GateKey) -> Self {
        key.to_string()
    }
}
