//! The published schema and belfry say the same about a file.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use std::{
    collections::BTreeSet,
    fs,
    mem::take,
    path::{Path, PathBuf},
};

use belfry_domain::{JobSpec, Timestamp, validate_job};
use jsonschema::Validator;
use serde_json::{Value, json};

fn schema() -> Validator {
    jsonschema::validator_for(&belfry_api::job_file_schema()).unwrap()
}

#[test]
fn every_example_fits() {
    let schema = schema();
    let files = [job_files(""), job_files("aws")].concat();
    assert!(files.len() >= 5, "{files:?}");
    for path in files {
        let problems: Vec<String> = schema.iter_errors(&read(&path)).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{}: {problems:?}", path.display());
    }
}

#[test]
fn every_type_of_target_has_an_example() {
    let files = [job_files(""), job_files("aws")].concat();
    let mut found = BTreeSet::new();
    for file in files {
        let jobs = match read(&file) {
            Value::Array(jobs) => jobs,
            mut set if set["jobs"].is_array() => take(set["jobs"].as_array_mut().unwrap()),
            job => vec![job],
        };
        for job in jobs {
            let kind = job["target"]["type"].as_str().map(str::to_owned);
            found.extend(kind.or_else(|| job.get("command").map(|_| "command".to_owned())));
            let spec: JobSpec = serde_json::from_value(job).unwrap();
            let problems = validate_job(&spec, Timestamp::MIN);
            assert!(problems.is_empty(), "{}: {problems:?}", file.display());
        }
    }
    // The tests of the worker run the AWS types against a server in place of AWS.
    let all = ["command", "ecs", "empty", "eventbridge", "http", "lambda", "sqs", "step_functions"];
    assert_eq!(found, all.map(str::to_owned).into());
}

/// Job files directly in a folder of the examples.
fn job_files(folder: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(folder);
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}

fn read(path: &Path) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
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

#[test]
fn every_property_is_described() {
    let mut missing = BTreeSet::new();
    look_at("", &belfry_api::job_file_schema(), &mut missing);
    assert!(missing.is_empty(), "properties without a description: {missing:#?}");
}

/// Adds the place of each property below `schema` that has no description and refers to no type that
/// has one.
fn look_at(place: &str, schema: &Value, missing: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
                // A tag that tells the variants of a type apart is explained by the variant.
                let spoken = |property: &Value| {
                    property.get("description").is_some()
                        || property["enum"].as_array().is_some_and(|one| one.len() == 1)
                };
                let silent = properties.iter().filter(|(_, property)| !spoken(property));
                missing.extend(silent.map(|(name, _)| format!("{place}/{name}")));
            }
            for (name, inner) in fields {
                look_at(&format!("{place}/{name}"), inner, missing);
            }
        }
        Value::Array(items) => items.iter().for_each(|inner| look_at(place, inner, missing)),
        _ => {}
    }
}
