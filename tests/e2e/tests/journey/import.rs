//! Crontabs become jobs.

use std::fs;

use belfry_e2e::run;

use super::Tour;

/// The crontabs of `examples/` are imported to a file, which belfry accepts unchanged. The file is not
/// applied for good: the crontabs are real, and one of them may be due in this very minute.
pub async fn the_example_crontabs_become_a_job_file_that_applies() {
    let tour = Tour::begin().await;
    let copy = &tour.examples;
    let mut files: Vec<String> = fs::read_dir(copy.path().join("crontabs/cron.d"))
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    files.sort_unstable();
    assert!(files.len() >= 15, "{files:?}");
    files.push(copy.file("crontabs/crontab"));
    let output = copy.file("cron.yaml");
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let import = ["import", "crontab", "--output", &output, "--timezone", "Europe/Berlin"];
    let report = run(&[&import, &files[..]].concat()).await.ok().err();
    assert!(report.contains("has no trigger at boot"), "what isn't carried over is told: {report}");
    let before = tour.list(&["jobs"]).await;
    let dry = tour.server.run(&["apply", "-f", &output, "--dry-run"]).await.ok().out();
    let count = report.split_once(" jobs,").map(|(count, _)| count.trim().parse::<usize>().unwrap()).unwrap();
    assert_eq!(dry.matches("created").count(), count, "{dry}");
    assert!(count >= 20, "{report}");
    assert_eq!(tour.list(&["jobs"]).await.len(), before.len());
    let user = run(&["import", "crontab", "--user", &copy.file("crontabs/user.crontab"), "--json"])
        .await
        .ok()
        .json();
    let jobs = user["jobs"].as_array().unwrap();
    assert!(jobs.iter().any(|job| job["timezone"] == "America/New_York"), "CRON_TZ is kept");
    assert!(
        user["report"]
            .as_array()
            .unwrap()
            .iter()
            .any(|note| note["text"].as_str().unwrap().starts_with("@reboot"))
    );
}

pub async fn an_imported_crontab_is_applied_and_its_lines_run_as_cron_would() {
    let tour = Tour::begin().await;
    let crontab = tour.examples.path().join("mine");
    fs::write(
        &crontab,
        "GREETING = 'good morning'\n0 0 1 1 * echo \"$GREETING, $(cat)\"%first line%second\n",
    )
    .unwrap();
    let before = tour.list(&["jobs"]).await.len();
    tour.server
        .run(&["import", "crontab", "--user", "--prefix", "mine-", "--apply", crontab.to_str().unwrap()])
        .await
        .ok();
    let jobs = tour.list(&["jobs"]).await;
    assert_eq!(jobs.len(), before + 1);
    let job =
        jobs.iter().find_map(|job| job["job_id"].as_str().filter(|id| id.starts_with("mine-"))).unwrap();
    let row = tour.server.run(&["trigger", job, "--wait", "--json"]).await.ok().json();
    let said = row["attempts"][0]["output"]["tail"].as_str().unwrap();
    assert_eq!(said, "good morning, first line\nsecond\n");
}
