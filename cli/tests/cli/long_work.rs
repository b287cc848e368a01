//! Work that takes its time: its progress, its output while it runs, and its end by request.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a failed test")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::support::{BOUND, Server, command, until};
use belfry::standalone::{Temporary, TemporaryOptions};
use belfry_domain::{ExecutionId, JobSpec, Status};
use belfry_engine::{CancelOutcome, Engine, Precondition, TriggerRequest};
use serde_json::{Value, json};

/// Lease with which heartbeats come soon, and which outlives a machine that stands still for some
/// seconds.
const LEASE: [&str; 2] = ["--lease", "9s"];

/// Command line that prints something, and then goes on until the file is there.
fn waiting_for(file: &Path) -> String {
    let file = file.display();
    format!(
        "echo '42 % loading' > \"$BELFRY_PROGRESS\"; echo first
         until [ -e '{file}' ]; do sleep 0.05; done; echo second"
    )
}

#[test]
fn progress_and_output_are_seen_while_it_runs() {
    let server = Server::start(&LEASE);
    let directory = tempfile::tempdir().unwrap();
    let go_on = directory.path().join("go-on");
    let job = json!({ "job_id": "long", "command": waiting_for(&go_on), "max_retries": 0 });
    server.run_with_input(&["apply", "-f", "-"], &job.to_string()).ok();
    server.run(&["trigger", "long", "--key", "x"]).ok();

    let mut follower = command(&["--url", &server.url, "logs", "-f", "long@x"]);
    let mut follower = follower.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.by_ref().any(|line| line.ends_with("│ first")), "seen while it runs");

    // Its output may be kept a heartbeat before its progress.
    let row = until("its progress is kept", || {
        let row = server.run(&["executions", "show", "long@x", "--json"]).ok().json();
        Some(row).filter(|row| row["progress"].is_object())
    });
    assert_eq!(
        (&row["status"], &row["progress"]),
        (&json!("running"), &json!({"percent": 42, "message": "loading"}))
    );
    assert_eq!(row["attempts"][0]["output"]["tail"], "first\n");
    let shown = server.run(&["executions", "show", "long@x"]).ok().out();
    assert!(shown.contains("42 % loading") && shown.contains("│ first"), "{shown}");
    assert!(server.run(&["executions"]).ok().out().contains("42 % loading"));

    fs::write(&go_on, "").unwrap();
    let rest: Vec<String> = lines.collect();
    assert!(rest.iter().any(|line| line.ends_with("│ second")), "{rest:?}");
    assert!(!rest.iter().any(|line| line.ends_with("│ first")), "each line once: {rest:?}");
    assert!(follower.wait().unwrap().success());
    let row = server.run(&["executions", "show", "long@x", "--json"]).ok().json();
    assert_eq!((&row["progress"], &row["attempts"][0]["output"]["bytes"]), (&Value::Null, &json!(13)));
}

#[test]
fn what_an_attempt_said_last_stays_when_it_fails() {
    let server = Server::start(&LEASE);
    let directory = tempfile::tempdir().unwrap();
    let go_on = directory.path().join("go-on");
    let job =
        json!({ "job_id": "long", "command": format!("{}; exit 1", waiting_for(&go_on)), "max_retries": 0 });
    server.run_with_input(&["apply", "-f", "-"], &job.to_string()).ok();
    server.run(&["trigger", "long", "--key", "x"]).ok();
    let show = || server.run(&["executions", "show", "long@x", "--json"]).ok().json();
    until("it says something", || show()["progress"]["percent"].as_u64());
    fs::write(&go_on, "").unwrap();
    let row = until("it fails", || Some(show()).filter(|row| row["status"] == "failed"));
    assert_eq!(row["progress"]["percent"], 42);
}

#[test]
fn all_attempts_together_have_their_time() {
    let text = "{job_id: long, command: 'sleep 60', execution_timeout: 1s, timeout: 1h, max_retries: 5}";
    let run = crate::support::belfry_with_input(&["run", "-", "--json"], text);
    let row = &run.json()[0];
    assert_eq!((run.code(), &row["status"], &row["attempts"]), (1, &json!("timed_out"), &json!(1)));
    let reason = row["reason"].as_str().unwrap();
    assert!(reason.contains("longer than execution_timeout (1s)"), "{reason}");
}

fn is_alive(pid: &str) -> bool {
    // A zombie has ended.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn sleeper(pid_file: &Path) -> JobSpec {
    let line = format!("echo $$ > '{}'; sleep 600", pid_file.display());
    serde_json::from_value(json!({ "job_id": "sleeper", "command": line })).unwrap()
}

/// The cancellation comes from another process than the worker's, as on AWS: only the row tells the
/// worker.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_reaches_the_process_with_the_heartbeat() {
    let directory = tempfile::tempdir().unwrap();
    let pid_file = directory.path().join("pid");
    let scheduler = Temporary::start(TemporaryOptions::default()).await.unwrap();
    let engine = scheduler.engine();
    engine.apply_jobs(vec![sleeper(&pid_file)], &Precondition::None).await.unwrap();
    let trigger = TriggerRequest { job_id: "sleeper".parse().unwrap(), input: None, idempotency_key: None };
    let id: ExecutionId = engine.trigger(trigger).await.unwrap().execution.id;
    let read = || fs::read_to_string(&pid_file).ok().filter(|pid| pid.ends_with('\n'));
    let pid = tokio::task::block_in_place(|| until("it runs", read));
    let pid = pid.trim();
    assert!(is_alive(pid));

    let elsewhere = Engine::new(engine.ports.clone(), engine.settings.clone());
    let asked = Instant::now();
    let outcome = elsewhere.cancel(&id, "enough").await.unwrap();
    assert!(matches!(outcome, CancelOutcome::Requested(_)));
    loop {
        let row = engine.ports.executions.execution(&id).await.unwrap().unwrap();
        if row.status.is_terminal() {
            assert_eq!((row.status, row.reason.as_deref()), (Status::Cancelled, Some("enough")));
            break;
        }
        assert!(asked.elapsed() < BOUND, "it is still {}", row.status);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!is_alive(pid), "the process has ended too");
    scheduler.stop().await.unwrap();
}
