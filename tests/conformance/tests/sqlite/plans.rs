//! Query plans of what every execution pays for.

use rusqlite::Connection;

use crate::support::File;

/// Column `column` of SQLite's answer to an `EXPLAIN`.
fn explained(explain: &str, column: usize) -> Vec<String> {
    let file = File::new();
    drop(file.open());
    let connection = Connection::open(&file.path).unwrap();
    let mut statement = connection.prepare(explain).unwrap();
    let rows = statement.query_map([], |row| row.get(column)).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn a_write_of_an_execution_makes_no_table() {
    let writes = [
        "INSERT INTO executions (id, job_id, due, status, revision, doc) VALUES ('a@b', 'a', 0, 'queued', 0, '')",
        "UPDATE executions SET status = 'success', revision = 1, doc = '' WHERE id = 'a@b' AND revision = 0",
    ];
    for write in writes {
        let steps = explained(&format!("EXPLAIN {write}"), 1);
        assert!(!steps.is_empty() && !steps.contains(&"OpenEphemeral".to_owned()), "{steps:?}");
    }
}

#[test]
fn what_did_not_succeed_is_found_by_its_index() {
    let query = "EXPLAIN QUERY PLAN SELECT id FROM executions WHERE status = 'cancelled' AND due >= 5";
    let plan = explained(query, 3).join("; ");
    assert!(plan.contains("executions_unsuccessful (status=? AND due>?)"), "{plan}");
}
