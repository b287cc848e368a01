//! Exit codes, help, and the commands that need no server.

mod support;

use support::belfry;

#[test]
fn wrong_usage_is_2_and_no_server_is_3() {
    for args in [
        &["nonsense"][..],
        &[],
        &["push"],
        &["push", "--empty", "--command", "x"],
        &["push", "--empty", "--delay", "soon"],
        &["up", "--retention", "6d"],
        &["up", "--archive", "s3://bucket/belfry"],
        &["up", "--logs", "s3://bucket/belfry"],
        &["apply"],
        &["dead-letters", "redrive"],
        &["trigger", "a", "--input", "{"],
        &["jobs", "--url", "ftp://x"],
        &["schedule", "next", "61 * * * *"],
        &["import", "crontab", "/no/such/file"],
    ] {
        let run = belfry(args);
        assert_eq!(run.code(), 2, "{args:?}: {}", run.err());
        assert!(!run.err().is_empty());
    }
    // A port that nobody listens on, and no other test is given.
    let url = "http://127.0.0.1:1";
    for args in [&["jobs"][..], &["stats"], &["trigger", "a"], &["logs", "a@b"], &["push", "--empty"]] {
        let run = belfry(&[args, &["--url", url]].concat());
        assert_eq!(run.code(), 3, "{args:?}: {}", run.err());
        assert!(run.err().contains("belfry up"), "{}", run.err());
    }
}

/// `.ci/run` builds this one. The build of the whole workspace has AWS.
#[cfg(not(feature = "aws"))]
#[test]
fn without_aws_what_needs_it_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (alerts, data) = (folder.path().join("alerts.yaml"), folder.path().join("data"));
    let topic = "receivers: [{type: sns, topic_arn: 'arn:aws:sns:eu-west-1:123456789012:alerts'}]";
    std::fs::write(&alerts, topic).unwrap();
    let (alerts, data) = (alerts.to_str().unwrap(), data.to_str().unwrap());
    for args in [
        &["worker", "--pool", "command"][..],
        &["lanes"],
        &["lanes", "pause", "0"],
        &["lanes", "resume", "--json"],
        &["up", "--listen", "127.0.0.1:0", "--data", data, "--alerts", alerts],
    ] {
        let run = belfry(args);
        assert_eq!(run.code(), 2, "{args:?}: {}", run.err());
        assert!(run.err().contains("built without it"), "{}", run.err());
        assert!(run.err().contains("cargo build --release --locked -p belfry"), "{}", run.err());
    }
    assert!(!std::path::Path::new(data).exists());
}

#[test]
fn what_answers_but_is_no_belfry_is_told_apart() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").unwrap();
    });
    let run = belfry(&["stats", "--url", &url]);
    server.join().unwrap();
    assert_eq!(run.code(), 1);
    assert!(run.err().contains("it is not a belfry server"), "{}", run.err());
}

#[test]
fn every_command_has_help_with_examples() {
    let help = belfry(&["--help"]).ok().out();
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 20, "{names:?}");
    assert!(names.contains(&"worker") && names.contains(&"lanes"), "also without AWS: {names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        has_examples(&[name]);
    }
    for args in [
        ["schedule", "next"],
        ["import", "crontab"],
        ["jobs", "show"],
        ["jobs", "delete"],
        ["executions", "show"],
        ["dead-letters", "redrive"],
        ["dead-letters", "discard"],
        ["token", "create"],
        ["token", "list"],
        ["token", "revoke"],
    ] {
        has_examples(&args);
    }
}

fn has_examples(args: &[&str]) {
    let help = belfry(&[args, &["--help"]].concat()).ok().out();
    assert!(help.contains("Example"), "{args:?}: {help}");
}

#[test]
fn tokens_are_told_of_as_json_too() {
    let data = tempfile::tempdir().unwrap();
    let token = |args: &[&str]| {
        let data = ["--json", "--data", data.path().to_str().unwrap()];
        belfry(&[&["token"], args, &data].concat()).ok().json()
    };
    assert_eq!(token(&["create", "deploy"])["name"], "deploy");
    assert_eq!(token(&["list"])[0]["name"], "deploy");
    assert_eq!(token(&["revoke", "deploy"]), serde_json::json!({ "revoked": "deploy" }));
    assert_eq!(token(&["list"]), serde_json::json!([]));
}

#[test]
fn documents_for_other_programs() {
    let schema = belfry(&["schema"]).ok().json();
    assert!(schema.to_string().contains("job_id"));
    let openapi = belfry(&["openapi"]).ok().json();
    assert!(openapi["paths"]["/v1/jobs:apply"].is_object());
    for shell in ["bash", "zsh", "fish"] {
        assert!(belfry(&["completions", shell]).ok().out().contains("dead-letters"), "{shell}");
    }
}

#[test]
fn doctor_finds_a_taken_port_and_a_bad_directory() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let file = tempfile::NamedTempFile::new().unwrap();
    let data = file.path().to_str().unwrap();
    let run =
        belfry(&["doctor", "--json", "--listen", &address, "--data", data, "--url", "http://127.0.0.1:1"]);
    assert_eq!(run.code(), 1);
    let report = run.json();
    let verdict = |check: &str| {
        let checks = report["checks"].as_array().unwrap();
        checks
            .iter()
            .find(|finding| finding["check"] == check)
            .map(|finding| finding["verdict"].clone())
            .unwrap()
    };
    assert_eq!(verdict("port"), "fail");
    assert_eq!(verdict("data directory"), "fail");
    assert_eq!(verdict("shell"), "ok");
    assert_eq!(verdict("server"), "warn");
}
