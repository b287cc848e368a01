//! Short ways to make the values that cases use.

use std::fmt::Debug;

use belfry_domain::{
    Claim, ClaimRequest, Dependency, Execution, ExecutionId, Holder, Job, JobId, JobSpec, Run, Shards, Timer,
    Timestamp, Trigger, ZoneData,
};
use belfry_engine::ports::{Claimed, Creation, StoreError};

use crate::Backend;

/// Epoch of the cases, 2026-11-23T00:00:00Z.
pub const EPOCH_MS: i64 = 1_795_392_000_000;
pub const ONE: Shards = Shards(1);

/// The instant `ms` milliseconds after the cases' epoch.
pub fn at(ms: i64) -> Timestamp {
    Timestamp(EPOCH_MS + ms)
}

pub fn id(text: &str) -> ExecutionId {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub fn job_id(text: &str) -> JobId {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Queued row that is due at the epoch.
pub fn row(text: &str) -> Execution {
    row_at(text, at(0))
}

pub fn row_at(text: &str, due: Timestamp) -> Execution {
    let run = Run { id: format!("run-of-{text}"), root: None, more_roots: vec![], graph: 0 };
    Execution::new(id(text), run, Trigger::Manual, due, at(0), guard(text).key)
}

pub fn waiting_for(row: Execution, dependency: &str) -> Execution {
    let wait = Dependency { execution_id: id(dependency), outcome: None };
    Execution {
        status: belfry_domain::Status::Waiting,
        dependencies: [(wait.execution_id.job_id(), wait)].into(),
        ..row
    }
}

/// Timer that guards the row with this name.
pub fn guard(text: &str) -> Timer {
    Timer::check(ONE, &id(text), 1, at(60_000), 0)
}

pub fn claim_at(text: &str, attempt: u32, claim_id: u64, since: Timestamp) -> ClaimRequest {
    let lease_until = Timestamp(since.0 + 30_000);
    let claim = Claim {
        id: claim_id,
        worker_id: format!("worker-{claim_id}"),
        lease_until,
        since,
        holder: Holder::Worker,
    };
    ClaimRequest {
        execution_id: id(text),
        attempt,
        due: since,
        claim,
        job_version: 1,
        starting_deadline: None,
        guard: None,
    }
}

pub fn claim(text: &str, attempt: u32, claim_id: u64) -> ClaimRequest {
    claim_at(text, attempt, claim_id, at(1_000))
}

pub fn job(name: &str, version: u64, revision: u64, dependencies: &[&str]) -> Job {
    let mut spec = JobSpec::new(&job_id(name));
    spec.dependencies = dependencies.iter().map(|name| job_id(name)).collect();
    Job::new(spec, version, revision, at(0), at(0))
}

pub fn names<'a>(jobs: impl IntoIterator<Item = &'a std::sync::Arc<Job>>) -> Vec<String> {
    let mut names: Vec<String> = jobs.into_iter().map(|job| job.id().to_string()).collect();
    names.sort();
    names
}

/// Stored form of a job, without the values that are worked out from it.
pub fn stored(job: &Job) -> serde_json::Value {
    serde_json::to_value(job).unwrap_or_else(|error| panic!("{}: {error}", job.id()))
}

impl Backend {
    pub async fn create_new(&self, row: Execution) -> Result<Execution, StoreError> {
        let creation = self.executions.create(row.clone(), None).await?;
        assert_eq!(creation, Creation::Created, "{}", row.id);
        Ok(row)
    }

    pub async fn start(&self, request: &ClaimRequest) -> Result<Execution, StoreError> {
        match self.executions.claim(request).await? {
            Claimed::Started(row) => Ok(*row),
            other => panic!("{} should have started: {other:?}", request.execution_id),
        }
    }

    pub async fn present(&self, text: &str) -> Result<Execution, StoreError> {
        let row = self.executions.execution(&id(text)).await?;
        Ok(row.unwrap_or_else(|| panic!("{text} is gone")))
    }
}

/// Unwraps a step that the domain's rules allow; panics at an error.
pub fn legal<T, E: Debug>(step: Result<T, E>) -> T {
    step.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Zone data by which Vancouver is always `hours` hours ahead of UTC.
pub fn zone_data(version: &str, hours: i8) -> ZoneData {
    let files = [("America/Vancouver".to_owned(), fixed_offset(hours))];
    ZoneData::new(version, files).unwrap_or_else(|error| panic!("{version}: {error}"))
}

/// TZif, version 2: a block for old readers, a block for new ones, and the rule for all time.
fn fixed_offset(hours: i8) -> Vec<u8> {
    let name = format!("{hours:+03}");
    // The counts of: two kinds of indicators, leap seconds, transitions, types; and letters.
    let counts = [0_u32, 0, 0, 0, 1, name.len() as u32 + 1];
    let mut block = b"TZif2".to_vec();
    block.extend([0; 15]);
    block.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
    block.extend((i32::from(hours) * 3600).to_be_bytes());
    block.extend([0, 0]);
    block.extend(name.bytes().chain([0]));
    let rule = format!("\n<{name}>{}\n", -hours);
    [block.clone(), block, rule.into_bytes()].concat()
}
