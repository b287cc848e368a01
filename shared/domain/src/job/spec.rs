//! The definition as people write it.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::target::{CommandLine, CommandTarget, Target};
use crate::{
    Cap, CircuitPolicy, Concurrency, HumanDuration, JobId, KeyExpression, Limits, MisfirePolicy, Priority,
    RateLimit, RetryPolicy, Timestamp, TriggerRule, Zones,
    schedule::{Schedule, ScheduleError, jitter::jitter},
};

/// Who calls a job's slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The tick.
    #[default]
    Tick,
    /// On AWS a schedule of its own in EventBridge Scheduler too: whichever is first starts the
    /// slot, the other finds it started. Elsewhere the same as `tick`.
    Both,
}

impl Clock {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A job's definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JobSpec {
    pub job_id: JobId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub description: Option<String>,
    /// Cron with 5 or 6 fields, `@daily` and its kin, `@every 90s`, AWS `cron(…)`, `rate(…)`, `at(…)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// IANA time zone of the schedule; UTC by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// One instant instead of a schedule, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<DateTime<Utc>>,
    /// No slot before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<DateTime<Utc>>,
    /// No slot after this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<DateTime<Utc>>,
    /// Each slot starts up to this much later, by an amount that is fixed for the slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<HumanDuration>,
    /// Short for a target of type `command`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandLine>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub target: Option<Target>,
    /// JSON handed to the target, where the trigger brings none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Who calls its slots.
    #[serde(default, skip_serializing_if = "Clock::is_default")]
    pub clock: Clock,
    /// Jobs to wait for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub dependencies: Vec<JobId>,
    #[serde(default)]
    pub trigger_rule: TriggerRule,
    /// How long to wait for dependencies before giving up; a day by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency_timeout: Option<HumanDuration>,
    /// A list, or a reference to a dependency's result that is one: `{"$result": "list_files"}`. Each
    /// element gets an execution of its own; the job's ends when all of them have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<Value>,
    /// Of a list with more elements than this no execution is made; 100 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub max_elements: Option<u32>,
    #[serde(default)]
    pub priority: Priority,
    /// Further attempts after a failed one; 3 by default. Short for `retry.max_retries`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 1000))]
    pub max_retries: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub retry: Option<RetryPolicy>,
    /// Of one attempt; an hour by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<HumanDuration>,
    /// Of the execution with all its attempts, from its first start; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_timeout: Option<HumanDuration>,
    /// An execution that has not started this long after its slot is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<HumanDuration>,
    /// An execution of a slot that has not ended this long after it is an alert; at most 7d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_finish_by: Option<HumanDuration>,
    /// What to do about slots that were missed by more than a minute.
    #[serde(default)]
    pub misfire: MisfirePolicy,
    /// With misfire `all`: at most this many, the newest; 100 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub misfire_cap: Option<u32>,
    /// Executions that may run at once. Without it, there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub max_concurrency: Option<u32>,
    /// What becomes of an execution beyond `max_concurrency` (which is then 1, where not given);
    /// `queue` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// The part of the input that executions are told apart by, such as `input.customer_id`. Keys
    /// take turns under `max_concurrency`, and have limits of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_key: Option<KeyExpression>,
    /// Executions of one key that may run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub max_concurrency_per_key: Option<u32>,
    /// How often attempts may start.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub rate_limit: Option<RateLimit>,
    /// How often attempts of one key may start.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub rate_limit_per_key: Option<RateLimit>,
    /// Stops starting what keeps failing. `{}` has the defaults: five failed executions in a row,
    /// ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub circuit: Option<CircuitPolicy>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The workers that run it; by the kind of target, where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9_.-]{1,128}$"))]
    pub pool: Option<String>,
    /// A new job begins paused. No part of what is kept of a definition: of a job that is there
    /// already it changes nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

/// One-time work with its target inline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PushSpec {
    /// Under which name it is filed; `push` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<JobId>,
    /// The earliest start, RFC 3339; at once by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<DateTime<Utc>>,
    /// The earliest start, from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<HumanDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandLine>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub target: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    #[serde(default)]
    pub priority: Priority,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 1000))]
    pub max_retries: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub retry: Option<RetryPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<HumanDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_timeout: Option<HumanDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<HumanDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9_.-]{1,128}$"))]
    pub pool: Option<String>,
}

/// How to run something once: the part of a definition that an attempt needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    pub target: Target,
    pub retry: RetryPolicy,
    pub timeout: HumanDuration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_timeout: Option<HumanDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<HumanDuration>,
    pub pool: String,
}

