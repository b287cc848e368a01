//! `belfry run`, on the examples.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a failed test")]

use std::{fs, io::Read, path::Path, process::Stdio};

use crate::support::{belfry, belfry_with_input, command, examples};

/// Copies the examples: the chain writes beside its scripts, and the source tree must stay as it is.
fn copy_of_examples() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("nightly")).unwrap();
    for directory in ["", "nightly"] {
        for entry in fs::read_dir(examples().join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, copy.path().join(directory).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    copy
}

fn report_of(directory: &Path) -> String {
    let runs = fs::read_dir(directory.join("nightly/out")).unwrap();
    let [run] = &runs.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()[..] else {
        panic!("not one run")
    };
    fs::read_to_string(run.join("report.csv")).unwrap()
}

#[test]
fn the_nightly_chain_makes_its_report() {
    let copy = copy_of_examples();
    let file = copy.path().join("nightly-chain.yaml");
    let run = belfry(&["run", file.to_str().unwrap(), "--json"]).ok();
    let rows = run.json();
    let rows = rows.as_array().unwrap();
    assert_eq!(
        rows.iter().map(|row| row["job_id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["ingest", "revenue", "products", "quality", "report"]
    );
    assert!(rows.iter().all(|row| row["status"] == "success"));
    assert_eq!(rows[4]["result"], serde_json::json!({ "orders": 4995, "revenue": 579_075.0, "rejected": 5 }));
    assert_eq!(report_of(copy.path()), "orders,revenue,rejected\n4995,579075.00,5\n");
}

#[test]
fn the_flaky_job_succeeds_at_its_third_attempt() {
    let file = examples().join("flaky.yaml");
    let run = belfry(&["run", file.to_str().unwrap(), "--json"]).ok();
    assert_eq!(run.json()[0]["attempts"], 3);
    assert!(run.err().contains("will retry: exit code 75"), "{}", run.err());
}

#[test]
fn a_list_fans_out_and_joins_again() {
    let file = examples().join("elements.yaml");
    let run = belfry(&["run", file.to_str().unwrap(), "--json"]).ok();
    let rows = run.json();
    let each = &rows[1];
    assert_eq!((&each["job_id"], &each["status"]), (&"tell_time".into(), &"success".into()));
    assert_eq!(each["result"][1], "Asia/Tokyo is at UTC+0900");
    assert_eq!(rows[2]["status"], "success");
    assert_eq!(rows.as_array().unwrap().len(), 3, "elements are not jobs");
    assert!(run.err().contains("tell_time,2"), "{}", run.err());
}

#[test]
fn it_exits_with_the_runs_result() {
    let text = "\
- {job_id: good, command: 'true'}
- {job_id: bad, command: 'echo broken; exit 3', max_retries: 0}
- {job_id: after, dependencies: [good, bad]}
- {job_id: cleanup, dependencies: [bad], trigger_rule: all_done}
";
    let run = belfry_with_input(&["run", "-", "--json"], text);
    assert_eq!(run.code(), 1);
    let rows = run.json();
    let statuses: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["success", "failed", "upstream_failed", "success"]);
    assert!(run.err().contains("│ broken"), "{}", run.err());
}

#[test]
fn the_input_reaches_the_first_jobs_only() {
    let text = "\
- {job_id: first, command: 'cat > \"$BELFRY_RESULT\"', schedule: '@yearly'}
- {job_id: second, command: 'cat > \"$BELFRY_RESULT\"', input: 2, dependencies: [first]}
";
    let run = belfry_with_input(&["run", "-", "--json", "--input", "{\"a\": 1}"], text).ok();
    let rows = run.json();
    assert_eq!(rows[0]["result"], serde_json::json!({ "a": 1 }));
    assert_eq!(rows[1]["result"], 2);
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_its_line() {
    let run = belfry_with_input(
        &["run", "-"],
        "- job_id: a\n  schedule: '61 * * * *'\n- job_id: b\n  timeout: 0\n",
    );
    assert_eq!(run.code(), 1);
    assert!(
        run.err().contains("standard input:2:13: job a: schedule: minute (column 1): 61"),
        "{}",
        run.err()
    );
    assert!(run.err().contains("standard input:4:12: job b: timeout: must be more than 0"), "{}", run.err());
    let alone = belfry_with_input(&["run", "-"], "- {job_id: a, dependencies: [b]}\n");
    assert!(alone.code() == 2 && alone.err().contains("depends on b"), "{}", alone.err());
}

const ON_A_TERMINAL: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// Reads all output of a process that waits for a file; the file is made when `mark` has been seen.
fn all_said(mut from: impl Read, mark: &str, go_on: &Path) -> String {
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = from.read(&mut piece).unwrap();
        said.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&said);
        if length == 0 {
            return text.into_owned();
        }
        if text.contains(mark) {
            fs::write(go_on, "").unwrap();
        }
    }
}

/// Runs `belfry run` on a terminal, which shows what runs, with its progress and the number of ended
/// executions, and without a terminal, which shows lines only.
#[test]
fn a_terminal_shows_what_runs() {
    let directory = tempfile::tempdir().unwrap();
    let (file, go_on) = (directory.path().join("slow.yaml"), directory.path().join("go-on"));
    let line = format!(
        "echo '42 % loading' > \"$BELFRY_PROGRESS\"; until [ -e '{}' ]; do sleep 0.05; done",
        go_on.display()
    );
    let job = serde_json::json!({ "job_id": "slow", "command": line, "timeout": "60s", "max_retries": 0 });
    fs::write(&file, job.to_string()).unwrap();
    let path = file.to_str().unwrap();
    let belfry_run = [env!("CARGO_BIN_EXE_belfry"), "run", path];
    let mut python = std::process::Command::new("python3");
    python.args(["-c", ON_A_TERMINAL]).args(belfry_run).env("TERM", "xterm");
    let mut shown = python.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let text = all_said(shown.stdout.take().unwrap(), "42 % loading", &go_on);
    assert!(shown.wait().unwrap().success(), "{text}");
    for part in ["42 % loading", "0/1 ended", "success in"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    fs::remove_file(&go_on).unwrap();
    let mut elsewhere = command(&["run", path]);
    elsewhere.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut elsewhere = elsewhere.spawn().unwrap();
    let plain = all_said(elsewhere.stderr.take().unwrap(), "running", &go_on);
    assert!(elsewhere.wait().unwrap().success(), "{plain}");
    assert!(plain.contains("running") && !plain.contains("ended"), "{plain}");
}
