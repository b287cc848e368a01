use belfry_domain::Execution;
use serde_json::{Value, json};

use super::plan::Plan;
use crate::show::{plain, short, table, time};

pub fn text(plan: &Plan, rows: &[Execution]) -> String {
    let mut table = table::new(["JOB", "STATUS", "ATTEMPTS", "TOOK", "RESULT"]);
    for row in rows {
        let result = row.result.as_ref().map(plain).or_else(|| row.reason.clone()).unwrap_or_default();
        table.add_row([
            row.job_id().to_string().into(),
            table::status(row.status.as_str()),
            row.attempt.into(),
            took(row).map(time::millis).unwrap_or_default().into(),
            short(&result, 60).into(),
        ]);
    }
    for job in plan.missing(rows) {
        table.add_row([job.to_string(), "not started".to_owned()]);
    }
    table::text(&table)
}

pub fn json(rows: &[Execution]) -> Value {
    let one = |row: &Execution| {
        json!({
            "job_id": row.job_id(),
            "execution_id": row.id,
            "status": row.status,
            "attempts": row.attempt,
            "duration_ms": took(row),
            "reason": row.reason,
            "result": row.result,
        })
    };
    rows.iter().map(one).collect()
}

fn took(row: &Execution) -> Option<i64> {
    Some(row.end_time?.since(row.start_time?).as_millis() as i64)
}
