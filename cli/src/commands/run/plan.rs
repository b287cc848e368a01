use std::collections::BTreeSet;

use belfry_domain::{Execution, JobId, JobSpec, Status};
use serde_json::Value;

use crate::error::CliError;

/// Jobs of a run, ready to be applied.
#[derive(Debug)]
pub struct Plan {
    pub specs: Vec<JobSpec>,
    /// Job that does nothing and precedes all others.
    pub start: JobId,
}

impl Plan {
    pub fn new(mut specs: Vec<JobSpec>, input: Option<&Value>) -> anyhow::Result<Self> {
        let start = start_name(&specs)?;
        check_dependencies(&specs)?;
        for spec in &mut specs {
            unschedule(spec);
            if spec.dependencies.is_empty() {
                spec.dependencies.push(start.clone());
                spec.input = input.cloned().or(spec.input.take());
            }
        }
        specs.push(JobSpec::new(&start));
        Ok(Self { specs, start })
    }

    /// Number of jobs that were asked for.
    pub fn len(&self) -> usize {
        self.specs.len() - 1
    }

    /// Jobs in the order of the files.
    pub fn jobs(&self) -> impl Iterator<Item = &JobId> {
        self.specs.iter().map(|spec| &spec.job_id).filter(|id| **id != self.start)
    }

    /// Whether the run succeeded. A job that never started did not succeed.
    pub fn is_success(&self, rows: &[Execution]) -> bool {
        !has_failed(rows) && self.missing(rows).next().is_none()
    }

    pub fn missing<'a>(&'a self, rows: &'a [Execution]) -> impl Iterator<Item = &'a JobId> {
        self.jobs().filter(|id| !rows.iter().any(|row| row.job_id() == **id))
    }
}

/// Whether an execution failed. A job that its rule skipped did not fail.
pub fn has_failed(rows: &[Execution]) -> bool {
    let failed = |row: &Execution| {
        row.status.is_terminal() && !matches!(row.status, Status::Success | Status::Skipped)
    };
    rows.iter().any(failed)
}

fn unschedule(spec: &mut JobSpec) {
    spec.schedule = None;
    spec.timezone = None;
    spec.run_at = None;
    spec.start = None;
    spec.end = None;
    spec.jitter = None;
}

fn start_name(specs: &[JobSpec]) -> anyhow::Result<JobId> {
    let taken: BTreeSet<&str> = specs.iter().map(|spec| spec.job_id.as_str()).collect();
    let mut name = "start".to_owned();
    while taken.contains(name.as_str()) {
        name.push('_');
    }
    Ok(name.parse()?)
}

fn check_dependencies(specs: &[JobSpec]) -> anyhow::Result<()> {
    let known: BTreeSet<&JobId> = specs.iter().map(|spec| &spec.job_id).collect();
    for spec in specs {
        if let Some(unknown) = spec.dependencies.iter().find(|dependency| !known.contains(dependency)) {
            let message =
                format!("job {} depends on {unknown}, but no given file defines {unknown}", spec.job_id);
            return Err(CliError::Usage(message).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: Value) -> JobSpec {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn everything_flows_from_one_start() {
        let specs = vec![
            spec(serde_json::json!({"job_id": "start", "schedule": "@daily", "timezone": "Europe/Berlin"})),
            spec(serde_json::json!({"job_id": "b", "dependencies": ["start"], "input": 1})),
        ];
        let plan = Plan::new(specs, Some(&Value::from(7))).unwrap();
        assert_eq!((plan.start.as_str(), plan.len()), ("start_", 2));
        assert!(plan.specs.iter().all(|spec| !spec.is_scheduled() && spec.timezone.is_none()));
        assert_eq!(plan.specs[0].dependencies, std::slice::from_ref(&plan.start));
        assert_eq!(plan.specs[0].input, Some(Value::from(7)));
        assert_eq!(plan.specs[1].input, Some(Value::from(1)));
    }

    #[test]
    fn a_dependency_must_be_among_the_files() {
        let alone = vec![spec(serde_json::json!({"job_id": "b", "dependencies": ["a"]}))];
        assert!(Plan::new(alone, None).unwrap_err().to_string().contains("depends on a"));
    }
}
