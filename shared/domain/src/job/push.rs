//! Definition of one-time work, as people write it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    target::{CommandLine, Target},
    work::{Work, retry_of, target_of},
};
use crate::{HumanDuration, JobId, Priority, RetryPolicy, Timestamp};

/// One-time work with its target inline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PushSpec {
    /// Name under which the execution is listed. Default `push`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<JobId>,
    /// Earliest start: an RFC 3339 instant. Default: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<DateTime<Utc>>,
    /// Time from now until the earliest start, instead of `run_at`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<HumanDuration>,
    /// Command to run; short for a target of type `command`. A string runs through `sh -c`, a list
    /// without a shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandLine>,
    /// Work that the execution does, instead of `command`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub target: Option<Target>,
    /// JSON for the target: standard input of a process, body of a request. Default null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Class in which the execution waits for a worker; it rises with waiting. Default `normal`.
    #[serde(default)]
    pub priority: Priority,
    /// Maximum number of attempts after the first one; short for `retry.max_retries`. 0 to 1,000.
    /// Default 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 1000))]
    pub max_retries: Option<u32>,
    /// Number of retries and the delays between them. Default: 3 retries, exponential from 2 s to 1 h.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub retry: Option<RetryPolicy>,
    /// Time limit of one attempt. Default 1 h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<HumanDuration>,
    /// Time limit of the execution with all its attempts, from its first start. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_timeout: Option<HumanDuration>,
    /// Time after the earliest start within which the execution must start; later it is skipped.
    /// Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<HumanDuration>,
    /// Pool whose workers run the execution. Default `command` for processes, `default` for other
    /// targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9_.-]{1,128}$"))]
    pub pool: Option<String>,
}

impl PushSpec {
    pub fn work(&self) -> Work {
        let target = target_of(self.command.as_ref(), self.target.as_ref());
        let retry = retry_of(self.max_retries, self.retry.as_ref());
        let limits = (self.timeout, self.execution_timeout, self.starting_deadline);
        Work::new(target, retry, limits, self.pool.as_deref())
    }

    pub fn due(&self, now: Timestamp) -> Timestamp {
        match (self.run_at, self.delay) {
            (Some(run_at), _) => run_at.into(),
            (None, Some(delay)) => now.plus(delay.0),
            (None, None) => now,
        }
    }
}
