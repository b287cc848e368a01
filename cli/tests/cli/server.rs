//! The commands against a real belfry.

use crate::support::{Server, until};

const JOBS: &str = "\
- {job_id: hello, description: says hello, command: 'echo hello'}
- {job_id: fails, command: 'echo no; exit 3', max_retries: 0}
- {job_id: daily, schedule: '0 3 * * *', timezone: Europe/Berlin, dependencies: [hello]}
";

fn server_with_jobs() -> Server {
    let server = Server::start(&[]);
    server.run_with_input(&["apply", "-f", "-"], JOBS).ok();
    server
}

/// Waits until these are the dead letters: a dead letter is written after the end that callers wait
/// for.
fn until_dead_letters(server: &Server, expected: &[&str]) {
    until("these are the dead letters", || {
        let letters = server.run(&["dead-letters", "--json"]).ok().json();
        let letters = letters.as_array().into_iter().flatten();
        let mut ids: Vec<&str> = letters.filter_map(|letter| letter["execution_id"].as_str()).collect();
        ids.sort_unstable();
        (ids == expected).then_some(())
    });
}

#[test]
fn jobs_are_applied_listed_shown_and_deleted() {
    let server = Server::start(&[]);
    let dry = server.run_with_input(&["apply", "-f", "-", "--dry-run"], JOBS).ok();
    assert!(dry.out().contains("created") && dry.out().contains("nothing was changed"), "{}", dry.out());
    assert_eq!(server.run(&["jobs", "--json"]).ok().json(), serde_json::json!([]));
    server.run_with_input(&["apply", "-f", "-"], JOBS).ok();
    let list = server.run(&["jobs"]).ok().out();
    assert!(list.contains("0 3 * * * Europe/Berlin") && list.contains("says hello"), "{list}");
    let changed = JOBS.replace("says hello", "says more");
    let dry = server.run_with_input(&["apply", "-f", "-", "--dry-run"], &changed).ok().out();
    assert!(dry.contains("- description: \"says hello\"\n  + description: \"says more\""), "{dry}");
    let shown = server.run(&["jobs", "show", "daily"]).ok().out();
    assert!(shown.contains("next slot") && shown.contains("schedule: 0 3 * * *"), "{shown}");
    let refused = server.run(&["jobs", "delete", "hello"]);
    assert!(refused.code() == 1 && refused.err().contains("409"), "{}", refused.err());
    server.run(&["jobs", "delete", "daily"]).ok();
    assert_eq!(server.run(&["jobs", "show", "daily"]).code(), 1);
    let tree = server.run(&["graph"]).ok().out();
    assert_eq!(tree.lines().count(), 2, "{tree}");
}

#[test]
fn the_servers_problems_come_with_lines() {
    let server = server_with_jobs();
    let text = "- job_id: a\n  dependencies: [b]\n- job_id: b\n  dependencies:\n  - a\n  - nobody\n";
    let run = server.run_with_input(&["apply", "-f", "-"], text);
    assert_eq!(run.code(), 1);
    assert!(
        run.err().contains("standard input:6:5: job b: dependencies[1]: there is no job `nobody`"),
        "{}",
        run.err()
    );
    let json = server.run_with_input(&["--json", "apply", "-f", "-"], text);
    let problems: serde_json::Value = serde_json::from_str(&json.err()).unwrap();
    assert!(problems["problems"][0]["line"].is_u64(), "{problems}");
}

