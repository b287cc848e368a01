//! Job as an import writes it: only fields that are set, in the order in which people read them.

use std::collections::BTreeMap;

use belfry_domain::{JobSpec, Timestamp, validate_job};
use serde::Serialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportedJob<T> {
    pub job_id: String,
    pub description: String,
    pub schedule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    pub target: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    pub misfire: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<&'static str>,
    pub retry: Retry,
    pub timeout: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_timeout: Option<String>,
    /// Value `record` keeps failures from raising alerts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Process as a target: crontabs and systemd know no other target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandTarget {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pass_environment: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retry {
    pub max_retries: u32,
    pub max_lost: u32,
    /// Base of the retry delay, set where the other scheduler says how the delay grows; the delay then
    /// has no jitter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<&'static str>,
}

impl Retry {
    pub fn new(max_retries: u32, max_lost: u32) -> Self {
        Self { max_retries, max_lost, base: None, cap: None, jitter: None }
    }

    /// Retry with a delay that grows exponentially, which is the default.
    pub fn growing(self, base: &'static str, cap: &'static str) -> Self {
        Self { base: Some(base), cap: Some(cap), jitter: Some("none"), ..self }
    }
}

impl<T: Serialize> ImportedJob<T> {
    pub fn new(job_id: String, target: T) -> Self {
        Self {
            job_id,
            description: String::new(),
            schedule: String::new(),
            timezone: None,
            start: None,
            end: None,
            jitter: None,
            paused: false,
            target,
            input: None,
            misfire: "latest",
            starting_deadline: None,
            concurrency: None,
            retry: Retry::new(0, 0),
            timeout: "1h".to_owned(),
            execution_timeout: None,
            on_failure: None,
            tags: BTreeMap::new(),
        }
    }

    /// Job itself, if the server would accept it.
    ///
    /// # Errors
    /// All problems of the job.
    pub fn checked(self, now: Timestamp) -> Result<Self, String> {
        let value = serde_json::to_value(&self).map_err(|error| error.to_string())?;
        let spec: JobSpec = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let problems: Vec<String> = validate_job(&spec, now).iter().map(ToString::to_string).collect();
        if problems.is_empty() { Ok(self) } else { Err(problems.join("; ")) }
    }
}
