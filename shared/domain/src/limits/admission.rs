//! An execution's side of its gates: which they are, whether it holds permits, where it waits.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{GateKey, Limits};
use crate::{CircuitPolicy, Status, Timestamp};

/// Part of an execution's row, of a job with limits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Admission {
    pub gates: Vec<GateKey>,
    /// Permits of all of its gates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds: bool,
    /// Keeps them over its retries.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_end: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit: Option<CircuitPolicy>,
    /// Where it waits for its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// It has waited for its turn before its last start: no wonder that it was late.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_waited: bool,
}

/// A place in the line before a gate. Lines are in the order of rank, then of the instant at which
/// each was due.
///
/// The rank is that of start-time fair queueing: each key's first in line gets the job's present
/// round and one more, each further one the next number. So keys take turns however many
/// executions one of them has in the line. Without keys, all have rank 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub gate: GateKey,
    pub rank: u64,
    pub due: Timestamp,
}

/// How an execution leaves a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It will come back, or it ended in a way that says nothing about its target.
    Released,
    Succeeded,
    Failed(CircuitPolicy),
}

impl Admission {
    pub fn new(limits: &Limits, gates: Vec<GateKey>) -> Self {
        let until_end = limits.holds_until_end();
        Self { gates, holds: false, until_end, circuit: limits.job.circuit, place: None, has_waited: false }
    }

    /// What the move to `status` means for the permits: how it leaves its gates, if it does.
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

/// As stores keep it, in the order of the line.
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
