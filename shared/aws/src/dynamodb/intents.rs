//! Steps of a commit, and the form in which they are stored.

use belfry_domain::{Job, JobId, Timer, TimerKey};
use serde::{Deserialize, Serialize};

use super::{
    Result,
    error::{unavailable, unreadable},
    graph::{DEPENDENCIES, VERSION},
    item::{Item, PK},
};

/// Maximum size of a chunk in bytes. An item holds 400 KB; a step is at most one job.
const CHUNK_BYTES: usize = 100 * 1024;

/// Intent of a commit: one or two writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Intent {
    Timer { key: TimerKey, version: u64, checks: u32 },
    Open { dependency: JobId, dependent: JobId, version: u64, since: u64 },
    Close { dependency: JobId, dependent: JobId, version: u64, until: u64 },
    Job { id: JobId, version: u64, since: u64, dependencies: Vec<String>, doc: String },
}

/// Steps of a commit, given the present heads of its jobs.
pub(crate) fn steps(jobs: &[Job], timers: &[Timer], heads: &[Item]) -> Result<Vec<Intent>> {
    let timer = |timer: &Timer| Intent::Timer {
        key: timer.key.clone(),
        version: timer.version,
        checks: timer.checks,
    };
    let mut steps: Vec<Intent> = timers.iter().map(timer).collect();
    for job in jobs {
        let head = heads.iter().find(|head| head.get(&PK).as_deref() == Some(job.id().as_str()));
        steps.extend(edges(job, head)?);
        steps.push(Intent::Job {
            id: job.id().clone(),
            version: job.version,
            since: job.revision,
            dependencies: dependencies(job).map(ToString::to_string).collect(),
            doc: serde_json::to_string(job).map_err(unavailable)?,
        });
    }
    Ok(steps)
}

fn dependencies(job: &Job) -> impl Iterator<Item = &JobId> {
    job.spec.dependencies.iter().filter(|_| !job.deleted)
}

fn edges(job: &Job, head: Option<&Item>) -> Result<Vec<Intent>> {
    let mut steps = Vec::new();
    if let Some(head) = head {
        let version = head.need(&VERSION)?;
        if version >= job.version {
            // A pause: its dependencies are those that it has.
            return Ok(steps);
        }
        for dependency in head.need(&DEPENDENCIES)? {
            let dependency = dependency.parse().map_err(|why| unreadable(head.name(), why))?;
            steps.push(Intent::Close {
                dependency,
                dependent: job.id().clone(),
                version,
                until: job.revision,
            });
        }
    }
    let (version, since) = (job.version, job.revision);
    let open = |dependency: &JobId| Intent::Open {
        dependency: dependency.clone(),
        dependent: job.id().clone(),
        version,
        since,
    };
    steps.extend(dependencies(job).map(open));
    Ok(steps)
}

/// Splits steps into texts that fit into items. There is always one text.
pub(crate) fn chunks(steps: &[Intent]) -> Result<Vec<String>> {
    let mut chunks = vec![Vec::<&Intent>::new()];
    let mut bytes = 0;
    for step in steps {
        let length = serde_json::to_string(step).map_err(unavailable)?.len();
        if bytes > 0 && bytes + length > CHUNK_BYTES {
            chunks.push(Vec::new());
            bytes = 0;
        }
        bytes += length;
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(step);
        }
    }
    chunks.iter().map(|chunk| serde_json::to_string(chunk).map_err(unavailable)).collect()
}

#[cfg(test)]
mod tests {
    use belfry_domain::{JobSpec, Timestamp};

    use super::*;
    use crate::dynamodb::item::Key;

    fn job(name: &str, version: u64, dependencies: &[&str]) -> Job {
        let mut spec = JobSpec::new(&name.parse().unwrap());
        spec.dependencies = dependencies.iter().map(|name| name.parse().unwrap()).collect();
        Job::new(spec, version, version, Timestamp(0), Timestamp(0))
    }

    fn head(name: &str, version: u64, dependencies: &[&str]) -> Item {
        let dependencies = dependencies.iter().map(ToString::to_string).collect();
        Item::from(Key::alone(name)).with(&VERSION, version).with(&DEPENDENCIES, dependencies)
    }

    fn edges_of(steps: &[Intent]) -> Vec<String> {
        let edge = |step: &Intent| match step {
            Intent::Open { dependency, version, .. } => Some(format!("+{dependency} {version}")),
            Intent::Close { dependency, version, .. } => Some(format!("-{dependency} {version}")),
            _ => None,
        };
        steps.iter().filter_map(edge).collect()
    }

    #[test]
    fn a_version_closes_what_the_last_one_opened() {
        let made = steps(&[job("x", 2, &["b"])], &[], &[head("x", 1, &["a", "b"])]).unwrap();
        assert_eq!(edges_of(&made), ["-a 1", "-b 1", "+b 2"]);
        let paused = steps(&[job("x", 1, &["a"])], &[], &[head("x", 1, &["a"])]).unwrap();
        assert_eq!(edges_of(&paused), [""; 0]);
        let mut gone = job("x", 2, &["a"]);
        gone.deleted = true;
        assert_eq!(edges_of(&steps(&[gone], &[], &[head("x", 1, &["a"])]).unwrap()), ["-a 1"]);
    }

    #[test]
    fn chunks_hold_all_steps_and_fit_into_items() {
        let mut jobs: Vec<Job> = (0..100).map(|number| job(&format!("j{number}"), 1, &[])).collect();
        for job in &mut jobs {
            job.spec.description = Some("x".repeat(10_000));
        }
        let steps = steps(&jobs, &[], &[]).unwrap();
        let chunks = chunks(&steps).unwrap();
        assert!(chunks.len() > 9 && chunks.iter().all(|chunk| chunk.len() < 2 * CHUNK_BYTES));
        let read: Vec<Intent> =
            chunks.iter().flat_map(|chunk| serde_json::from_str::<Vec<Intent>>(chunk).unwrap()).collect();
        assert_eq!(read, steps);
    }

    #[test]
    fn a_commit_of_nothing_has_a_chunk_too() {
        assert_eq!(chunks(&[]).unwrap(), ["[]"], "by which its writer knows whether it has won");
    }
}
