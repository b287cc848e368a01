//! Work: what an attempt needs of a definition, or of a push.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::target::{CommandLine, CommandTarget, Target};
use crate::{HumanDuration, RetryPolicy};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);

/// Fate of an execution that failed or timed out and is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// A dead letter and an alert.
    #[default]
    DeadLetter,
    /// A row in the history and nothing else: no dead letter, no alert, no part in the success rate
    /// that alerts are judged by.
    Record,
}

impl OnFailure {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Work: the part of a definition that an attempt needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    pub target: Target,
    pub retry: RetryPolicy,
    pub timeout: HumanDuration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_timeout: Option<HumanDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<HumanDuration>,
    #[serde(default, skip_serializing_if = "OnFailure::is_default")]
    pub on_failure: OnFailure,
    pub pool: String,
}

impl Work {
    /// Builds the work. The three limits are those of an attempt, of all attempts, and of the wait for
    /// the first attempt.
    pub(super) fn new(
        target: Target,
        retry: RetryPolicy,
        (timeout, execution_timeout, starting_deadline): (
            Option<HumanDuration>,
            Option<HumanDuration>,
            Option<HumanDuration>,
        ),
        pool: Option<&str>,
    ) -> Self {
        let timeout = timeout.unwrap_or(HumanDuration(DEFAULT_TIMEOUT));
        let pool = pool.unwrap_or(target.default_pool()).to_owned();
        let on_failure = OnFailure::default();
        Self { target, retry, timeout, execution_timeout, starting_deadline, on_failure, pool }
    }
}

pub(super) fn target_of(command: Option<&CommandLine>, target: Option<&Target>) -> Target {
    match (command, target) {
        (_, Some(target)) => target.clone(),
        (Some(command), None) => Target::Command(CommandTarget {
            command: command.clone(),
            working_directory: None,
            environment: BTreeMap::new(),
            pass_environment: Vec::new(),
            final_exit_codes: Vec::new(),
        }),
        (None, None) => Target::Empty {},
    }
}

pub(super) fn retry_of(max_retries: Option<u32>, retry: Option<&RetryPolicy>) -> RetryPolicy {
    let mut policy = retry.copied().unwrap_or_default();
    if let Some(max_retries) = max_retries {
        policy.max_retries = max_retries;
    }
    policy
}
