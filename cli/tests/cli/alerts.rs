//! Alerts, from a failure to a receiver on loopback and to the end.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use crate::support::{Server, until};
use serde_json::Value;

const KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const SOON: Duration = Duration::from_secs(20);

/// Starts a receiver; returns its address, and the events that it gets.
fn receiver() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/alerts", listener.local_addr().unwrap());
    let (sender, events) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut length = 0;
            for line in stream.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            sender.send(serde_json::from_slice(&body).unwrap()).ok();
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            stream.get_mut().write_all(answer).unwrap();
        }
    });
    (url, events)
}

/// Starts a server with the example's file, whose secrets are filled in here.
fn server(url: &str) -> (Server, tempfile::NamedTempFile) {
    let example = std::fs::read_to_string(crate::support::examples().join("alerts/alerts.yaml")).unwrap();
    let text = example.replace("env:ALERT_WEBHOOK_URL", url).replace("env:ALERT_WEBHOOK_KEY", KEY);
    assert!(text.contains(url) && text.contains(KEY), "{text}");
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    std::fs::write(&file, text).unwrap();
    (Server::start(&["--alerts", file.path().to_str().unwrap()]), file)
}

/// The example's job, with shorter times.
fn slow_report() -> tempfile::NamedTempFile {
    let example = std::fs::read_to_string(crate::support::examples().join("alerts/report.yaml")).unwrap();
    let mut text = example.clone();
    for (from, to) in [("0 3 * * *", "*/4 * * * * *"), ("sleep 0.1", "sleep 2"), ("3h", "1s")] {
        assert!(example.contains(from), "{example}");
        text = text.replace(from, to);
    }
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_failure_is_told_once_and_its_end_too() {
    let (url, events) = receiver();
    let (server, _file) = server(&url);
    assert_eq!(server.run(&["alerts", "test"]).ok().out(), "webhook: notified\n");
    assert_eq!(events.recv_timeout(SOON).unwrap()["data"]["kind"], "test");
    for _ in 0..2 {
        let fails = ["push", "--name", "nightly", "--max-retries", "0", "--wait", "--", "false"];
        assert_eq!(server.run(&fails).code(), 1);
    }
    let opened = events.recv_timeout(SOON).unwrap();
    assert_eq!(
        (opened["type"].as_str(), &opened["data"]["installation"]),
        (Some("alert.opened"), &"nightly".into())
    );
    assert_eq!(opened["data"]["key"], "dead_letter/nightly");
    let listed = server.run(&["alerts"]).ok().out();
    assert!(listed.contains("dead_letter/nightly") && listed.contains("webhook"), "{listed}");
    assert!(!listed.contains(&url) && !server.run(&["alerts", "--json"]).ok().out().contains(KEY));
    // A letter is written after the end that a push waits for.
    let letters = until("both letters are there", || {
        let letters = server.run(&["dead-letters", "--json"]).ok().json();
        Some(letters).filter(|letters| letters.as_array().unwrap().len() == 2)
    });
    for letter in letters.as_array().unwrap() {
        server.run(&["dead-letters", "discard", letter["execution_id"].as_str().unwrap()]).ok();
    }
    let resolved = events.recv_timeout(SOON).unwrap();
    assert_eq!(resolved["type"], "alert.resolved", "and no second opening: {resolved}");
    assert_eq!(resolved["data"]["key"], "dead_letter/nightly");
}

#[test]
fn a_missed_deadline_is_told_and_so_is_the_end() {
    let (url, events) = receiver();
    let (server, _file) = server(&url);
    let job = slow_report();
    server.run(&["apply", "--file", job.path().to_str().unwrap()]).ok();
    let opened = events.recv_timeout(SOON).unwrap();
    let key = opened["data"]["key"].as_str().unwrap();
    assert!(key.starts_with("missed_deadline/report@"), "{opened}");
    // Later slots miss it too, and may be over sooner.
    let over = std::iter::repeat_with(|| events.recv_timeout(SOON).unwrap())
        .take(20)
        .find(|event| event["type"] == "alert.resolved" && event["data"]["key"] == key)
        .unwrap();
    assert!(over["data"]["resolved_at"].is_string(), "{over}");
}

#[test]
fn who_is_told_by_nobody_hears_so() {
    let server = Server::start(&[]);
    let told = server.run(&["alerts", "test"]);
    assert!(told.code() == 1 && told.out().contains("no alert receivers"), "{}", told.out());
}

#[test]
fn a_file_that_is_wrong_is_refused_without_its_secrets() {
    let refusal = |receiver: &str| {
        let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
        std::fs::write(&file, format!("receivers:\n  - {receiver}\n")).unwrap();
        let data = tempfile::tempdir().unwrap();
        let arguments =
            ["up", "--listen", "127.0.0.1:0", "--data", data.path().to_str().unwrap(), "--alerts"];
        let refused = crate::support::belfry(&[&arguments[..], &[file.path().to_str().unwrap()]].concat());
        assert!(refused.code() == 1 && !refused.err().contains("top-secret"), "{}", refused.err());
        refused.err()
    };
    let not_a_key = refusal("{type: webhook, url: 'https://a.example', signing_key: top-secret}");
    assert!(not_a_key.contains("receiver webhook: not a signing key"), "{not_a_key}");
    let not_a_field = refusal("{type: slack, url: 'https://a.example/top-secret', colour: red}");
    assert!(
        not_a_field.contains("unknown field `colour`") && not_a_field.contains("line 2"),
        "{not_a_field}"
    );
}
