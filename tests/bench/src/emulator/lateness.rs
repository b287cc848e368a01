//! Lateness of scheduled jobs, of which five are due each second.

use std::time::Duration;

use anyhow::ensure;
use belfry_e2e::{Api, until};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::figure::{Figure, percentile};

const PER_SECOND: i64 = 5;
const MEASURED: TimeDelta = TimeDelta::minutes(3);
/// Time to wait after the last job is due.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures jobs that are due once a minute, in the second that their names tell.
pub async fn measure(api: &Api, lead: Duration) -> anyhow::Result<Vec<Figure>> {
    let jobs: Vec<Value> = (0..60 * PER_SECOND)
        .map(|number| {
            let second = number % 60;
            let schedule = format!("{second} * * * * *");
            json!({ "job_id": format!("late-{number}"), "schedule": schedule, "target": { "type": "empty" } })
        })
        .collect();
    let ids: Vec<String> = jobs.iter().filter_map(|job| job["job_id"].as_str().map(str::to_owned)).collect();
    for chunk in jobs.chunks(50) {
        api.post("/v1/jobs:apply", &json!({ "jobs": chunk })).await;
    }
    let from = Utc::now().trunc_subsecs(0) + TimeDelta::from_std(lead)?;
    let to = from + MEASURED;
    eprintln!("{} jobs a minute; measured from {from} to {to}", ids.len());
    tokio::time::sleep((to - Utc::now()).to_std().unwrap_or_default()).await;
    let expected = (PER_SECOND * MEASURED.num_seconds()) as usize;
    let rows = until("all of them have ended", PATIENCE, async || {
        let rows = rows_of(api, &ids, from, to).await;
        (rows.iter().filter(|row| row["end_time"].is_string()).count() >= expected).then_some(rows)
    })
    .await;
    for id in &ids {
        api.send(api.request(reqwest::Method::DELETE, &format!("/v1/jobs/{id}"))).await?;
    }
    ensure!(rows.len() == expected, "{} executions instead of {expected}", rows.len());
    let failed = rows.iter().find(|row| row["status"] != "success" || row["attempt"] != 1);
    ensure!(failed.is_none(), "{failed:?}");
    let mut lateness: Vec<f64> = rows.iter().filter_map(|row| row["lateness_ms"].as_f64()).collect();
    lateness.sort_by(f64::total_cmp);
    let figure = |name: &str, share| {
        Figure::new(
            format!("emulator, lateness at {PER_SECOND}/s, {name}"),
            percentile(&lateness, share),
            "ms",
        )
    };
    Ok(vec![figure("p50", 0.5), figure("p99", 0.99).at_most(2000.0), figure("max", 1.0)])
}

/// Rows that are due in the time that is measured.
async fn rows_of(api: &Api, ids: &[String], from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Value> {
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(api.all(&format!("/v1/jobs/{id}/executions")).await.into_iter().filter(|row| {
            let due = row["due_at"].as_str().and_then(|due| due.parse::<DateTime<Utc>>().ok());
            due.is_some_and(|due| due >= from && due < to)
        }));
    }
    rows
}
