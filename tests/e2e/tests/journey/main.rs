//! The tour that a newcomer takes: `belfry up` with the examples, and what can be done with it.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect should stop")]

mod examples;
mod history;
mod import;
mod limits;
mod operate;
mod run_once;

use std::{path::Path, time::Duration};

use belfry_e2e::{Examples, Server, Up, until};
use serde_json::Value;
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(30);

/// `belfry up --apply examples`, of a copy of the examples.
struct Tour {
    server: Server,
    examples: Examples,
    _data: TempDir,
}

impl Tour {
    async fn begin() -> Self {
        Self::begin_with(Examples::copy()).await
    }

    async fn begin_with(examples: Examples) -> Self {
        let data = TempDir::new().unwrap();
        let up = Up::on(data.path()).args(["--allow-private-addresses", "--apply"]).args([examples.path()]);
        let server = up.start_leader().await;
        until("the examples are applied", SOON, async || {
            let jobs = server.api.get("/v1/jobs").await;
            (!jobs["items"].as_array()?.is_empty()).then_some(())
        })
        .await;
        Self { server, examples, _data: data }
    }

    /// The rows that a `--json` listing prints.
    async fn list(&self, args: &[&str]) -> Vec<Value> {
        let rows = self.server.run(&[args, &["--json"]].concat()).await.ok().json();
        rows.as_array().expect("a list").clone()
    }

    async fn apply(&self, text: &str) {
        self.server.run_with_input(&["apply", "-f", "-"], text).await.ok();
    }

    /// The first execution of a job with this status.
    async fn until_one_is(&self, job: &str, status: &str) -> Value {
        until(&format!("{job} is {status}"), SOON, async || {
            self.list(&["executions", "--job", job, "--status", status]).await.into_iter().next()
        })
        .await
    }
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_else(|| panic!("no {field} in {row}"))
}

fn ids(rows: &[Value], field: &str) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().map(|row| text(row, field).to_owned()).collect();
    ids.sort_unstable();
    ids
}

/// The one directory that a run of the nightly chain has made.
fn only_run(examples: &Path) -> std::path::PathBuf {
    let runs = std::fs::read_dir(examples.join("nightly/out")).expect("a run has written");
    let runs: Vec<_> = runs.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}
