//! Recovery of processes that die in the middle, and of functions that are replaced in the middle.

use std::{fs, path::Path, time::Duration};

use axum::http::StatusCode;
use serde_json::json;

use super::{
    installation::{Installation, SOON, installation},
    interruption::hangs_once,
    receiver::Receiver,
};

/// Time within which lost work is recovered: the lease of an attempt, and what the design allows on top
/// of it on AWS.
pub const RECOVERED: Duration = Duration::from_secs(60 + 150);
const FUNCTIONS: [&str; 5] = ["tick", "dispatcher", "worker", "api", "archive"];

fn is_slow(_: usize) -> (StatusCode, Duration) {
    (StatusCode::OK, Duration::from_millis(200))
}

pub async fn what_a_killed_worker_ran_runs_again() {
    let belfry = installation().await;
    let receiver = Receiver::start(hangs_once).await;
    let target = json!({ "type": "http", "url": receiver.url });
    // Of a queue of its own: what dies with the worker is this alone.
    let id = belfry.push(json!({ "target": target, "timeout": "5m", "priority": "critical" })).await;
    receiver.until_called(1, SOON).await;
    let running = belfry.api.execution(&id).await;
    let processes = belfry.processes();
    let worker = processes.iter().find(|process| running["worker_id"] == process.worker_id());
    worker.unwrap_or_else(|| panic!("no process is the worker of {running}")).kill();
    let row = belfry.until_it_is(&id, "success", RECOVERED).await;
    assert_eq!(receiver.calls(), [(id.clone(), 1), (id, 2)], "{row}");
    assert_eq!(row["attempts"][0]["outcome"], "lost", "{row}");
}

pub async fn a_deployment_in_flight_loses_and_doubles_nothing() {
    let belfry = installation().await;
    let receiver = Receiver::start(is_slow).await;
    let work = json!({ "target": { "type": "http", "url": receiver.url } });
    let delays = (0..40).map(|n| {
        let mut work = work.clone();
        work["delay"] = json!(format!("{n}s"));
        work["idempotency_key"] = json!(format!("flight-{n}"));
        work
    });
    let batch = json!({ "executions": delays.collect::<Vec<_>>() });
    let accepted = belfry.api.post("/v1/executions:batch", &batch).await;
    let packages = Box::leak(belfry.state("next").into_boxed_path());
    fs::create_dir(&packages).unwrap();
    next_version(belfry, packages);
    let told = belfry.update(packages).await;
    assert!(told.contains("export API="), "{told}");
    let applied = fs::read_to_string(belfry.state("apply.log")).unwrap();
    for function in FUNCTIONS {
        let moved = format!("aws_lambda_alias.live[\"{function}\"]: Modifications complete");
        assert!(applied.contains(&moved), "{function} is not of a new version: {applied}");
    }
    receiver.until_called(40, Duration::from_secs(120)).await;
    let items = accepted["results"].as_array().unwrap();
    assert_eq!(items.len(), 40, "{accepted}");
    for item in items {
        let row = belfry.until_it_is(item["execution_id"].as_str().unwrap(), "success", SOON).await;
        assert_eq!(row["attempt"], 1, "{row}");
    }
    assert_eq!(receiver.calls().len(), 40);
}

/// Writes the same programs as new packages: a comment at the end of the archive makes it another
/// package.
fn next_version(belfry: &Installation, directory: &Path) {
    const COMMENT: &[u8] = b"next";
    for function in FUNCTIONS {
        let name = format!("{function}.zip");
        let mut package = fs::read(belfry.state("packages").join(&name)).unwrap();
        let length = package.len() - 2;
        assert_eq!(package[length..], [0, 0], "the archive has no comment yet");
        package[length..].copy_from_slice(&(COMMENT.len() as u16).to_le_bytes());
        package.extend_from_slice(COMMENT);
        fs::write(directory.join(name), package).unwrap();
    }
}
