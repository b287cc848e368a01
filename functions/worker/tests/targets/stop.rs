//! Tests of how processes are stopped, with all that they have started.

use std::{
    fs,
    time::{Duration, Instant},
};

use belfry_engine::ports::{Completion, Invocation, Runner};
use belfry_worker::targets::{TargetSettings, Targets};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::{
    bounded, failure, invocation, printed, result, run, settings, targets, targets_with, until,
};

fn is_running(id: i32) -> bool {
    // A zombie still answers to signals; what counts is that it runs no more.
    let status = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let is_zombie = status.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'));
    test_kill_process(Pid::from_raw(id).unwrap()).is_ok() && !is_zombie
}

/// Starts `line`, which writes process ids to `$IDS`, one a line, and waits for `count` of them.
async fn start(targets: Targets, line: &str, count: usize) -> (Invocation, JoinHandle<Completion>, Vec<i32>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ids");
    let target = json!({"type": "command", "command": line, "environment": {"IDS": path}});
    let invocation = invocation(target);
    let started = invocation.clone();
    let task = tokio::spawn(async move { targets.run(started).await });
    let read = || fs::read_to_string(&path).unwrap_or_default();
    until("the process ids are written", || read().lines().count() == count && read().ends_with('\n')).await;
    let ids = read().lines().map(|line| line.parse().unwrap()).collect();
    (invocation, task, ids)
}

#[tokio::test]
async fn a_process_left_behind_with_the_pipe_open_does_not_hang_the_attempt() {
    let begin = Instant::now();
    let completion = run(&targets(), json!({"type": "command", "command": "sleep 300 & echo $!"})).await;
    assert_eq!(result(&completion), None);
    assert!(begin.elapsed() < Duration::from_secs(20));
    let id: i32 = printed(&completion).trim().parse().unwrap();
    assert!(is_running(id), "it is left alone, as cron would");
    kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();
}

#[tokio::test]
async fn dropping_the_attempt_kills_the_whole_group() {
    let line = "trap '' TERM; sleep 300 & echo $! >> $IDS; sh -c 'sleep 300 & echo $! >> $IDS; wait' & echo $! >> $IDS; echo $$ >> $IDS; wait";
    let (_, task, ids) = start(targets(), line, 4).await;
    assert!(ids.iter().all(|id| is_running(*id)));
    task.abort();
    until("all of the group are gone", || !ids.iter().any(|id| is_running(*id))).await;
    // The leader is ours to reap: not even a zombie stays.
    until("the leader is reaped", || {
        ids.iter().all(|id| !fs::exists(format!("/proc/{id}")).unwrap() || !is_child_of_ours(*id))
    })
    .await;
}

fn is_child_of_ours(id: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    status.contains(&format!("PPid:\t{}\n", std::process::id()))
}

/// Targets with a grace that a shell keeps to on a busy machine too.
fn patient() -> Targets {
    Targets::new(TargetSettings { stop_grace: Duration::from_secs(20), ..settings() }).unwrap()
}

#[tokio::test]
async fn stop_is_polite_first() {
    let line = "trap 'echo cleaned; exit 0' TERM; echo $$ >> $IDS; while :; do sleep 0.01; done";
    let (invocation, task, _) = start(patient(), line, 1).await;
    invocation.stop.cancel();
    let completion = bounded(task).await.unwrap();
    let failed = failure(&completion);
    assert_eq!((failed.error.as_str(), failed.is_final), ("stopped", false));
    assert!(printed(&completion).ends_with("cleaned\n"), "{}", printed(&completion));
}

#[tokio::test]
async fn the_grace_is_for_the_whole_group() {
    let inner = "trap \"sleep 0.2; echo cleaned; exit\" TERM; echo $$ >> $IDS; while :; do sleep 0.01; done";
    let (invocation, task, _) = start(patient(), &format!("sh -c '{inner}'; true"), 1).await;
    invocation.stop.cancel();
    let completion = bounded(task).await.unwrap();
    assert!(printed(&completion).ends_with("cleaned\n"), "{}", printed(&completion));
}

#[tokio::test]
async fn stop_kills_what_does_not_listen() {
    let grace = Duration::from_millis(100);
    let targets =
        targets_with(TargetSettings { stop_grace: grace, ..settings() }, &[("PATH", "/usr/bin:/bin")]);
    let line = "trap '' TERM; sleep 300 & echo $! >> $IDS; echo $$ >> $IDS; while :; do wait; done";
    let (invocation, task, ids) = start(targets, line, 2).await;
    let begin = Instant::now();
    invocation.stop.cancel();
    let completion = bounded(task).await.unwrap();
    assert_eq!(failure(&completion).error, "stopped");
    assert!(begin.elapsed() >= grace && begin.elapsed() < Duration::from_secs(20));
    until("all of the group are gone", || !ids.iter().any(|id| is_running(*id))).await;
}

#[tokio::test]
async fn an_attempt_stopped_before_it_began_starts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mark = directory.path().join("mark");
    let invocation = invocation(json!({"type": "command", "command": ["touch", mark]}));
    invocation.stop.cancel();
    let completion = bounded(targets().run(invocation)).await;
    assert_eq!(failure(&completion).error, "stopped");
    assert!(!mark.exists());
}
