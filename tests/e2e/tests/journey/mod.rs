//! Tour of a newcomer: `belfry up` with the examples, and what can be done with it.

mod examples;
mod history;
mod import;
mod limits;
mod operate;
mod queues;
mod run_once;

use std::{path::Path, time::Duration};

use belfry_e2e::{Examples, Server, Up, until};
use libtest_mimic::Trial;
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

pub fn cases() -> Vec<Trial> {
    cases![
        examples::up_applies_all_of_them_and_jobs_are_seen_to_run,
        examples::triggering_the_first_of_the_nightly_chain_makes_its_report,
        examples::the_flaky_job_is_tried_again_and_recovers,
        examples::a_result_reaches_the_next_jobs_input,
        examples::a_list_fans_out_and_joins_again,
        examples::the_webhook_calls_out_over_http,
        history::all_that_a_command_printed_is_kept,
        history::what_is_old_goes_to_the_archive,
        import::the_example_crontabs_become_a_job_file_that_applies,
        import::an_imported_crontab_is_applied_and_its_lines_run_as_cron_would,
        limits::no_more_run_at_once_than_may,
        limits::the_newest_takes_the_place_of_the_one_before,
        limits::what_keeps_failing_is_left_alone_for_a_while,
        operate::what_failed_for_good_is_found_redriven_and_discarded,
        operate::a_paused_job_has_no_slots_until_it_is_resumed,
        operate::cancelling_a_running_command_ends_its_processes,
        queues::what_is_urgent_is_printed_first,
        queues::a_pool_serves_its_own_and_helps_the_one_that_it_names,
        queues::who_pushes_too_much_is_told_when_to_come_again,
        run_once::each_example_that_needs_no_server_runs_once_and_well,
        run_once::the_exit_code_is_1_where_something_fails,
    ]
}
