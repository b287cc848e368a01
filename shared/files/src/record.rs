//! Line of the archive for an execution. The names are the API's. Every line has every field, so that a
//! reader of a few lines knows them all.

use belfry_domain::{
    AttemptOutcome, Execution, ExecutionId, JobId, Priority, SlotName, Status, Timestamp, Trigger,
};
use chrono::SecondsFormat;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Archived form of an execution that has ended.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    execution_id: &'a ExecutionId,
    job_id: JobId,
    slot: SlotName,
    generation: u32,
    status: Status,
    trigger: Trigger,
    priority: Priority,
    run_id: &'a str,
    job_version: Option<u64>,
    created_at: Instant,
    due_at: Instant,
    start_time: Option<Instant>,
    end_time: Option<Instant>,
    duration_ms: Option<u64>,
    lateness_ms: Option<u64>,
    worker_id: Option<&'a str>,
    /// Number of attempts that were started.
    attempt: u32,
    failures: u32,
    lost: u32,
    reason: Option<&'a str>,
    rerun_of: Option<&'a ExecutionId>,
    /// JSON as a text, because its type differs from job to job, which tables don't support well.
    input: Option<String>,
    result: Option<String>,
    attempts: Vec<AttemptRecord>,
}

#[derive(Debug, Serialize)]
struct AttemptRecord {
    number: u32,
    outcome: AttemptOutcome,
    start_time: Instant,
    end_time: Instant,
    worker_id: String,
    error: Option<String>,
}

/// Instant in RFC 3339, in UTC with milliseconds, always of the same length.
#[derive(Debug)]
struct Instant(Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl<'a> From<&'a Execution> for Record<'a> {
    fn from(row: &'a Execution) -> Self {
        let took = |from: Option<Timestamp>, to: Option<Timestamp>| Some(to?.since(from?).as_millis() as u64);
        let attempts = row.ended_attempts().into_iter().map(|attempt| AttemptRecord {
            number: attempt.number,
            outcome: attempt.outcome,
            start_time: Instant(attempt.start_time),
            end_time: Instant(attempt.end_time),
            worker_id: attempt.worker_id,
            error: attempt.error,
        });
        Self {
            execution_id: &row.id,
            job_id: row.job_id(),
            slot: row.slot(),
            generation: row.id.generation(),
            status: row.status,
            trigger: row.trigger,
            priority: row.priority,
            run_id: &row.run.id,
            job_version: Some(row.job_version).filter(|version| *version > 0),
            created_at: Instant(row.created_at),
            due_at: Instant(row.due),
            start_time: row.start_time.map(Instant),
            end_time: row.end_time.map(Instant),
            duration_ms: took(row.start_time, row.end_time),
            lateness_ms: row.lateness().map(|lateness| lateness.as_millis() as u64),
            worker_id: row.claim.as_ref().map(|claim| claim.worker_id.as_str()),
            attempt: row.attempt,
            failures: row.failures,
            lost: row.lost,
            reason: row.reason.as_deref(),
            rerun_of: row.rerun_of.as_ref(),
            input: row.input.as_ref().map(Value::to_string),
            result: row.result.as_ref().map(Value::to_string),
            attempts: attempts.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use belfry_domain::{Attempt, Claim, Holder, Run, TimerKey};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_says_what_became_of_an_execution() {
        let guard = TimerKey { shard: 0, fire_at: Timestamp(0), what: "start a@x 1".parse().unwrap() };
        let run = Run { id: "a@x".to_owned(), root: None, more_roots: vec![], graph: 1 };
        let row = Execution::new(
            "a@x~2".parse().unwrap(),
            run,
            Trigger::Push,
            Timestamp(1_000),
            Timestamp(900),
            guard,
        );
        let attempt = Attempt {
            number: 1,
            worker_id: "w-1".to_owned(),
            start_time: Timestamp(1_005),
            end_time: Timestamp(2_000),
            outcome: AttemptOutcome::Failed,
            error: Some("exit code 3".to_owned()),
        };
        let claim = Claim {
            id: 7,
            worker_id: "w-2".to_owned(),
            lease_until: Timestamp(9_000),
            since: Timestamp(3_000),
            holder: Holder::Worker,
        };
        let row = Execution {
            status: Status::Success,
            start_time: Some(Timestamp(1_005)),
            end_time: Some(Timestamp(4_000)),
            attempt: 2,
            failures: 1,
            claim: Some(claim),
            attempts: vec![attempt],
            result: Some(json!({"rows": 3})),
            ..row
        };
        let line = serde_json::to_value(Record::from(&row)).unwrap();
        let expected = json!({
            "execution_id": "a@x~2", "job_id": "a", "slot": "x", "generation": 2, "status": "success",
            "trigger": "push", "priority": "normal", "run_id": "a@x", "job_version": null,
            "created_at": "1970-01-01T00:00:00.900Z", "due_at": "1970-01-01T00:00:01.000Z",
            "start_time": "1970-01-01T00:00:01.005Z", "end_time": "1970-01-01T00:00:04.000Z",
            "duration_ms": 2995, "lateness_ms": 5, "worker_id": "w-2", "attempt": 2, "failures": 1, "lost": 0,
            "reason": null, "rerun_of": null, "input": null, "result": "{\"rows\":3}",
            "attempts": [
                {"number": 1, "outcome": "failed", "start_time": "1970-01-01T00:00:01.005Z",
                 "end_time": "1970-01-01T00:00:02.000Z", "worker_id": "w-1", "error": "exit code 3"},
                {"number": 2, "outcome": "succeeded", "start_time": "1970-01-01T00:00:03.000Z",
                 "end_time": "1970-01-01T00:00:04.000Z", "worker_id": "w-2", "error": null},
            ],
        });
        assert_eq!(line, expected);
    }
}
