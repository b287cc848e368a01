//! Imports of CronJobs and of EventBridge's schedules, as the command line has them.

use crate::support::{Server, belfry, belfry_with_input, examples};
use serde_json::Value;

const MANIFESTS: [&str; 2] = ["kubernetes/cronjobs.yaml", "kubernetes/list.json"];
const SCHEDULES: [&str; 2] = ["eventbridge/schedules.json", "eventbridge/list.json"];

fn paths(files: [&str; 2]) -> [String; 2] {
    files.map(|file| examples().join(file).display().to_string())
}

fn statuses(server: &Server) -> Vec<(String, String)> {
    let jobs = server.run(&["jobs", "--json"]).ok().json();
    let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
    jobs.as_array().into_iter().flatten().map(|job| (text(&job["job_id"]), text(&job["status"]))).collect()
}

#[test]
fn a_belfry_takes_what_was_imported_and_suspended_jobs_begin_paused() {
    let server = Server::start(&[]);
    let [one, other] = paths(MANIFESTS);
    let run = server.run(&["import", "kubernetes", &one, &other, "--apply", "--run-with", "docker"]).ok();
    assert!(run.err().starts_with("5 jobs, "), "{}", run.err());
    assert!(run.err().contains("belfry runs one"), "{}", run.err());
    let [one, other] = paths(SCHEDULES);
    server.run(&["import", "eventbridge", &one, &other, "--apply", "--prefix", "aws-"]).ok();
    let paused: Vec<String> = statuses(&server)
        .into_iter()
        .filter(|(_, status)| status == "paused")
        .map(|(job_id, _)| job_id)
        .collect();
    assert_eq!(paused, ["aws-shop.reindex", "cache-warmer"]);
    assert_eq!(statuses(&server).len(), 11);
}

#[test]
fn a_job_file_of_an_import_is_one_that_apply_takes() {
    let server = Server::start(&[]);
    let [one, other] = paths(SCHEDULES);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jobs.yaml").display().to_string();
    belfry(&["import", "eventbridge", &one, &other, "--output", &file]).ok();
    let imported = std::fs::read_to_string(&file).unwrap();
    assert!(imported.starts_with("# From 2 files by `belfry import eventbridge`.\n"), "{imported}");
    let applied = server.run(&["apply", "-f", &file, "--json"]).ok().json();
    assert_eq!(applied["jobs"].as_array().map(Vec::len), Some(6));
    assert!(statuses(&server).contains(&("shop.reindex".to_owned(), "paused".to_owned())));
}

#[test]
fn strict_and_unreadable_ones_fail() {
    let [manifests, _] = paths(MANIFESTS);
    assert_eq!(belfry(&["import", "kubernetes", &manifests, "--strict"]).code(), 1);
    let whole = "kind: CronJob\nmetadata: {name: a}\nspec:\n  schedule: '@daily'\n  jobTemplate:\n    spec: {template: {spec: {containers: [{name: c, command: [x]}]}}}\n";
    let run = belfry_with_input(&["import", "kubernetes", "-", "--strict"], whole).ok();
    assert!(run.err().contains("\neverything was converted\n"), "{}", run.err());
    let broken = belfry_with_input(&["import", "eventbridge", "-"], "{\"Name\": ");
    assert!(broken.code() == 1 && broken.err().contains("standard input:1"), "{}", broken.err());
    assert_eq!(belfry(&["import", "kubernetes", "/nowhere.yaml"]).code(), 2);
    assert_eq!(belfry(&["import", "kubernetes", "-", "--run-with", "a", "--ecs-cluster", "b"]).code(), 2);
}
