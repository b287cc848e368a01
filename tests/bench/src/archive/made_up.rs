//! Executions as a busy installation leaves them: a hundred jobs, each a little slower than the
//! one before, one execution in fifty a failure.

use belfry_domain::{
    Attempt, AttemptOutcome, Claim, Execution, ExecutionId, Holder, Run, SlotName, Status, TimerKey,
    Timestamp, Trigger, What,
};
use serde_json::json;

const JOBS: usize = 100;
const FAILS_EVERY: usize = 50;
const WORKERS: usize = 20;
/// 2026-10-01T00:00:00Z.
const EPOCH_MS: i64 = 1_790_812_800_000;
const DAY_MS: i64 = 86_400_000;

/// The execution with this number, out of `of` executions that are spread over `days` days.
pub fn execution(number: usize, of: usize, days: u32) -> anyhow::Result<Execution> {
    let due = Timestamp(EPOCH_MS + (number as i64 * DAY_MS * i64::from(days)) / of as i64);
    let id: ExecutionId = format!("job-{:03}@{}-{number}", number % JOBS, SlotName::at(due)).parse()?;
    let run = Run { id: id.to_string(), root: None, more_roots: vec![], graph: 7 };
    let what = What::Start { execution_id: id.clone(), attempt: 1 };
    let guard = TimerKey { shard: 0, fire_at: due, what };
    let row = Execution::new(id, run, Trigger::Schedule, due, due, guard);
    Ok(ended(row, number))
}

fn ended(row: Execution, number: usize) -> Execution {
    let start = Timestamp(row.due.0 + (number % 17) as i64);
    // Anything but regular, and the same in every run.
    let noise = number.wrapping_mul(2_654_435_761) >> 7;
    let end = Timestamp(start.0 + (100 + 50 * (number % JOBS) + noise % 400) as i64);
    let worker_id = format!("worker-{:02}", noise % WORKERS);
    let claim = Claim {
        id: noise as u64,
        worker_id: worker_id.clone(),
        lease_until: end,
        since: start,
        holder: Holder::Worker,
    };
    let row = Execution {
        job_version: 3,
        start_time: Some(start),
        end_time: Some(end),
        attempt: 1,
        claim: Some(claim),
        ..row
    };
    if !number.is_multiple_of(FAILS_EVERY) {
        let result = json!({ "rows": noise % 10_000 });
        return Execution { status: Status::Success, result: Some(result), ..row };
    }
    let error = format!("exit code {}: no such table", 1 + noise % 3);
    let attempt = Attempt {
        number: 1,
        worker_id,
        start_time: start,
        end_time: end,
        outcome: AttemptOutcome::Failed,
        error: Some(error.clone()),
    };
    Execution { status: Status::Failed, failures: 1, reason: Some(error), attempts: vec![attempt], ..row }
}
