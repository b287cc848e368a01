//! Coherence of the OpenAPI document: a generated client must not find loose ends.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use std::collections::BTreeSet;

use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(belfry_api::openapi()).unwrap()
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let named = paths.flat_map(|(path, methods)| {
        methods
            .as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    named.collect()
}

#[test]
fn every_reference_resolves() {
    for document in [document(), belfry_api::job_file_schema()] {
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 5);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }
}

#[test]
fn the_operations_and_their_statuses() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let lines: Vec<String> = operations(&document)
        .into_iter()
        .map(|(name, operation)| {
            let statuses: Vec<&str> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            format!("{name}  {}  {}", operation["operationId"].as_str().unwrap(), statuses.join(" "))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_operation_is_named_tagged_and_described() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}");
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{name}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name}");
        for response in operation["responses"].as_object().unwrap().values() {
            assert!(response["description"].is_string() || response["$ref"].is_string(), "{name}");
        }
    }
}

/// Descriptions begin with the noun or verb that they describe, so that each can be read alone.
fn is_plain(description: &str) -> bool {
    const RIDDLES: [&str; 9] =
        ["Of ", "Who ", "What ", "Whoever ", "As it ", "So much ", "The same ", "To be ", "None "];
    !description.is_empty() && RIDDLES.iter().all(|riddle| !description.starts_with(riddle))
}

fn check_properties(path: &str, schema: &Value, wrong: &mut Vec<String>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if !property["description"].as_str().is_some_and(is_plain) {
            wrong.push(format!("{path}: {:?}", property["description"].as_str()));
        }
        check_properties(&path, property, wrong);
    }
    for branches in ["oneOf", "anyOf", "allOf"] {
        for branch in schema[branches].as_array().into_iter().flatten() {
            check_properties(path, branch, wrong);
        }
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            check_properties(path, &schema[inner], wrong);
        }
    }
}

#[test]
fn every_property_and_parameter_is_described() {
    let mut wrong = Vec::new();
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        check_properties(name, schema, &mut wrong);
    }
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if !parameter["description"].as_str().is_some_and(is_plain) {
                wrong.push(format!("{name}: parameter {}", parameter["name"]));
            }
        }
    }
    for (name, schema) in belfry_api::job_file_schema()["$defs"].as_object().unwrap() {
        check_properties(name, schema, &mut wrong);
    }
    assert!(wrong.is_empty(), "without a plain description:\n{}", wrong.join("\n"));
}

#[test]
fn the_schema_of_job_files_takes_what_people_write() {
    let schema = belfry_api::job_file_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let job = &schema["$defs"]["JobSpec"];
    assert_eq!(job["required"], serde_json::json!(["job_id"]));
    assert_eq!(job["additionalProperties"], false);
    assert!(schema["$defs"]["Target"]["oneOf"].as_array().unwrap().len() >= 3);
}
