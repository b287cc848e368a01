//! Wrong input is refused: with its place, with the exit code that scripts rely on, and without any
//! change.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect should stop")]

mod bodies;
mod codes;
mod files;
mod tokens;

use std::path::Path;

use belfry_e2e::{Run, Server, Up};
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
