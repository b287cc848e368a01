//! Job definitions: the textbook's works unchanged; a bad one gets problems that say what is wrong and
//! where.

use belfry_domain::{CommandLine, Job, JobSpec, Pause, Target, Timestamp, validate_job};

const NOW: Timestamp = Timestamp(1_795_000_000_000);

fn job(json: &str) -> JobSpec {
    serde_json::from_str(json).expect("a definition of the right shape")
}

fn problems(json: &str) -> Vec<String> {
    validate_job(&job(json), NOW).iter().map(ToString::to_string).collect()
}

#[test]
fn the_textbook_job_works_unchanged() {
    let spec = job(r#"{"job_id":"daily_report","schedule":"0 0 * * *","command":"python generate_report.py",
        "dependencies":["data_ingestion"],"max_retries":3,"timeout":3600}"#);
    assert_eq!(validate_job(&spec, NOW), []);
    let work = spec.work();
    let Target::Command(target) = &work.target else { panic!("{:?}", work.target) };
    assert_eq!(target.command, CommandLine::Shell("python generate_report.py".to_owned()));
    assert_eq!((work.retry.max_retries, work.timeout.0.as_secs(), work.pool.as_str()), (3, 3600, "command"));
    let short: JobSpec =
        serde_json::from_str(r#"{"job_id":"a","max_retries":2,"retry":{"backoff":"fixed"}}"#).unwrap();
    assert_eq!(validate_job(&short, NOW), []);
    assert_eq!(short.work().retry.max_retries, 2);
    assert_eq!(spec.dependencies[0].as_str(), "data_ingestion");
}

#[test]
fn a_definition_survives_being_written_and_read() {
    let spec = job(r#"{"job_id":"a","schedule":"@daily","timezone":"Europe/Berlin","jitter":"90s",
        "target":{"type":"http","url":"https://example.com/hook","signing_key":"env:KEY"},
        "retry":{"backoff":"fibonacci","base":"1s"},"misfire":"all","tags":{"team":"x"}}"#);
    assert_eq!(validate_job(&spec, NOW), []);
    let written = serde_json::to_string(&spec).unwrap();
    assert_eq!(job(&written), spec);
}

#[test]
fn errors_name_the_field() {
    let cases = [
        (r#"{"job_id":"a","schedule":"0 25 * * *"}"#, "schedule: hour (column 3): 25 is out of range 0-23"),
        (
            r#"{"job_id":"a","schedule":"0 0 31 2 *"}"#,
            "schedule: has no slot after now (2026-11-18T11:06:40Z); the job would never run",
        ),
        (
            r#"{"job_id":"a","run_at":"2020-01-01T00:00:00Z"}"#,
            "run_at: has no slot after now (2026-11-18T11:06:40Z); the job would never run",
        ),
        (r#"{"job_id":"a","timezone":"UTC"}"#, "timezone: has no effect without `schedule`"),
        (r#"{"job_id":"a","must_finish_by":"2h"}"#, "must_finish_by: has no effect without `schedule`"),
        (
            r#"{"job_id":"a","schedule":"@daily","must_finish_by":"8d"}"#,
            "must_finish_by: must be more than 0 and at most 7d after the slot",
        ),
        (
            r#"{"job_id":"a","command":" "}"#,
            "command: is empty: give a string for `sh -c`, or a list that begins with a program",
        ),
        (
            r#"{"job_id":"a","max_retries":2,"retry":{"max_retries":5}}"#,
            "max_retries: is 2, but `retry.max_retries` is 5; give only one of them",
        ),
        (r#"{"job_id":"a","max_concurrency":0}"#, "max_concurrency: must be between 1 and 1000"),
        (
            r#"{"job_id":"a","max_concurrency":2,"concurrency":"allow"}"#,
            "max_concurrency: contradicts `concurrency: allow`, which means no limit; give only one of them",
        ),
        (
            r#"{"job_id":"a","max_concurrency_per_key":2}"#,
            "max_concurrency_per_key: has no effect without `concurrency_key`, such as `input.customer_id`",
        ),
        (
            r#"{"job_id":"a","concurrency_key":"input.x"}"#,
            "concurrency_key: has no effect alone; add `max_concurrency`, `max_concurrency_per_key` or `rate_limit_per_key`",
        ),
        (
            r#"{"job_id":"a","rate_limit":{"starts":0,"per":"1m"}}"#,
            "rate_limit.starts: must be between 1 and 1000000",
        ),
        (
            r#"{"job_id":"a","rate_limit":{"starts":1,"per":"2d"}}"#,
            "rate_limit.per: allows less than one start per day; use a schedule instead",
        ),
        (r#"{"job_id":"a","circuit":{"open_for":0}}"#, "circuit.open_for: must be more than 0"),
        (
            r#"{"job_id":"a","target":{"type":"http","url":"ftp://x"}}"#,
            "target.url: must begin with http:// or https://",
        ),
        (r#"{"job_id":"push"}"#, "job_id: `push` is reserved for pushed work; choose another name"),
        (
            r#"{"job_id":"a","for_each":[1],"concurrency":"forbid"}"#,
            "concurrency: `forbid` and `replace` would keep the elements of `for_each` from starting; use `max_concurrency` alone",
        ),
        (r#"{"job_id":"a","max_elements":5}"#, "max_elements: has no effect without `for_each`"),
        (r#"{"job_id":"a","for_each":[],"max_elements":10001}"#, "max_elements: must be between 1 and 10000"),
        (
            r#"{"job_id":"a","for_each":[1,2,3],"max_elements":2}"#,
            "for_each: has 3 elements, `max_elements` allows 2",
        ),
        (
            r#"{"job_id":"a","for_each":{"$result":"b"}}"#,
            "for_each.$result: `b` is not among the job's `dependencies`",
        ),
        (
            r#"{"job_id":"a","dependencies":["b"],"for_each":{"$result":"b","at":"rows"}}"#,
            "for_each: must be a list, or `{\"$result\": \"job\"}` with a dependency of the job and, optionally, `\"at\": \"/pointer\"`",
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(problems(json), [expected], "{json}");
    }
}

#[test]
fn an_unknown_zone_is_said_of_the_zone() {
    let found = validate_job(&job(r#"{"job_id":"a","schedule":"@daily","timezone":"Mars/Base"}"#), NOW);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].field.as_str(), found[0].position), ("timezone", Some(0)));
}

/// Version 8c9e479 took any white space between fields. A job that it stored has its slots; a new one is told.
#[test]
fn a_stored_job_with_other_white_space_keeps_its_slots() {
    let definition = r#"{"job_id":"a","schedule":"0\u00a09 * *\u3000*"}"#;
    let stored = Job::new(job(definition), 1, 1, NOW, NOW);
    let plain = Job::new(job(r#"{"job_id":"a","schedule":"0 9 * * *"}"#), 1, 1, NOW, NOW);
    let next = |job: &Job| job.schedule().and_then(|schedule| schedule.next_after(NOW.to_utc()));
    assert!(next(&plain).is_some());
    assert_eq!(next(&stored), next(&plain));
    let told = "schedule: expression (column 2): U+00A0 is no blank, though it looks like one; separate fields \
                by blanks or tabs";
    assert_eq!(problems(definition), [told]);
}

#[test]
fn a_typo_in_a_field_is_refused() {
    let error = serde_json::from_str::<JobSpec>(r#"{"job_id":"a","shedule":"@daily"}"#).unwrap_err();
    assert!(error.to_string().contains("unknown field `shedule`"), "{error}");
}

#[test]
fn two_jobs_are_equal_whatever_was_worked_out_of_them() {
    let job = |description: &str| {
        let spec = job(&format!(r#"{{"job_id":"a","schedule":"@daily","description":"{description}"}}"#));
        Job::new(spec, 1, 1, NOW, NOW)
    };
    let (asked, fresh) = (job("x"), job("x"));
    assert!(asked.schedule().is_some());
    assert_eq!(asked, fresh);
    assert_ne!(asked, job("y"));
    let mut paused = job("x");
    paused.pause = Some(Pause::at(NOW));
    assert_ne!(asked, paused);
}

#[test]
fn a_pause_is_stored_as_versions_without_notes_read_it() {
    let mut paused = Job::new(job(r#"{"job_id":"a"}"#), 1, 1, NOW, NOW);
    paused.pause = Some(Pause { at: NOW, note: Some("until Monday".to_owned()) });
    let mut stored = serde_json::to_value(&paused).unwrap();
    assert_eq!(
        (&stored["paused_at"], &stored["pause_note"]),
        (&serde_json::json!(NOW), &"until Monday".into())
    );
    assert_eq!(serde_json::from_value::<Job>(stored.clone()).unwrap(), paused);
    stored.as_object_mut().unwrap().remove("pause_note");
    assert_eq!(serde_json::from_value::<Job>(stored.clone()).unwrap().pause, Some(Pause::at(NOW)));
    stored["paused_at"] = "yesterday".into();
    assert!(
        serde_json::from_value::<Job>(stored).is_err(),
        "a pause that can't be read is none that has ended"
    );
}
