//! Job files.

use std::fs;

use belfry_e2e::{Up, run};

use super::Bench;

/// Job files, each with the message about it, after its name.
const FILES: &[(&str, &str)] = &[
    // Not YAML.
    ("- job_id: a\n  schedule: \"@daily\n- job_id: b\n", ":2:13: "),
    ("- job_id: a\n\tschedule: x\n", ":1:11: "),
    ("- job_id: a\n  command: x\n  command: y\n", ":3:3: duplicate mapping key: command\n"),
    ("{\"job_id\": \"a\",, }\n", ":1:16: "),
    ("", ": contains no jobs"),
    ("just words\n", ":1:1: expected a job"),
    // Not a job.
    ("- job_id: a\n  shedule: \"@daily\"\n", ":2:12: job a: shedule: unknown field `shedule`"),
    ("- job_id: a\n  max_retries: many\n", ":2:16: job a: max_retries: invalid type: string \"many\""),
    ("- job_id: a\n  retry: {backoff: expo}\n", ":2:20: job a: retry.backoff: unknown variant `expo`"),
    ("- job_id: a b\n", ":1:11: job a b: job_id: "),
    ("- command: x\n", ":1:3: missing field `job_id`"),
    ("- job_id: a\n- job_id: a\n", ":2:11: job a: job_id: is defined twice"),
    // Impossible times.
    ("- job_id: a\n  schedule: 0 0 31 2 *\n", ":2:13: job a: schedule: has no slot after now"),
    ("- job_id: a\n  schedule: 61 * * * *\n", ":2:13: job a: schedule: minute (column 1): 61"),
    ("- job_id: a\n  schedule: at(2027-13-01T00:00:00)\n", ":2:13: job a: schedule: at (column 4): "),
    ("- job_id: a\n  run_at: 2027-02-30T00:00:00Z\n", ":2:11: job a: run_at: "),
    ("- job_id: a\n  run_at: 2020-02-20T00:00:00Z\n", ":2:11: job a: run_at: has no slot after now"),
    ("- {job_id: a, schedule: '@daily', timezone: Europe/Berln}\n", ":1:45: job a: timezone: "),
    ("- job_id: a\n  timeout: -5\n", ":2:12: job a: timeout: "),
    // Contradictions.
    ("- {job_id: a, command: x, target: {type: empty}}\n", ":1:35: job a: target: `command` is given too"),
    (
        "- {job_id: a, dependencies: [kept, nobody]}\n",
        ":1:36: job a: dependencies[1]: there is no job `nobody`",
    ),
    ("- {job_id: a, dependencies: [a]}\n", ":1:30: job a: dependencies[0]: a job cannot depend on itself"),
    ("- {job_id: push, command: x}\n", ":1:12: job push: job_id: `push` is reserved"),
];

/// Three files that make a cycle, none of them wrong by itself.
const CYCLE: &[(&str, &str)] = &[
    ("one.yaml", "- {job_id: kept, command: changed}\n- {job_id: a, dependencies: [c]}\n"),
    ("two.yaml", "- job_id: b\n  dependencies: [a]\n"),
    ("three.json", "{\"job_id\": \"c\", \"dependencies\": [\"b\"]}\n"),
];
const CYCLE_MESSAGE: &str = "one.yaml:2:30: job a: dependencies[0]: closes a cycle: a → c → b → a";

pub async fn each_wrong_file_is_refused_with_its_place() {
    let bench = Bench::start().await;
    let path = bench.path().join("jobs.yaml");
    let name = path.to_str().unwrap();
    for (text, said) in FILES {
        fs::write(&path, text).unwrap();
        bench.refuses(&["apply", "-f", name], &[&format!("{name}{said}")]).await;
    }
    fs::write(&path, b"- job_id: \xff\xfe\n").unwrap();
    bench.refuses(&["apply", "-f", name], &[name, "UTF-8"]).await;
    bench.refuses(&["apply", "-f", "/no/such/file.yaml"], &["/no/such/file.yaml: No such file"]).await;
}

pub async fn all_that_is_wrong_in_several_files_is_told_at_once() {
    let bench = Bench::start().await;
    fs::write(bench.path().join("good.yaml"), "job_id: good\n").unwrap();
    fs::write(bench.path().join("one.yaml"), "job_id: one\ntimeout: soon\n").unwrap();
    fs::write(bench.path().join("two.yaml"), "job_id: two\nschedule: 0 25 * * *\n").unwrap();
    let directory = bench.path().to_str().unwrap();
    let run = bench.refuses(&["apply", "-f", directory], &["one.yaml:2:10", "two.yaml:2:11"]).await;
    assert_eq!(run.err().lines().count(), 2, "{}", run.err());
}

pub async fn a_cycle_across_files_is_shown_wherever_it_is_met() {
    let bench = Bench::start().await;
    let directory = bench.path().join("cycle");
    fs::create_dir(&directory).unwrap();
    for (name, text) in CYCLE {
        fs::write(directory.join(name), text).unwrap();
    }
    let directory = directory.to_str().unwrap();
    bench.refuses(&["apply", "-f", directory], &[CYCLE_MESSAGE]).await;
    bench.refuses(&["apply", "-f", directory, "--dry-run"], &[CYCLE_MESSAGE]).await;
    let run = run(&["run", directory]).await.with_code(1);
    assert!(run.err().contains(CYCLE_MESSAGE), "{}", run.err());
}

pub async fn up_does_not_start_with_wrong_files_and_keeps_nothing_of_them() {
    let bench = Bench::start().await;
    let (data, jobs) = (bench.path().join("other"), bench.path().join("jobs"));
    fs::create_dir(&jobs).unwrap();
    let up = |jobs: &str| {
        ["up", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap(), "--apply", jobs]
            .map(str::to_owned)
    };
    let arguments = up(jobs.to_str().unwrap());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    fs::write(jobs.join("bad.yaml"), "job_id: a\nschedule: 61 * * * *\n").unwrap();
    let refused = run(&arguments).await.with_code(1);
    assert!(refused.err().contains("bad.yaml:2:11: job a: schedule"), "{}", refused.err());
    fs::remove_file(jobs.join("bad.yaml")).unwrap();
    for (name, text) in CYCLE {
        fs::write(jobs.join(name), text).unwrap();
    }
    let refused = run(&arguments).await.with_code(1);
    assert!(refused.err().contains(CYCLE_MESSAGE), "{}", refused.err());
    let server = Up::on(&data).start_leader().await;
    assert_eq!(server.api.get("/v1/jobs").await["items"], serde_json::json!([]));
}
