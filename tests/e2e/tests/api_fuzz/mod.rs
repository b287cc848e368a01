//! The API against its own OpenAPI document: schemathesis sends what the document allows and what
//! it doesn't, alone and in chains, and holds every answer against it. Needs Python 3 and, the
//! first time, a network.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use belfry_e2e::{Up, run, target_directory, workspace};
use libtest_mimic::Trial;
use tempfile::TempDir;

const SCHEMATHESIS: &str = "schemathesis==4.32.5";
const SEED: &str = "20261123";
const EXAMPLES_PER_OPERATION: &str = "60";
const PHASES: &str = "examples,coverage,fuzzing,stateful";

fn output(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let streams = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Err(format!("{command:?}: {}\n{}", output.status, streams.concat()))
}

/// Installs schemathesis beside the other build products, once.
fn schemathesis() -> PathBuf {
    let environment = target_directory().join("e2e-venv");
    let program = environment.join("bin/schemathesis");
    if is_installed(&program) {
        return program;
    }
    output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment)).unwrap_or_else(
        |error| panic!("this test needs Python 3 with its module venv (Debian: python3-venv)\n{error}"),
    );
    let install = ["install", "--quiet", "--disable-pip-version-check", SCHEMATHESIS];
    output(Command::new(environment.join("bin/pip")).args(install)).unwrap_or_else(|error| {
        panic!("this test needs {SCHEMATHESIS} from the Python package index\n{error}")
    });
    program
}

fn is_installed(program: &Path) -> bool {
    let version = SCHEMATHESIS.rsplit_once("==").map_or("", |(_, version)| version);
    output(Command::new(program).arg("--version"))
        .is_ok_and(|told| String::from_utf8_lossy(&told.stdout).trim().ends_with(version))
}

/// Fuzzes the API. The configuration file leaves out the checks that can't hold by nature, with the
/// reasons.
fn fuzz(program: &Path, url: &str, token: &str, directory: &Path) -> Result<Output, String> {
    let mut fuzz = Command::new(program);
    fuzz.arg("--config-file")
        .arg(workspace().join("functions/api/schemathesis.toml"))
        .args([
            "run",
            &format!("{url}/v1/openapi.json"),
            "--header",
            &format!("Authorization: Bearer {token}"),
        ])
        // One at a time: Python 3.11 miscounts how deep it is in its parser where threads are.
        .args(["--phases", PHASES, "--workers", "1", "--continue-on-failure"])
        .args(["--seed", SEED, "--max-examples", EXAMPLES_PER_OPERATION, "--suppress-health-check", "all"])
        .env("NO_COLOR", "1")
        .current_dir(directory);
    output(&mut fuzz)
}

async fn every_answer_is_one_that_the_document_allows() {
    let program = schemathesis();
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    // What is pushed is made up too: without a PATH there is no shell to run it.
    let up = Up::on(&data).args(["--require-token"]).variable("PATH", "");
    let mut server = up.working_directory(directory.path()).start().await;
    server.until_it_leads(Duration::from_secs(10)).await;
    let token = run(&["token", "create", "fuzz", "--data", data.to_str().unwrap()]).await.ok().out();
    let token = token.trim();
    let told = tokio::task::block_in_place(|| fuzz(&program, server.url(), token, directory.path()));
    let told = String::from_utf8(told.unwrap_or_else(|error| panic!("{error}")).stdout).unwrap();
    println!("{}", told.rsplit_once("= SUMMARY =").map_or(told.as_str(), |(_, summary)| summary));
    for phase in ["Examples", "Coverage", "Fuzzing", "Stateful"] {
        assert!(told.contains(&format!("✅ {phase}")), "{phase} did not take place:\n{told}");
    }
    assert!(!server.log().contains("a handler panicked"), "{}", server.log());
    // It has swallowed all of that and still works.
    server.run(&["push", "--empty", "--wait", "--token", token]).await.ok();
    assert!(server.stop().await.success());
}

pub fn cases() -> Vec<Trial> {
    cases![every_answer_is_one_that_the_document_allows,]
}
