//! A command of `belfry`, run to its end.

use std::{
    env,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

use crate::belfry;

const PATIENCE: Duration = Duration::from_secs(120);

/// Command `belfry`, without the settings of this process.
pub(crate) fn command() -> Command {
    without_settings(Command::new(belfry()))
}

/// Command that starts `belfry` by a shell, which sets the umask first: this process's umask is that of
/// all its threads.
pub(crate) fn command_under(umask: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("umask {umask} && exec \"$0\" \"$@\"")]).arg(belfry());
    without_settings(shell)
}

fn without_settings(mut command: Command) -> Command {
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BELFRY_")) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").kill_on_drop(true);
    command
}

/// Result of a command.
pub struct Run(Output);

pub async fn run(args: &[&str]) -> Run {
    run_with_input(args, "").await
}

pub async fn run_with_input(args: &[&str], input: &str) -> Run {
    to_its_end(command(), args, input).await
}

/// Runs `belfry` with these variables in its environment.
pub async fn run_with_variables(variables: &[(&str, &str)], args: &[&str]) -> Run {
    let mut command = command();
    command.envs(variables.iter().copied());
    to_its_end(command, args, "").await
}

async fn to_its_end(mut command: Command, args: &[&str], input: &str) -> Run {
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Commands that read nothing may have closed it.
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.ok();
    let output = timeout(PATIENCE, child.wait_with_output()).await;
    Run(output.unwrap_or_else(|_| panic!("belfry {args:?} has not ended after {PATIENCE:?}")).unwrap())
}

impl Run {
    pub fn code(&self) -> i32 {
        self.0.status.code().expect("ended by itself")
    }

    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.out(), self.err()))
    }

    /// Returns the run; panics unless it ended with code 0.
    pub fn ok(self) -> Self {
        self.with_code(0)
    }

    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{}{}", self.out(), self.err());
        self
    }
}
