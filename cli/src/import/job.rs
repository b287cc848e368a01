//! A job as an import writes it: only what says something, in the order in which people read.

use std::collections::BTreeMap;

use belfry_domain::JobSpec;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportedJob {
    pub job_id: String,
    pub description: String,
    pub schedule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<String>,
    pub target: CommandTarget,
    pub misfire: &'static str,
    pub retry: Retry,
    pub timeout: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandTarget {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retry {
    pub max_retries: u32,
    pub max_lost: u32,
}

impl ImportedJob {
    /// As the server will read it.
    pub fn spec(&self) -> Result<JobSpec, serde_json::Error> {
        serde_json::from_value(serde_json::to_value(self)?)
    }
}

pub fn to_yaml(jobs: &[ImportedJob]) -> anyhow::Result<String> {
    // Folded texts are shorter to look at, but a command is easier to search for in one line.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    Ok(serde_saphyr::to_string_with_options(&jobs, options)?)
}
