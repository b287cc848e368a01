//! Reads `cargo metadata` and fails on an import that the layout forbids.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

/// Crate, with the workspace's crates that it may import and the other crates that it must not.
struct Rule {
    name: &'static str,
    ours: &'static [&'static str],
    never: &'static [&'static str],
}

/// Crates for a runtime, a network or a store, which the rules of the domain must not import.
const WORLD: &[&str] = &["tokio", "reqwest", "rusqlite", "axum", "futures", "tracing", "rand"];
/// Crates that the engine must not import: it works over ports.
const ADAPTERS: &[&str] = &["rusqlite", "reqwest", "axum", "aws-sdk-dynamodb", "aws-sdk-sqs", "aws-config"];
/// Crates that functions without targets or routes must not import, because they would end up in the
/// functions' binaries.
const OF_OTHERS: &[&str] = &["rusqlite", "reqwest", "axum"];

/// Crates that also run in a single process, which has no use for AWS.
const WITHOUT_AWS: &[&str] = &["belfry", "belfry-alerts", "belfry-api", "belfry-files", "belfry-worker"];

const RULES: &[Rule] = &[
    Rule { name: "belfry-domain", ours: &[], never: WORLD },
    Rule { name: "belfry-engine", ours: &["belfry-domain"], never: ADAPTERS },
    Rule { name: "belfry-files", ours: &["belfry-domain", "belfry-engine"], never: &["axum", "rusqlite"] },
    Rule {
        name: "belfry-alerts",
        ours: &["belfry-domain", "belfry-engine"],
        never: &["rusqlite", "axum", "tokio"],
    },
    Rule { name: "belfry-sqlite", ours: &["belfry-domain", "belfry-engine"], never: &["axum", "reqwest"] },
    Rule {
        name: "belfry-aws",
        ours: &["belfry-domain", "belfry-engine"],
        never: &["axum", "reqwest", "rusqlite", "lambda_runtime"],
    },
    Rule {
        name: "belfry-api",
        ours: &["belfry-domain", "belfry-engine", "belfry-aws", "belfry-files"],
        never: &["rusqlite"],
    },
    Rule {
        name: "belfry-dispatcher",
        ours: &["belfry-domain", "belfry-engine", "belfry-aws"],
        never: OF_OTHERS,
    },
    Rule {
        name: "belfry-archive",
        ours: &["belfry-domain", "belfry-engine", "belfry-aws", "belfry-files"],
        never: &["rusqlite", "axum"],
    },
    Rule {
        name: "belfry-tick",
        ours: &["belfry-domain", "belfry-engine", "belfry-alerts", "belfry-aws"],
        never: OF_OTHERS,
    },
    Rule {
        name: "belfry-worker",
        ours: &["belfry-domain", "belfry-engine", "belfry-alerts", "belfry-aws"],
        never: &["rusqlite"],
    },
    Rule {
        name: "belfry",
        ours: &[
            "belfry-domain",
            "belfry-engine",
            "belfry-files",
            "belfry-sqlite",
            "belfry-api",
            "belfry-worker",
            "belfry-alerts",
            "belfry-aws",
        ],
        never: &["rusqlite", "lambda_runtime"],
    },
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn packages(metadata: &Value) -> &[Value] {
    metadata["packages"].as_array().map_or(&[], Vec::as_slice)
}

/// Crates that a crate imports, without those that only its tests import.
fn imports<'a>(metadata: &'a Value, name: &str) -> BTreeSet<&'a str> {
    let package = packages(metadata).iter().find(|package| package["name"] == name);
    let package = package.unwrap_or_else(|| panic!("the workspace has no crate {name}"));
    let dependencies = package["dependencies"].as_array().expect("a list of dependencies");
    dependencies
        .iter()
        .filter(|each| each["kind"].is_null())
        .filter_map(|each| each["name"].as_str())
        .collect()
}

#[test]
fn each_crate_imports_only_what_it_may() {
    let metadata = metadata();
    for rule in RULES {
        for import in imports(&metadata, rule.name) {
            let is_ours = import == "belfry" || import.starts_with("belfry-");
            assert!(!is_ours || rule.ours.contains(&import), "{} must not import {import}", rule.name);
            assert!(!rule.never.contains(&import), "{} must not import {import}", rule.name);
        }
    }
}

#[test]
fn a_single_process_can_be_built_without_aws() {
    let metadata = metadata();
    for package in
        packages(&metadata).iter().filter(|each| WITHOUT_AWS.iter().any(|name| each["name"] == *name))
    {
        let dependencies = package["dependencies"].as_array().expect("a list of dependencies");
        let of_aws = dependencies.iter().filter(|each| {
            let name = each["name"].as_str().unwrap_or_default();
            name == "belfry-aws" || name.starts_with("aws-") || name.starts_with("lambda_")
        });
        for dependency in of_aws {
            assert!(dependency["optional"] == true, "{} needs {}", package["name"], dependency["name"]);
        }
    }
}

#[test]
fn every_crate_that_is_not_a_test_has_a_rule() {
    let metadata = metadata();
    for package in packages(&metadata) {
        let name = package["name"].as_str().unwrap_or_default();
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        let is_test = manifest.contains("/tests/");
        assert!(is_test || RULES.iter().any(|rule| rule.name == name), "{name} has no rule: add one");
    }
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    let metadata = metadata();
    for package in packages(&metadata) {
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        let text = std::fs::read_to_string(manifest).expect("a readable manifest");
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest} has lints of its own");
    }
}
