//! `.ci/budget.toml`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub total_minutes: f64,
    pub test_minutes: f64,
    pub crates_in_lock_file: f64,
    /// Minutes of each suite, which is a test program, of the build of them all, and of clippy.
    pub minutes: BTreeMap<String, f64>,
    pub mib: Mib,
    pub ms: Ms,
    /// Units of each path of an execution, as `docs/costs.md` lists them.
    pub units: BTreeMap<String, Units>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mib {
    pub belfry: f64,
    pub zip: f64,
    pub peak_memory: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ms {
    pub init_median: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Units {
    pub write: f64,
    pub read: f64,
    pub sqs: Option<f64>,
    pub invocations: Option<f64>,
}

pub fn path() -> PathBuf {
    belfry_e2e::workspace().join(".ci/budget.toml")
}

impl Limits {
    pub fn load() -> anyhow::Result<Self> {
        Self::parse(&fs::read_to_string(path()).with_context(|| path().display().to_string())?)
    }

    pub fn parse(text: &str) -> anyhow::Result<Self> {
        basic_toml::from_str(text).context(".ci/budget.toml")
    }

    pub fn units(&self, path: &str) -> anyhow::Result<Units> {
        self.units
            .get(path)
            .copied()
            .with_context(|| format!("the path {path} has no line in .ci/budget.toml: add one to [units]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minutes_of_all_suites_add_up_to_no_more_than_the_whole() {
        let limits = Limits::load().unwrap();
        let sum: f64 = limits.minutes.values().sum();
        assert!(sum <= limits.total_minutes, "{sum:.1} minutes are more than {}", limits.total_minutes);
        let of_tests = sum - limits.minutes["clippy"];
        assert!(
            of_tests <= limits.test_minutes,
            "{of_tests:.1} minutes are more than {}",
            limits.test_minutes
        );
    }
}
