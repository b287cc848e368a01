//! The API against its own OpenAPI document: schemathesis sends what the document allows and what
//! it doesn't, and holds every answer against it. Needs Python 3 and, the first time, a network.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use belfry_e2e::{Up, target_directory, workspace};
use tempfile::TempDir;

const SCHEMATHESIS: &str = "schemathesis==4.32.5";
const SEED: &str = "20261123";
const EXAMPLES_PER_OPERATION: &str = "10";
/// On loopback no token is asked for, though the document says how one is given.
const NOT_ON_LOOPBACK: &str = "ignored_auth";

fn output(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let streams = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Err(format!("{command:?}: {}\n{}", output.status, streams.concat()))
}

/// Installs it beside the other build products, once.
fn schemathesis() -> PathBuf {
    let environment = target_directory().join("e2e-venv");
    let program = environment.join("bin/schemathesis");
    if is_installed(&program) {
        return program;
    }
    let mut create = Command::new("python3");
    output(create.args(["-m", "venv", "--clear"]).arg(&environment))
        .unwrap_or_else(|error| panic!("this test needs Python 3 with its venv module (Debian: python3-venv)\n{error}"));
    let mut install = Command::new(environment.join("bin/pip"));
    output(install.args(["install", "--quiet", "--disable-pip-version-check", SCHEMATHESIS]))
        .unwrap_or_else(|error| panic!("this test needs {SCHEMATHESIS} from the Python package index\n{error}"));
    program
}

fn is_installed(program: &Path) -> bool {
    let version = SCHEMATHESIS.rsplit_once("==").map_or("", |(_, version)| version);
    output(Command::new(program).arg("--version"))
        .is_ok_and(|told| String::from_utf8_lossy(&told.stdout).trim().ends_with(version))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_one_that_the_document_allows() {
    let program = schemathesis();
    let directory = TempDir::new().unwrap();
    // What is pushed is made up too: without a PATH there is no shell to run it.
    let up = Up::on(&directory.path().join("data")).variable("PATH", "").working_directory(directory.path());
    let mut server = up.start_leader().await;
    let mut fuzz = Command::new(program);
    fuzz.arg("--config-file")
        .arg(workspace().join("functions/api/schemathesis.toml"))
        .args(["run", &format!("{}/v1/openapi.json", server.url())])
        .args(["--phases", "examples,coverage,fuzzing", "--workers", "2", "--continue-on-failure"])
        .args(["--exclude-checks", NOT_ON_LOOPBACK])
        .args(["--seed", SEED, "--max-examples", EXAMPLES_PER_OPERATION, "--suppress-health-check", "all"])
        .env("NO_COLOR", "1")
        .current_dir(directory.path());
    let told = tokio::task::spawn_blocking(move || output(&mut fuzz)).await.unwrap();
    let told = told.unwrap_or_else(|error| panic!("{error}"));
    println!("{}", summary(&String::from_utf8_lossy(&told.stdout)));
    assert!(!server.log().contains("a handler panicked"), "{}", server.log());
    // It has swallowed all of that and still works.
    server.run(&["push", "--empty", "--wait"]).await.ok();
    assert!(server.stop().await.success());
}

fn summary(told: &str) -> &str {
    told.find("= SUMMARY =").map_or(told, |at| told[at..].trim_start_matches(['=', ' ', 'S', 'U', 'M', 'A', 'R', 'Y']))
}
