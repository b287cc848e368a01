//! Variables that an installation's functions and daemons share. `infra/` sets them.

use std::{fmt::Display, str::FromStr, time::Duration};

use belfry_domain::{AGEING_STEP, BacklogLimits, Shards};

use crate::{Names, dynamodb::MOST_BUCKETS};

/// Maximum number of shards. A tick reads each of them.
const MOST_SHARDS: u16 = 1024;

/// Settings of an installation, from these variables:
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `BELFRY_NAME` | prefix of tables and queues | `belfry` |
/// | `BELFRY_POOLS` | pools with queues, separated by commas | `default` |
/// | `BELFRY_SHARDS` | shards of the timers, if the installation has no layout yet; never changes | 64 |
/// | `BELFRY_KEY_BUCKETS` | keys that one job's executions are spread over, likewise; 1 to 64 | 4 |
/// | `BELFRY_RETENTION_DAYS` | days for which ended executions are kept | 7 |
/// | `BELFRY_BACKLOG_LIMITS` | limits of queues: `100000,*/low=20000,gpu/*=500` | 100000 each |
/// | `BELFRY_AGEING_STEP_SECONDS` | wait that raises a message by one class; 0 for never | 300 |
/// | `BELFRY_SCHEDULE_ROLE_ARN` | role of jobs' own schedules; without it there are none | |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub names: Names,
    pub pools: Vec<String>,
    pub shards: Option<Shards>,
    pub key_buckets: Option<u16>,
    pub retention: Duration,
    pub backlog_limits: BacklogLimits,
    pub ageing_step: Duration,
    pub schedule_role_arn: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the variable {name} is {value:?}: {why}")]
pub struct EnvironmentError {
    name: &'static str,
    value: String,
    why: String,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Environment {
    pub fn of_this_process() -> Result<Self, EnvironmentError> {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let pools = variable("BELFRY_POOLS").unwrap_or_else(|| "default".to_owned());
        let days: u16 = parse(&variable, "BELFRY_RETENTION_DAYS", 7)?;
        Ok(Self {
            names: Names::new(variable("BELFRY_NAME").unwrap_or_else(|| "belfry".to_owned())),
            pools: pools
                .split(',')
                .map(|pool| pool.trim().to_owned())
                .filter(|pool| !pool.is_empty())
                .collect(),
            shards: parse_number(&variable, "BELFRY_SHARDS", MOST_SHARDS)?.map(Shards),
            key_buckets: parse_number(&variable, "BELFRY_KEY_BUCKETS", MOST_BUCKETS)?,
            retention: DAY * u32::from(days.max(1)),
            backlog_limits: parse(&variable, "BELFRY_BACKLOG_LIMITS", BacklogLimits::default())?,
            ageing_step: Duration::from_secs(parse(
                &variable,
                "BELFRY_AGEING_STEP_SECONDS",
                AGEING_STEP.as_secs(),
            )?),
            schedule_role_arn: variable("BELFRY_SCHEDULE_ROLE_ARN").filter(|arn| !arn.is_empty()),
        })
    }
}

fn parse<T: FromStr<Err: Display>>(
    variable: impl Fn(&str) -> Option<String>,
    name: &'static str,
    default: T,
) -> Result<T, EnvironmentError> {
    let Some(value) = variable(name).filter(|value| !value.is_empty()) else { return Ok(default) };
    value.parse().map_err(|why: T::Err| EnvironmentError { name, value, why: why.to_string() })
}

/// Number from 1 to `most`, if the variable is set.
fn parse_number(
    variable: impl Fn(&str) -> Option<String>,
    name: &'static str,
    most: u16,
) -> Result<Option<u16>, EnvironmentError> {
    let number = parse(&variable, name, 0)?;
    match variable(name).filter(|value| !value.is_empty()) {
        Some(value) if number == 0 || number > most => {
            Err(EnvironmentError { name, value, why: format!("must be from 1 to {most}") })
        }
        value => Ok(value.map(|_| number)),
    }
}

#[cfg(test)]
mod tests {
    use belfry_domain::Priority;

    use super::*;

    #[test]
    fn what_is_not_set_has_a_default() {
        let environment = Environment::read(|_| None).unwrap();
        assert_eq!((environment.shards, environment.key_buckets), (None, None));
        assert_eq!((environment.retention, environment.ageing_step), (7 * DAY, AGEING_STEP));
        assert_eq!(environment.pools, ["default"]);
        assert_eq!(environment.names.dispatch_queue(), "belfry-dispatch");
    }

    #[test]
    fn what_is_set_counts_and_nonsense_is_named() {
        let pools = |name: &str| (name == "BELFRY_POOLS").then(|| "default, gpu,".to_owned());
        assert_eq!(Environment::read(pools).unwrap().pools, ["default", "gpu"]);
        let limits = |name: &str| (name == "BELFRY_BACKLOG_LIMITS").then(|| "*/low=5".to_owned());
        assert_eq!(Environment::read(limits).unwrap().backlog_limits.of("gpu", Priority::Low), 5);
        let step = |name: &str| (name == "BELFRY_AGEING_STEP_SECONDS").then(|| "0".to_owned());
        assert_eq!(Environment::read(step).unwrap().ageing_step, Duration::ZERO);
        let shards = |name: &str| (name == "BELFRY_SHARDS").then(|| "many".to_owned());
        let error = Environment::read(shards).unwrap_err().to_string();
        assert_eq!(error, "the variable BELFRY_SHARDS is \"many\": invalid digit found in string");
        let buckets = |value: &'static str| {
            Environment::read(|name| (name == "BELFRY_KEY_BUCKETS").then(|| value.to_owned()))
                .map(|environment| environment.key_buckets)
                .map_err(|error| error.to_string())
        };
        assert_eq!((buckets("64"), buckets("")), (Ok(Some(64)), Ok(None)));
        for wrong in ["0", "65"] {
            let refused = format!("the variable BELFRY_KEY_BUCKETS is \"{wrong}\": must be from 1 to 64");
            assert_eq!(buckets(wrong), Err(refused));
        }
    }
}