impl Work {
    /// `limits` are those of an attempt, of all attempts, and of the wait for the first.
    fn new(
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
        Self { target, retry, timeout, execution_timeout, starting_deadline, pool }
    }
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);
const DEFAULT_MAX_ELEMENTS: u32 = 100;
const DEFAULT_DEPENDENCY_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

impl JobSpec {
    pub fn new(job_id: &JobId) -> Self {
        // A definition of nothing but its name is valid JSON for every field's default.
        let name_only = serde_json::json!({ "job_id": job_id.as_str() });
        serde_json::from_value(name_only).unwrap_or_else(|_| unreachable!("every other field has a default"))
    }

    pub fn work(&self) -> Work {
        let target = target_of(self.command.as_ref(), self.target.as_ref());
        let retry = retry_of(self.max_retries, self.retry.as_ref());
        let limits = (self.timeout, self.execution_timeout, self.starting_deadline);
        Work::new(target, retry, limits, self.pool.as_deref())
    }

    /// None where nothing is limited.
    pub fn limits(&self) -> Option<Limits> {
        let concurrency = self.concurrency.unwrap_or_default();
        let is_limited = self.max_concurrency.is_some()
            || matches!(self.concurrency, Some(concurrency) if concurrency != Concurrency::Allow);
        let permits = is_limited.then(|| self.max_concurrency.unwrap_or(1));
        let job = Cap { permits, rate: self.rate_limit, circuit: self.circuit };
        let of_key =
            Cap { permits: self.max_concurrency_per_key, rate: self.rate_limit_per_key, circuit: None };
        Limits::new(concurrency, job, self.concurrency_key.clone().map(|key| (key, of_key)))
    }

    /// As it is kept, without what only concerns its beginning.
    #[must_use]
    pub fn kept(&self) -> Self {
        Self { paused: false, ..self.clone() }
    }

    /// Has slots of its own.
    pub fn is_scheduled(&self) -> bool {
        self.schedule.is_some() || self.run_at.is_some()
    }

    /// Whether its slots depend on the zone data. UTC is the same in all of them.
    pub fn has_zone(&self) -> bool {
        self.is_scheduled() && self.timezone.as_deref().is_some_and(|zone| zone != "UTC")
    }

    pub fn parsed_schedule(&self, zones: &Zones) -> Result<Option<Schedule>, ScheduleError> {
        let expression = match (&self.schedule, self.run_at) {
            (Some(expression), _) => expression.clone(),
            (None, Some(run_at)) => run_at.to_rfc3339(),
            (None, None) => return Ok(None),
        };
        let mut schedule = Schedule::parse_by(zones, &expression, self.timezone.as_deref())?;
        if let Some(start) = self.start {
            schedule = schedule.starting(start);
        }
        if let Some(end) = self.end {
            schedule = schedule.ending(end);
        }
        Ok(Some(schedule))
    }

    /// Equal for two jobs exactly if they share one schedule.
    pub fn schedule_key(&self) -> Option<String> {
        let at = |instant: Option<DateTime<Utc>>| instant.map(|i| i.to_rfc3339()).unwrap_or_default();
        self.is_scheduled().then(|| {
            format!(
                "{}|{}|{}|{}|{}",
                self.schedule.as_deref().unwrap_or_default().trim(),
                at(self.run_at),
                self.timezone.as_deref().unwrap_or("UTC"),
                at(self.start),
                at(self.end)
            )
        })
    }

    /// When the timer of a slot fires: the slot, plus its jitter.
    pub fn fire_at(&self, slot: Timestamp) -> Timestamp {
        match self.jitter {
            None => slot,
            Some(bound) => slot.plus(jitter(self.job_id.as_str(), slot.to_utc(), bound.0)),
        }
    }

    pub fn max_elements(&self) -> u32 {
        self.max_elements.unwrap_or(DEFAULT_MAX_ELEMENTS)
    }

    pub fn dependency_timeout(&self) -> Duration {
        self.dependency_timeout.map_or(DEFAULT_DEPENDENCY_TIMEOUT, |timeout| timeout.0)
    }
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

fn target_of(command: Option<&CommandLine>, target: Option<&Target>) -> Target {
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

fn retry_of(max_retries: Option<u32>, retry: Option<&RetryPolicy>) -> RetryPolicy {
    let mut policy = retry.copied().unwrap_or_default();
    if let Some(max_retries) = max_retries {
        policy.max_retries = max_retries;
    }
    policy
}
