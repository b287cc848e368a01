//! `belfry export`, and `belfry apply` of what it wrote.

use crate::support::{Server, examples};
use serde_json::{Value, json};

/// All definitions of a server, without its counters and times.
fn definitions(server: &Server) -> Vec<Value> {
    let jobs = server.run(&["jobs", "--json"]).ok().json();
    let jobs = jobs.as_array().cloned().unwrap_or_default();
    let kept = |job: Value| json!([job["job_id"], job["status"], job["definition"]]);
    jobs.into_iter().map(kept).collect()
}

#[test]
fn what_is_exported_restores_every_definition_on_another_server() {
    let server = Server::start(&[]);
    let directory = examples();
    server.run(&["apply", "-f", &directory.display().to_string()]).ok();
    for (kind, file) in [("kubernetes", "cronjobs.yaml"), ("eventbridge", "schedules.json")] {
        let file = directory.join(kind).join(file).display().to_string();
        server.run(&["import", kind, &file, "--apply", "--prefix", &format!("{kind}-")]).ok();
    }
    server.run(&["pause", "heartbeat", "ingest"]).ok();
    server.run(&["resume", "eventbridge-shop.reindex"]).ok();
    let wanted = definitions(&server);
    assert!(wanted.len() > 15 && wanted.iter().any(|job| job[1] == "paused"), "{}", wanted.len());

    for format in ["yaml", "json"] {
        let exported = server.run(&["export", "--format", format]).ok().out();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(format!("jobs.{format}"));
        std::fs::write(&file, exported).unwrap();
        let file = file.to_str().unwrap();
        let unchanged = server.run(&["apply", "-f", file, "--dry-run", "--json"]).ok().json();
        let changes = unchanged["jobs"].as_array().cloned().unwrap_or_default();
        assert!(changes.iter().all(|job| job["change"] == "unchanged"), "{unchanged}");
        let other = Server::start(&[]);
        other.run(&["apply", "-f", file]).ok();
        assert_eq!(definitions(&other), wanted, "{format}");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jobs.json").display().to_string();
    let told =
        server.run(&["export", "--output", &path, "--tag", "app.kubernetes.io/name=reports"]).ok().err();
    assert!(told.starts_with("1 jobs in "), "{told}");
}
