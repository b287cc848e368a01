//! `belfry run`: a file's jobs once, without a server.

use std::fs;

use belfry_e2e::{Examples, run, run_with_input};

use super::only_run;

pub async fn each_example_that_needs_no_server_runs_once_and_well() {
    let examples = Examples::copy();
    for name in [
        "backfill.yaml",
        "flaky.yaml",
        "heartbeat.yaml",
        "history.yaml",
        "long-work.yaml",
        "nightly-chain.yaml",
        "results.yaml",
    ] {
        let shown = run(&["run", &examples.file(name)]).await.ok();
        assert!(shown.out().contains("success"), "{name}: {}", shown.out());
    }
    assert!(only_run(examples.path()).join("report.csv").exists());
}

pub async fn the_exit_code_is_1_where_something_fails() {
    let file = "\
- {job_id: good, command: 'true'}
- {job_id: bad, command: 'echo the disk is full >&2; exit 4', max_retries: 0, dependencies: [good]}
- {job_id: after, command: 'true', dependencies: [bad]}
";
    let failed = run_with_input(&["run", "-"], file).await.with_code(1);
    let told = failed.out() + &failed.err();
    for words in ["the disk is full", "exit code 4", "upstream_failed"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // A chain that breaks in the middle of real work says which of its jobs it was.
    let examples = Examples::copy();
    fs::write(examples.file("nightly/quality.sh"), "echo no such table >&2\nexit 1\n").unwrap();
    examples.replace("nightly-chain.yaml", "timeout: 5m", "timeout: 5m\n    max_retries: 0");
    let file = examples.file("nightly-chain.yaml");
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("command: [sh, quality.sh]}", "command: [sh, quality.sh]}\n    max_retries: 0");
    fs::write(&file, text).unwrap();
    let failed = run(&["run", &file, "--json"]).await.with_code(1);
    let rows = failed.json();
    let status = |job: &str| {
        let mut rows = rows.as_array().unwrap().iter();
        rows.find(|row| row["job_id"] == job).unwrap()["status"].clone()
    };
    assert_eq!(
        (status("revenue"), status("quality"), status("report")),
        ("success".into(), "failed".into(), "upstream_failed".into())
    );
    assert!(failed.err().contains("no such table"), "{}", failed.err());
}
