//! Each store has one name everywhere. Reads may use its port directly, writes go through the engine.

use std::path::Path;

use belfry_architecture::source::Source;

/// Crates that have an engine, and see its ports.
const CRATES: &[&str] = &[
    "shared/alerts",
    "shared/files",
    "functions/api",
    "functions/archive",
    "functions/dispatcher",
    "functions/tick",
    "functions/worker",
    "cli",
];

/// The durable ports, and what of each only reads.
const READS: &[(&str, &[&str])] = &[
    ("jobs", &["job", "job_version", "all_jobs", "connected", "run_group", "dependents"]),
    ("executions", &["execution", "waiters", "outputs", "list", "latest_generation", "ended_before"]),
    ("timers", &["due", "timers_of_jobs", "slots_of_job"]),
    ("dead_letters", &["dead_letter", "dead_letters", "count_dead_letters"]),
    ("backfills", &["backfill", "backfills"]),
    ("gates", &["gates", "line"]),
    ("workers", &["workers"]),
    ("zones", &["in_force", "zone_data"]),
    ("alert_rows", &["alert", "alerts"]),
];

/// Ports without rows, and the leadership of lanes, which is the process's own.
const OTHERS: &[&str] = &["alerts", "clock", "leases", "observer", "queue", "random"];

/// Where a store's port is, what keeps it, and what is promised of it.
const PLACES: &[&str] = &[
    "shared/engine/src/ports",
    "shared/sqlite/src",
    "shared/aws/src/dynamodb",
    "tests/conformance/src",
    "tests/conformance/src/model",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace's folder")
}

#[test]
fn each_store_has_one_name_everywhere() {
    let stores = READS.iter().map(|(store, _)| if *store == "alert_rows" { "alerts" } else { store });
    for store in stores.chain(["leases"]) {
        for place in PLACES {
            let is_there = [format!("{store}.rs"), format!("{store}/mod.rs")];
            let is_there = is_there.iter().any(|file| root().join(place).join(file).exists());
            assert!(is_there, "{place} has no {store}.rs, unlike the others of {PLACES:?}");
        }
    }
}

#[test]
fn writes_go_through_the_engine() {
    let mut wrong = Vec::new();
    for name in CRATES {
        let source = Source::read(&root().join(name).join("src"));
        for (file, chain) in source.chains("ports") {
            let (store, verb) =
                (chain.first().map_or("", String::as_str), chain.get(1).map_or("", String::as_str));
            let may_read = READS.iter().any(|(of, reads)| *of == store && reads.contains(&verb));
            if !may_read && !OTHERS.contains(&store) {
                wrong.push(format!("{name}/src/{file}: ports.{store}.{verb}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "write through a method of `Engine`; what only reads is in READS, and is named where its port is:\n{}",
        wrong.join("\n")
    );
}
