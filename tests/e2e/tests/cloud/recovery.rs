//! What dies in the middle, and what is replaced in the middle.

use std::time::Duration;

use axum::http::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::{
    installation::{SOON, installation},
    receiver::Receiver,
};

/// The lease of an attempt, and what the design allows on top of it on AWS.
const RECOVERED: Duration = Duration::from_secs(60 + 150);

/// Longer than any test waits.
fn hangs_once(call: usize) -> (StatusCode, Duration) {
    (StatusCode::OK, if call == 1 { Duration::from_secs(600) } else { Duration::ZERO })
}

fn is_slow(_: usize) -> (StatusCode, Duration) {
    (StatusCode::OK, Duration::from_millis(200))
}

/// The functions' processes: `bootstrap`, with the function's name in the environment.
fn workers() -> Vec<Pid> {
    let processes =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_worker = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == b"AWS_LAMBDA_FUNCTION_NAME=belfry-worker")
    };
    processes.filter_map(|name| name.parse().ok()).filter(is_worker).filter_map(Pid::from_raw).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_worker_ran_runs_again() {
    let belfry = installation().await;
    let receiver = Receiver::start(hangs_once).await;
    let id = belfry.push(json!({ "target": { "type": "http", "url": receiver.url }, "timeout": "5m" })).await;
    receiver.until_called(1, SOON).await;
    let workers = workers();
    assert!(!workers.is_empty(), "no worker runs");
    for pid in workers {
        kill_process(pid, Signal::KILL).ok();
    }
    let row = belfry.until_it_is(&id, "success", RECOVERED).await;
    assert_eq!(receiver.calls(), [(id.clone(), 1), (id, 2)], "{row}");
    assert_eq!(row["attempts"][0]["outcome"], "lost", "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_in_flight_loses_and_doubles_nothing() {
    let belfry = installation().await;
    let receiver = Receiver::start(is_slow).await;
    let work = json!({ "target": { "type": "http", "url": receiver.url } });
    let delays = (0..40).map(|n| {
        let mut work = work.clone();
        work["delay"] = json!(format!("{}s", n / 2));
        work
    });
    let batch = json!({ "executions": delays.collect::<Vec<_>>() });
    let accepted = belfry.api.post("/v1/executions:batch", &batch).await;
    let told = belfry.update().await;
    assert!(told.contains("export API="), "{told}");
    receiver.until_called(40, Duration::from_secs(120)).await;
    let items = accepted["results"].as_array().unwrap();
    assert_eq!(items.len(), 40, "{accepted}");
    for item in items {
        let row = belfry.until_it_is(item["execution_id"].as_str().unwrap(), "success", SOON).await;
        assert_eq!(row["attempt"], 1, "{row}");
    }
    assert_eq!(receiver.calls().len(), 40);
}
