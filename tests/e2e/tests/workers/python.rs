//! `examples/http-worker/worker.py`.

use std::{process::Stdio, time::Duration};

use belfry_e2e::{Server, Up, until, workspace};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::{SOON, outcomes, until_it_is};

const LEASE_SECONDS: u64 = 5;
/// Time within which a vanished worker's work is back.
const BACK_WITHIN: Duration = Duration::from_secs(LEASE_SECONDS + 60);

struct Pool {
    server: Server,
    directory: TempDir,
}

impl Pool {
    async fn begin() -> Self {
        let directory = TempDir::new().unwrap();
        let server = Up::on(&directory.path().join("data")).start_leader().await;
        Self { server, directory }
    }

    fn worker(&self, name: &str) -> Child {
        Command::new("python3")
            .arg(workspace().join("examples/http-worker/worker.py"))
            .arg("render")
            .env("BELFRY_URL", self.server.url())
            .env("BELFRY_WORKER_ID", name)
            .env("BELFRY_LEASE", LEASE_SECONDS.to_string())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    async fn push(&self, command: &str, more: &[&str]) -> String {
        let push = ["push", "--name", "frame", "--pool", "render", "--command", command];
        self.server.run(&[&push, more].concat()).await.ok().out().trim().to_owned()
    }

    async fn until_it_is(&self, id: &str, status: &str) -> Value {
        until_it_is(&self.server, id, status, SOON).await
    }

    /// Command line that does `first` the first time, and `then` from then on.
    fn once(&self, first: &str, then: &str) -> String {
        let mark = self.directory.path().join("seen");
        format!("if mkdir {} 2>/dev/null; then {first}; else {then}; fi", mark.display())
    }
}

pub async fn it_runs_what_succeeds_what_fails_and_what_is_tried_again() {
    let pool = Pool::begin().await;
    let _worker = pool.worker("first");
    let good = pool.push("cat; echo ' rendered'", &["--input", r#"{"frame": 7}"#]).await;
    let row = pool.until_it_is(&good, "success").await;
    assert_eq!(row["worker_id"], "first");
    assert_eq!(row["attempts"][0]["output"]["tail"], "{\"frame\": 7} rendered\n");

    let flaky = pool.push(&pool.once("exit 3", "echo again"), &["--max-retries", "2"]).await;
    let row = pool.until_it_is(&flaky, "success").await;
    assert_eq!(outcomes(&row), ["failed", "succeeded"]);
    assert_eq!(row["attempts"][0]["error"], "exit code 3");

    let bad = pool.push("echo no good; exit 4", &["--max-retries", "0"]).await;
    let row = pool.until_it_is(&bad, "failed").await;
    assert_eq!(
        (&row["reason"], &row["attempts"][0]["output"]["tail"]),
        (&json!("exit code 4"), &json!("no good\n"))
    );
}

pub async fn it_keeps_what_lasts_longer_than_its_lease_and_stops_what_is_cancelled() {
    let pool = Pool::begin().await;
    let _worker = pool.worker("first");
    let long = pool.push(&format!("sleep {}", 2 * LEASE_SECONDS), &[]).await;
    let row = pool.until_it_is(&long, "success").await;
    assert_eq!(outcomes(&row), ["succeeded"], "in one attempt");

    let endless = pool.push("sleep 3600", &[]).await;
    pool.until_it_is(&endless, "running").await;
    pool.server.run(&["cancel", &endless, "--reason", "enough"]).await.ok();
    let row = pool.until_it_is(&endless, "cancelled").await;
    assert_eq!(row["reason"], "enough");
    // Its process is gone, so that the worker takes the next.
    let next = pool.push("true", &[]).await;
    pool.until_it_is(&next, "success").await;
}

pub async fn its_work_is_back_when_it_was_killed() {
    let pool = Pool::begin().await;
    let mut first = pool.worker("first");
    let id = pool.push(&pool.once("exec sleep 60", "echo again"), &[]).await;
    until("it sleeps", SOON, async || pool.directory.path().join("seen").exists().then_some(())).await;
    first.kill().await.unwrap();
    let _second = pool.worker("second");
    let row = until_it_is(&pool.server, &id, "success", BACK_WITHIN).await;
    assert_eq!((outcomes(&row), &row["worker_id"]), (vec!["lost", "succeeded"], &json!("second")));
}

pub async fn it_is_listed_and_can_be_drained() {
    let pool = Pool::begin().await;
    let mut worker = pool.worker("first");
    let id = pool.push("true", &[]).await;
    pool.until_it_is(&id, "success").await;
    let listed = pool.server.run(&["workers", "--pool", "render", "--json"]).await.ok().json();
    assert_eq!((&listed[0]["worker_id"], &listed[0]["status"]), (&json!("first"), &json!("active")));
    let table = pool.server.run(&["workers"]).await.ok().out();
    assert!(["render", "command", "default"].iter().all(|name| table.contains(name)), "{table}");
    pool.server.run(&["workers", "drain", "first"]).await.ok();
    assert!(worker.wait().await.unwrap().success(), "it has ended by itself");
    let later = pool.push("true", &[]).await;
    let _second = pool.worker("second");
    assert_eq!(pool.until_it_is(&later, "success").await["worker_id"], "second");
    let unknown = pool.server.run(&["workers", "drain", "nobody"]).await;
    assert_eq!(unknown.code(), 1);
}