#[test]
fn executions_are_triggered_followed_retried_and_shown() {
    let server = server_with_jobs();
    let good = server.run(&["trigger", "hello", "--wait", "--input", "{\"a\": 1}"]).ok().out();
    assert!(good.contains("│ hello") && good.contains("{\"a\":1}"), "{good}");
    let bad = server.run(&["trigger", "fails", "--key", "once", "--wait", "--json"]);
    assert_eq!((bad.code(), bad.json()["status"].as_str()), (1, Some("failed")));
    assert_eq!(server.run(&["trigger", "fails", "--key", "once"]).ok().out(), "fails@once\n");
    let logs = server.run(&["logs", "-f", "fails@once"]);
    assert!(logs.code() == 1 && logs.out().contains("│ no"), "{}", logs.out());
    assert_eq!(server.run(&["retry", "fails@once", "--json"]).ok().json()["execution_id"], "fails@once~2");
    server.run(&["logs", "-f", "fails@once~2"]);
    let failed = server.run(&["executions", "--status", "failed", "--job", "fails", "--json"]).ok().json();
    assert_eq!(failed.as_array().unwrap().len(), 2);
    let one = server.run(&["executions", "--limit", "1", "--json"]).ok().json();
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert!(server.run(&["executions", "--job", "hello"]).ok().out().contains("success"));
    until_dead_letters(&server, &["fails@once~2"]);
    let stats = server.run(&["stats"]).ok().out();
    assert!(stats.contains("dead letters       1"), "one, for what was run again: {stats}");
}

#[test]
fn dead_letters_are_listed_redriven_and_discarded() {
    let server = server_with_jobs();
    for key in ["a", "b", "c"] {
        assert_eq!(server.run(&["trigger", "fails", "--key", key, "--wait"]).code(), 1);
    }
    until_dead_letters(&server, &["fails@a", "fails@b", "fails@c"]);
    let list = server.run(&["dead-letters", "--job", "fails"]).ok().out();
    assert!(list.contains("fails@b") && list.contains("exit code 3"), "{list}");
    assert_eq!(server.run(&["dead-letters", "redrive", "fails@a"]).ok().out(), "fails@a → fails@a~2\n");
    server.run(&["dead-letters", "discard", "fails@b"]).ok();
    let wrong = server.run(&["dead-letters", "redrive", "fails@nope"]);
    assert_eq!(wrong.code(), 1);
    server.run(&["logs", "-f", "fails@a~2"]);
    until_dead_letters(&server, &["fails@a~2", "fails@c"]);
}

#[test]
fn work_is_pushed_now_and_later_and_cancelled() {
    let server = server_with_jobs();
    let pushed = server.run(&["push", "--wait", "--json", "--", "printf", "%s|", "a b", "c"]).ok().json();
    assert_eq!(pushed["attempts"][0]["output"]["tail"], "a b|c|");
    let later =
        ["push", "--empty", "--delay", "1h", "--key", "k", "--priority", "high", "--name", "later", "--json"];
    let waiting = server.run(&later).ok().json();
    assert_eq!((waiting["status"].as_str(), waiting["priority"].as_str()), (Some("waiting"), Some("high")));
    assert_eq!(server.run(&["cancel", "later@k", "--reason", "enough"]).ok().out(), "later@k cancelled\n");
    let shown = server.run(&["executions", "show", "later@k"]).ok().out();
    assert!(shown.contains("cancelled") && shown.contains("enough"), "{shown}");
    assert_eq!(server.run(&["cancel", "later@k"]).code(), 1);
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    std::fs::write(&file, "target: {type: empty}\npriority: low\n").unwrap();
    let pushed =
        server.run(&["push", "--file", file.path().to_str().unwrap(), "--wait", "--json"]).ok().json();
    assert_eq!((pushed["status"].as_str(), pushed["priority"].as_str()), (Some("success"), Some("low")));
}

#[test]
fn a_full_queue_refuses_pushes() {
    let server = Server::start(&["--max-processes", "1", "--backlog-limit", "command/low=1"]);
    let push = ["push", "--priority", "low", "--", "sleep", "60"];
    // One runs, one waits, none more.
    let first = server.run(&push).ok().out();
    let show = ["executions", "show", first.trim(), "--json"];
    until("the first runs", || (server.run(&show).ok().json()["status"] == "running").then_some(()));
    let refused = until("one is refused", || Some(server.run(&push)).filter(|push| push.code() != 0));
    let error = refused.err();
    assert!(
        error.contains("429") && error.contains("the queue command/low is full: its depth is 1"),
        "{error}"
    );
    let stats = server.run(&["stats"]).ok().out();
    assert!(stats.contains("fullest queue      command/low: 1 of 1"), "{stats}");
    server.run(&["push", "--priority", "high", "--", "true"]).ok();
    let wrong = crate::support::belfry(&["up", "--backlog-limit", "command=1"]);
    assert!(wrong.code() == 2 && wrong.err().contains("POOL/PRIORITY=N"), "{}", wrong.err());
}

