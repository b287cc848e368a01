//! Wrong input is refused: with its place, with the exit code that scripts rely on, and without any
//! change.

mod bodies;
mod codes;
mod files;
mod layouts;
mod tokens;

use std::path::Path;

use belfry_e2e::{Run, Server, Up};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Server with a job and an execution, to check that they stay as they are.
struct Bench {
    server: Server,
    directory: TempDir,
}

impl Bench {
    async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let server = Up::on(&directory.path().join("data")).start_leader().await;
        let job = json!({ "schedule": "@yearly", "command": "true", "description": "as it was" });
        server.api.try_put("/v1/jobs/kept", &job).await.unwrap().ok();
        server.run(&["trigger", "kept", "--wait"]).await.ok();
        Self { server, directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    async fn state(&self) -> Vec<Value> {
        let mut state = Vec::new();
        for path in ["/v1/jobs", "/v1/executions", "/v1/dead-letters", "/v1/graph"] {
            state.push(self.server.api.get(path).await);
        }
        state
    }

    /// Checks that a command is refused with all these words, and that it changes nothing.
    async fn refuses(&self, args: &[&str], words: &[&str]) -> Run {
        let before = self.state().await;
        let run = self.server.run(args).await.with_code(1);
        for word in words {
            assert!(run.err().contains(word), "{args:?}: no {word:?} in: {}", run.err());
        }
        assert_eq!(self.state().await, before, "{args:?} changed something");
        run
    }
}

pub fn cases() -> Vec<Trial> {
    cases![
        bodies::oversized_bodies_are_413,
        bodies::what_is_too_much_within_a_body_is_named,
        bodies::one_wrong_job_keeps_all_from_being_applied,
        bodies::a_request_that_cannot_be_read_is_400_and_one_that_cannot_be_done_422,
        codes::what_the_server_refuses_is_1,
        codes::wrong_usage_is_2_and_nobody_there_is_3,
        codes::up_says_why_it_cannot_start,
        codes::up_goes_on_and_stops_as_told_where_nobody_reads_its_log,
        files::each_wrong_file_is_refused_with_its_place,
        files::all_that_is_wrong_in_several_files_is_told_at_once,
        files::a_cycle_across_files_is_shown_wherever_it_is_met,
        files::up_does_not_start_with_wrong_files_and_keeps_nothing_of_them,
        layouts::a_database_of_a_newer_version_is_2,
        layouts::a_worker_of_another_layout_is_2,
        tokens::without_a_token_that_is_known_everything_but_health_is_401,
        tokens::commands_say_how_to_get_one,
    ]
}
