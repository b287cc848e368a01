#![expect(clippy::unwrap_used, reason = "what goes wrong here is a failed test")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::support::{Server, belfry, belfry_with_input, examples};
use belfry_domain::schedule::Schedule;
use serde_json::Value;

fn crontabs() -> Vec<PathBuf> {
    let directory = examples().join("crontabs");
    let mut files: Vec<_> =
        fs::read_dir(directory.join("cron.d")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(directory.join("crontab"));
    files.sort();
    files
}

fn entries(text: &str) -> usize {
    let is_entry = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '@');
    text.lines().filter(is_entry).count()
}

fn import_all(options: &[&str]) -> Value {
    let files: Vec<String> = crontabs().iter().map(|path| path.display().to_string()).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    belfry(&[&["import", "crontab", "--json", "--as", "root"], options, &files].concat()).ok().json()
}

#[test]
fn each_entry_of_the_packages_crontabs_is_a_job_or_is_listed() {
    let imported = import_all(&["--timezone", "Europe/Berlin"]);
    let jobs = imported["jobs"].as_array().unwrap();
    let lost = imported["report"].as_array().unwrap().iter();
    let lost: Vec<&Value> = lost.filter(|note| note["kind"] == "not_carried_over").collect();
    let reboots = lost.iter().filter(|note| note["text"].as_str().unwrap().starts_with("@reboot")).count();
    let all: usize = crontabs().iter().map(|path| entries(&fs::read_to_string(path).unwrap())).sum();
    assert_eq!(jobs.len() + reboots, all);
    assert!(
        lost.iter().all(
            |note| note["text"] == "MAILTO=root" || note["text"].as_str().unwrap().starts_with("@reboot")
        )
    );
    let names: BTreeSet<&str> = jobs.iter().map(|job| job["job_id"].as_str().unwrap()).collect();
    assert_eq!(names.len(), jobs.len());
    for job in jobs {
        let schedule = Schedule::parse(job["schedule"].as_str().unwrap(), job["timezone"].as_str());
        assert!(schedule.unwrap().next_after(chrono::Utc::now()).is_some(), "{job}");
    }
    for name in
        ["certbot", "e2scrub_all", "mdadm-checkarray", "php-sessionclean", "sysstat-debian-sa1", "cron.daily"]
    {
        assert!(names.contains(name), "{name} is not among {names:?}");
    }
}

#[test]
fn the_job_file_is_one_that_belfry_takes() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cron.yaml");
    let file = file.to_str().unwrap();
    let imported = import_all(&["--output", file]);
    let answer = server.run(&["apply", "-f", file, "--dry-run", "--json"]).ok().json();
    assert_eq!(answer["jobs"].as_array().unwrap().len(), imported["jobs"].as_array().unwrap().len());
    let tab = examples().join("crontabs/crontab");
    server
        .run(&["import", "crontab", "--apply", "--as", "root", "--prefix", "etc-", tab.to_str().unwrap()])
        .ok();
    let jobs = server.run(&["jobs", "--json"]).ok().json();
    assert_eq!(jobs.as_array().unwrap().len(), 4);
    let target = &jobs[0]["definition"]["target"];
    let written =
        import_all(&[])["jobs"].as_array().unwrap().iter().find(|job| job["job_id"] == "cron.daily").unwrap()
            ["target"]
            .clone();
    assert_eq!(jobs[0]["job_id"], "etc-cron.daily");
    assert_eq!(*target, written);
}

#[test]
fn people_see_the_report_on_standard_error() {
    let text = "MAILTO=me\n@reboot /x\n5 4 * * * /opt/report.sh 2>&1 | cat\n";
    let run = belfry_with_input(&["import", "crontab", "-", "--user"], text).ok();
    assert!(
        run.out().starts_with("# From - by `belfry import crontab`.\n- job_id: report.sh\n"),
        "{}",
        run.out()
    );
    let report = run.err();
    assert!(report.contains("1 jobs, 0 changes, 2 losses"), "{report}");
    for line in [
        " 1     lost  MAILTO=me",
        " 2     lost  @reboot /x",
        " 3     job   report.sh: 5 4 * * * /opt/report.sh",
    ] {
        assert!(report.contains(line), "{line:?} is not in {report}");
    }
    assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");
    let strict = belfry_with_input(&["import", "crontab", "-", "--user", "--strict"], text);
    assert_eq!(strict.code(), 1);
    assert_eq!(
        belfry_with_input(&["import", "crontab", "-", "--user", "--strict"], "5 4 * * * x\n").code(),
        0
    );
}
