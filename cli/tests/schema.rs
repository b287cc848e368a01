//! The published schema says of a file what belfry says of it.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use std::{fs, path::Path};

use jsonschema::Validator;
use serde_json::{Value, json};

fn schema() -> Validator {
    jsonschema::validator_for(&belfry_api::job_file_schema()).unwrap()
}

#[test]
fn every_example_fits() {
    let schema = schema();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect();
    assert!(files.len() >= 5, "{files:?}");
    for path in files {
        let file: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let problems: Vec<String> = schema.iter_errors(&file).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{}: {problems:?}", path.display());
    }
}

#[test]
fn the_textbook_fits_and_mistakes_do_not() {
    let schema = schema();
    let textbook = json!({
        "job_id": "daily_report", "schedule": "0 0 * * *", "command": "python generate_report.py",
        "dependencies": ["data_ingestion"], "max_retries": 3, "timeout": 3600,
    });
    assert!(schema.is_valid(&textbook));
    assert!(schema.is_valid(&json!([textbook])) && schema.is_valid(&json!({ "jobs": [textbook] })));
    for (field, wrong) in [
        ("job_id", json!("a b")),
        ("max_retries", json!("three")),
        ("timeout", json!([])),
        ("priority", json!("urgent")),
        ("dependencies", json!("data_ingestion")),
        ("schedul", json!("0 0 * * *")),
    ] {
        let mut job = textbook.clone();
        job[field] = wrong;
        assert!(!schema.is_valid(&job), "{job}");
    }
}
