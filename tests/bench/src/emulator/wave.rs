//! A wave of thousands that are due in the same minute: none is lost, each succeeds once, and the
//! urgent ones come first.

use std::time::Duration;

use anyhow::ensure;
use belfry_e2e::{Api, until};
use chrono::{SubsecRound as _, TimeDelta, Timelike as _, Utc};
use serde_json::{Value, json};

use crate::figure::Figure;

const PRIORITIES: [&str; 4] = ["critical", "high", "normal", "low"];
const BATCH: usize = 200;
const PATIENCE: Duration = Duration::from_secs(45 * 60);

pub async fn measure(api: &Api, executions: usize, lead: Duration) -> anyhow::Result<Vec<Figure>> {
    let minute = next_minute(lead)?;
    eprintln!("{executions} executions, due in the minute from {minute}");
    let all: Vec<usize> = (0..executions).collect();
    for (done, chunk) in all.chunks(BATCH).enumerate() {
        let pushes: Vec<Value> = chunk.iter().map(|number| push(minute, *number)).collect();
        let answer = api.post("/v1/executions:batch", &json!({ "executions": pushes })).await;
        let accepted = answer["results"]
            .as_array()
            .map_or(0, |results| results.iter().filter(|result| result["execution_id"].is_string()).count());
        ensure!(accepted == chunk.len(), "batch {done}: {answer}");
    }
    ensure!(Utc::now() < minute, "pushing took longer than the lead: give it more with --lead");
    tokio::time::sleep((minute - Utc::now()).to_std().unwrap_or_default()).await;
    let rows = until("all of them have ended", PATIENCE, async || {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let rows = rows(api).await;
        let ended = rows.iter().filter(|row| row["end_time"].is_string()).count();
        eprintln!("{ended} of {executions} have ended");
        (ended >= executions).then_some(rows)
    })
    .await;
    judge(&rows, executions)
}

fn next_minute(lead: Duration) -> anyhow::Result<chrono::DateTime<Utc>> {
    let earliest = Utc::now().trunc_subsecs(0) + TimeDelta::from_std(lead)?;
    Ok(earliest + TimeDelta::seconds(i64::from((60 - earliest.second()) % 60)))
}

/// Push of a priority class by turns, due anywhere in the minute.
fn push(minute: chrono::DateTime<Utc>, number: usize) -> Value {
    let priority = PRIORITIES[number % PRIORITIES.len()];
    json!({
        "name": format!("wave-{priority}"),
        "idempotency_key": format!("wave-{}-{number}", minute.timestamp()),
        "target": { "type": "empty" },
        "priority": priority,
        "run_at": minute + TimeDelta::seconds((number / PRIORITIES.len() % 60) as i64),
    })
}

async fn rows(api: &Api) -> Vec<Value> {
    let mut rows = Vec::new();
    for priority in PRIORITIES {
        rows.extend(api.all(&format!("/v1/jobs/wave-{priority}/executions")).await);
    }
    rows
}

fn judge(rows: &[Value], executions: usize) -> anyhow::Result<Vec<Figure>> {
    let is_once = |row: &&Value| {
        let successes = row["attempts"].as_array().map_or(0, |attempts| {
            attempts.iter().filter(|attempt| attempt["outcome"] == "succeeded").count()
        });
        row["status"] == "success" && successes == 1
    };
    let succeeded = rows.iter().filter(is_once).count();
    let repeated = rows.iter().filter(|row| row["attempt"] != 1).count();
    ensure!(rows.len() == executions, "{} executions instead of {executions}", rows.len());
    let mut figures = vec![
        Figure::new("emulator, wave: with one success", succeeded as f64, "").at_least(executions as f64),
        Figure::new("emulator, wave: started again after a loss", repeated as f64, ""),
    ];
    figures.extend(shares(rows));
    Ok(figures)
}

/// Share of each class in the first half of all starts.
fn shares(rows: &[Value]) -> Vec<Figure> {
    let mut starts: Vec<(&str, &str)> = rows
        .iter()
        .filter_map(|row| Some((row["start_time"].as_str()?, row["priority"].as_str()?)))
        .collect();
    starts.sort_unstable();
    let first = &starts[..starts.len() / 2];
    let share = |priority: &&str| {
        let count = first.iter().filter(|(_, of)| of == priority).count();
        count as f64 / first.len().max(1) as f64 * 100.0
    };
    let figure = |priority: &&str| {
        Figure::new(
            format!("emulator, wave: share of the first half of starts, {priority}"),
            share(priority),
            "%",
        )
    };
    PRIORITIES.iter().map(figure).collect()
}
