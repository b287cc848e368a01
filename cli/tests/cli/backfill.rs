//! The page about backfills, command by command.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a failed test")]

use std::{fs, path::Path};

use crate::support::{Server, examples};
use tempfile::NamedTempFile;

const DAY: [&str; 5] = ["hourly_count", "--from", "2026-10-01", "--to", "2026-10-02"];

fn server_with(jobs: &Path) -> Server {
    let server = Server::start(&[]);
    server.run(&["apply", "-f", jobs.to_str().unwrap()]).ok();
    server
}

#[test]
fn a_day_is_backfilled_once() {
    let server = server_with(&examples().join("backfill.yaml"));
    let backfill = |more: &[&str]| server.run(&[&["backfill"], &DAY[..], more].concat());
    let plan = backfill(&["--dry-run"]).ok().out();
    assert!(plan.starts_with("24 slots from 2026-10-01T00:00:00Z to 2026-10-01T23:00:00Z"), "{plan}");
    assert_eq!(server.run(&["backfills", "--json"]).ok().json(), serde_json::json!([]));

    let done = backfill(&["--concurrency", "24", "--wait"]).ok().out();
    assert!(done.ends_with("100 % of 24 slots: 24 succeeded\n"), "{done}");
    let list = server.run(&["backfills", "--job", "hourly_count"]).ok().out();
    assert!(list.contains("finished") && list.contains("24 succeeded"), "{list}");
    let rows = server.run(&["executions", "--job", "hourly_count", "--json"]).ok().json();
    let of_backfill = rows.as_array().unwrap().iter().filter(|row| row["trigger"] == "backfill");
    assert_eq!(of_backfill.count(), 24);
    let follower = server.run(&["executions", "show", "hourly_check@2026-10-01T23:00:00Z", "--json"]).ok();
    assert_eq!(follower.json()["trigger"], "dependency");

    let again = backfill(&["--newest-first", "--wait", "--json"]).ok().json();
    assert_eq!((&again["progress"]["existing"], &again["status"]), (&24.into(), &"finished".into()));
}

#[test]
fn one_is_paused_resumed_and_cancelled_by_hand() {
    let jobs = NamedTempFile::with_suffix(".yaml").unwrap();
    // Two minutes in all: it is not over before it is cancelled, on a slow machine too.
    fs::write(&jobs, "{job_id: hourly_count, schedule: '@hourly', command: sleep 5}").unwrap();
    let server = server_with(jobs.path());
    let started = server.run(&[&["backfill"], &DAY[..], &["--json"]].concat()).ok().json();
    let id = started["backfill_id"].as_str().unwrap();
    assert!(server.run(&["backfills", "pause", id]).ok().out().contains("paused"));
    assert!(server.run(&["backfills", "resume", id]).ok().out().contains("running"));
    let cancelled = server.run(&["backfills", "cancel", id, "--reason", "the wrong day"]).ok().out();
    assert!(cancelled.contains("cancelled") && cancelled.contains("the wrong day"), "{cancelled}");
    let refused = server.run(&["backfills", "pause", id]);
    assert!(refused.code() == 1 && refused.err().contains("409"), "{}", refused.err());
    assert_eq!(server.run(&["backfills", "show", "01KB0000000000000000000000"]).code(), 1);
    let ahead = server.run(&["backfill", "hourly_count", "--from", "2026-10-01", "--to", "2999-01-01"]);
    assert!(ahead.code() == 1 && ahead.err().contains("must not be in the future"), "{}", ahead.err());
    assert_eq!(
        server.run(&["backfill", "hourly_count", "--from", "yesterday", "--to", "2026-10-02"]).code(),
        2
    );
}
