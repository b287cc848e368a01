//! Tour of a newcomer: `belfry up` with the examples, and what can be done with it.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect should stop")]

mod examples;
mod history;
mod import;
mod limits;
mod operate;
mod queues;
mod run_once;

use std::{path::Path, time::Duration};

use belfry_e2e::{Examples, Server, Up, until};
use serde_json::Value;
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(30);

/// Server of `belfry up --apply examples`, on a copy of the examples.
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
        let all = examples.file("");
        Self::begin_as(examples, &["--allow-private-addresses", "--apply", &all]).await
    }

    /// Begins with one of the examples, and the arguments that it needs.
    async fn begin_at(file: &str, args: &[&str]) -> Self {
        let examples = Examples::copy();
        let file = examples.file(file);
        Self::begin_as(examples, &[args, &["--apply", &file]].concat()).await
    }

    async fn begin_as(examples: Examples, args: &[&str]) -> Self {
        let data = TempDir::new().unwrap();
        let up = Up::on(data.path()).args(args);
        let server = up.start_leader().await;
        until("the examples are applied", SOON, async || {
            let jobs = server.api.get("/v1/jobs").await;
            (!jobs["items"].as_array()?.is_empty()).then_some(())
        })
        .await;
        Self { server, examples, _data: data }
    }

    /// Rows that a `--json` listing prints.
    async fn list(&self, args: &[&str]) -> Vec<Value> {
        let rows = self.server.run(&[args, &["--json"]].concat()).await.ok().json();
        rows.as_array().expect("a list").clone()
    }

    async fn apply(&self, text: &str) {
        self.server.run_with_input(&["apply", "-f", "-"], text).await.ok();
    }

    /// Triggers a job and returns the execution's id.
    async fn trigger(&self, args: &[&str]) -> String {
        let accepted = self.server.run(&[&["trigger", "--json"], args].concat()).await.ok().json();
        text(&accepted, "execution_id").to_owned()
    }

    async fn until_it_is(&self, id: &str, status: &str) -> Value {
        until(&format!("{id} is {status}"), SOON, async || {
            let row = self.server.run(&["executions", "show", id, "--json"]).await.ok().json();
            (row["status"] == status).then_some(row)
        })
        .await
    }

    /// Waits for an execution of a job with this status, and returns it.
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

/// Directory of the only run that the nightly chain has made.
fn only_run(examples: &Path) -> std::path::PathBuf {
    let runs = std::fs::read_dir(examples.join("nightly/out")).expect("a run has written");
    let runs: Vec<_> = runs.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}