#[test]
fn jobs_are_paused_and_resumed() {
    let server = server_with_jobs();
    server.run(&["pause", "daily", "hello"]).ok();
    assert_eq!(server.run(&["jobs", "show", "daily", "--json"]).ok().json()["status"], "paused");
    server.run(&["resume", "daily", "hello"]).ok();
    assert_eq!(server.run(&["jobs", "show", "daily", "--json"]).ok().json()["status"], "active");
}

#[test]
fn up_applies_files_and_doctor_finds_it() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("jobs.yaml"), JOBS).unwrap();
    let server = Server::start(&["--apply", directory.path().to_str().unwrap()]);
    let count = || server.run(&["jobs", "--json"]).ok().json().as_array().unwrap().len();
    until("the jobs are there", || (count() == 3).then_some(()));
    let data = directory.path().join("data");
    let address = server.url.strip_prefix("http://").unwrap();
    let doctor = server.run(&["doctor", "--listen", address, "--data", data.to_str().unwrap()]).ok().out();
    assert!(doctor.contains("leader"), "{doctor}");
}

#[test]
fn tokens_are_made_listed_and_revoked() {
    let data = tempfile::tempdir().unwrap();
    let token = |args: &[&str]| {
        crate::support::belfry(&[&["token", "--data", data.path().to_str().unwrap()], args].concat())
    };
    for name in ["ci", "laptop"] {
        assert!(token(&["create", name]).ok().out().starts_with("belfry_"));
    }
    let listed = |name: &str| token(&["list"]).ok().out().contains(name);
    assert!(listed("ci") && listed("laptop"));
    token(&["revoke", "ci"]).ok();
    assert!(!listed("ci") && listed("laptop"), "one is revoked, not all");
    assert_eq!(token(&["revoke", "ci"]).code(), 1);
}

#[test]
fn executions_are_found_by_tag_status_job_and_time() {
    let server = Server::start(&[]);
    let jobs = "\
- {job_id: good, command: 'true', tags: {team: data, tier: '1'}}
- {job_id: bad, command: 'exit 3', max_retries: 0, tags: {team: data}}
- {job_id: other, command: 'true', tags: {team: ops}}
";
    server.run_with_input(&["apply", "-f", "-"], jobs).ok();
    for job in ["good", "bad", "other"] {
        server.run(&["trigger", job, "--key", "k", "--wait"]);
    }
    let found = |args: &[&str]| {
        let rows = server.run(&[&["executions", "--json"], args].concat()).ok().json();
        let ids = rows.as_array().unwrap().iter().map(|row| row["execution_id"].as_str().unwrap().to_owned());
        let mut ids: Vec<String> = ids.collect();
        ids.sort_unstable();
        ids.join(" ")
    };
    assert_eq!(found(&["--tag", "team=data"]), "bad@k good@k");
    assert_eq!(found(&["--tag", "team=data", "--tag", "tier:1"]), "good@k");
    assert_eq!(found(&["--tag", "team=data", "--status", "failed", "--since", "24h"]), "bad@k");
    assert_eq!(found(&["--tag", "team=data", "--status", "failed", "--until", "24h"]), "");
    assert_eq!(found(&["--job", "other", "--since", "1h"]), "other@k");
    for wrong in [&["--tag", "team"][..], &["--since", "yesterday"], &["--since", "1h", "--until", "2h"]] {
        let run = server.run(&[&["executions"], wrong].concat());
        assert_eq!(run.code(), 2, "{wrong:?}: {}", run.err());
    }
    let tagged = server.run(&["jobs", "--tag", "team=data", "--json"]).ok().json();
    assert_eq!(tagged.as_array().unwrap().len(), 2);
    let shown = server.run(&["jobs", "show", "bad"]).ok().out();
    assert!(shown.contains("0 succeeded, 1 failed"), "{shown}");
    let failure = server.run(&["executions", "show", "bad@k"]).ok().out();
    for words in ["timeline (", "running", "waiting", "failed in", "after waiting", "exit code 3"] {
        assert!(failure.contains(words), "{words}: {failure}");
    }
}
