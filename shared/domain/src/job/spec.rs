//! Definition of a job, as people write it.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    slot_clock::SlotClock,
    target::{CommandLine, Target},
    work::{OnFailure, Work, retry_of, target_of},
};
use crate::{
    Cap, CircuitPolicy, Concurrency, HumanDuration, JobId, KeyExpression, Limits, MisfirePolicy, Priority,
    RateLimit, RetryPolicy, Timestamp, TriggerRule, Zones,
    schedule::{Schedule, ScheduleError, is_like_blank, jitter::jitter},
};

/// A job's definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JobSpec {
    /// Name of the job, unique in the installation.
    pub job_id: JobId,
    /// Text for people, at most 1,024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub description: Option<String>,
    /// Schedule: cron with 5 fields, or 6 with leading seconds; `@yearly` to `@hourly`; `@every 90s`;
    /// AWS `cron(…)`, `rate(…)`, `at(…)`. Without a schedule the job runs when it is triggered, or when
    /// its dependencies have run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// IANA time zone of the schedule, such as `Europe/Berlin`. Default UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Single slot instead of a schedule: an RFC 3339 instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<DateTime<Utc>>,
    /// Earliest instant of a slot (RFC 3339). Intervals count from it: `@every 14d` keeps its local time in
    /// `timezone`. Default: no bound, and intervals count from the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<DateTime<Utc>>,
    /// Latest instant of a slot (RFC 3339). Default: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<DateTime<Utc>>,
    /// Longest delay that is added to each slot, at most 1 day. The delay is fixed for a slot, so a
    /// repeated start gets the same one. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<HumanDuration>,
    /// Command to run; short for a target of type `command`. A string runs through `sh -c`, a list
    /// without a shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandLine>,
    /// Work that an execution does: a process, a request, or a service of AWS. Instead of `command`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub target: Option<Target>,
    /// JSON for the target: standard input of a process, body of a request. A trigger with an input
    /// of its own replaces it. Default null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Clock that starts the slots. Default `tick`.
    #[serde(default, skip_serializing_if = "SlotClock::is_default")]
    pub clock: SlotClock,
    /// Jobs that must end before this one starts, at most 100. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub dependencies: Vec<JobId>,
    /// Outcomes of the dependencies with which the job runs. Default `all_success`.
    #[serde(default)]
    pub trigger_rule: TriggerRule,
    /// Time limit of the wait for dependencies; then the execution ends as `timed_out`. Default 1 day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency_timeout: Option<HumanDuration>,
    /// List with one execution for each element, or a reference to a dependency's result that is a
    /// list: `{"$result": "list_files"}`. The job's execution ends when those of all elements have. It is skipped
    /// if the dependency was, whatever the trigger rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<Value>,
    /// Maximum length of the list; a longer list fails the execution. 1 to 10,000. Default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub max_elements: Option<u32>,
    /// Class in which executions wait for a worker; it rises with waiting. Default `normal`.
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
    /// Time limit of an execution with all its attempts, from its first start. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_timeout: Option<HumanDuration>,
    /// Fate of an execution that failed or timed out and is not tried again. Default `dead_letter`.
    #[serde(default, skip_serializing_if = "OnFailure::is_default")]
    pub on_failure: OnFailure,
    /// Time after the slot within which an execution must start, whatever it waits for; later it is skipped.
    /// A dependent without a schedule counts from the end of its dependencies. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<HumanDuration>,
    /// Time after the slot within which an execution must end; later it raises an alert. At most 7
    /// days, and only with a schedule. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_finish_by: Option<HumanDuration>,
    /// Policy for slots that were missed: in an outage by more than 60 s (with `skip`, also by more than
    /// the schedule's own step), or while the job was paused. Default `latest`.
    #[serde(default)]
    pub misfire: MisfirePolicy,
    /// Maximum number of missed slots that run with misfire `all`, the newest first. 1 to 1,000.
    /// Default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub misfire_cap: Option<u32>,
    /// Maximum number of executions that run at once. 1 to 1,000. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub max_concurrency: Option<u32>,
    /// Policy for an execution beyond `max_concurrency`. Any policy but `allow` makes
    /// `max_concurrency` 1 where it is not given. Default `queue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// Part of the input that groups executions, such as `input.customer_id`. Groups take turns under
    /// `max_concurrency`, and each has the limits per key to itself. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_key: Option<KeyExpression>,
    /// Maximum number of executions of one key that run at once. 1 to 1,000. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub max_concurrency_per_key: Option<u32>,
    /// Maximum number of attempts that start in a time. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub rate_limit: Option<RateLimit>,
    /// Maximum number of attempts of one key that start in a time. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub rate_limit_per_key: Option<RateLimit>,
    /// Circuit breaker: stops starts after failed executions in a row. `{}` takes the defaults: 5
    /// failures, 10 minutes. Default: no circuit breaker.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::object::optional")]
    pub circuit: Option<CircuitPolicy>,
    /// Labels by which jobs and executions are listed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Pool whose workers run the job. Default `command` for processes, `default` for other targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9_.-]{1,128}$"))]
    pub pool: Option<String>,
    /// Whether a new job begins paused. It changes nothing for a job that exists. Default false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

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
        Work { on_failure: self.on_failure, ..Work::new(target, retry, limits, self.pool.as_deref()) }
    }

    /// Limits of the job. `None` where nothing is limited.
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

    /// Definition as stores keep it: without `paused`, which only concerns a new job.
    #[must_use]
    pub fn kept(&self) -> Self {
        Self { paused: false, ..self.clone() }
    }

    /// Whether the job has slots of its own.
    pub fn is_scheduled(&self) -> bool {
        self.schedule.is_some() || self.run_at.is_some()
    }

    /// Whether the job's slots depend on the zone data. UTC does not.
    pub fn has_zone(&self) -> bool {
        self.is_scheduled() && self.timezone.as_deref().is_some_and(|zone| zone != "UTC")
    }

    /// Schedule of the job, by these zone data. `None` for a job without a schedule.
    ///
    /// # Errors
    /// The schedule or the time zone can't be read. The error names the field and the position.
    ///
    /// # Errors
    /// The schedule or the time zone can't be read. The error names the field and the position.
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

    /// Definition whose schedule has blanks for all that looks like them.
    pub(super) fn with_plain_blanks(&self) -> Self {
        let schedule = self.schedule.as_ref().map(|schedule| schedule.replace(is_like_blank, " "));
        Self { schedule, ..self.clone() }
    }

    /// Key of the schedule, equal exactly where two jobs share one schedule.
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

    /// Instant at which a slot is due: the slot plus its jitter.
    pub fn fire_at(&self, slot: Timestamp) -> Timestamp {
        match self.jitter {
            None => slot,
            Some(bound) => slot.plus(jitter(self.job_id.as_str(), slot.to_utc(), bound.0)),
        }
    }

    /// Dependency whose result is the list of `for_each`. `None` where the job has its list itself, or none.
    pub fn list_giver(&self) -> Option<&str> {
        self.for_each.as_ref()?.get("$result")?.as_str()
    }

    pub fn max_elements(&self) -> u32 {
        self.max_elements.unwrap_or(DEFAULT_MAX_ELEMENTS)
    }

    pub fn dependency_timeout(&self) -> Duration {
        self.dependency_timeout.map_or(DEFAULT_DEPENDENCY_TIMEOUT, |timeout| timeout.0)
    }
}
