//! The archive's measurement, with few executions: DuckDB reads what the archive wrote. Needs Python 3
//! and, the first time, a network.

use std::process::Command;

use serde_json::Value;

#[test]
fn duckdb_finds_every_execution_of_an_archive() {
    let output = Command::new(env!("CARGO_BIN_EXE_belfry-archive-bench"))
        .args(["--executions", "20000", "--days", "3", "--json"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows = report["rows"].as_array().expect("rows");
    let sum = |name: &str| rows.iter().filter_map(|row| row[name].as_u64()).sum::<u64>();
    assert_eq!((rows.len(), sum("executions"), sum("failed")), (100, 20_000, 400));
    let slowest = &rows[0];
    assert_eq!(slowest["job_id"], "job-099", "{slowest}");
    assert!(slowest["p50_ms"].as_u64() < slowest["p95_ms"].as_u64(), "{slowest}");
    assert!(report["files"].as_u64().is_some_and(|files| files >= 4), "{report}");
}

/// The page shows the query that is measured.
#[test]
fn the_query_is_the_one_in_the_docs() {
    let page = include_str!("../../../docs/archive.md");
    let query = include_str!("../src/archive/query.sql");
    assert!(page.contains(query), "docs/archive.md does not show:\n{query}");
}
