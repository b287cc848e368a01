//! SQLite on a file that was tampered with.

use crate::support::File;
use async_trait::async_trait;
use belfry_conformance::{
    broken::{self, Sabotage},
    features::Tried,
};
use belfry_domain::{ExecutionId, JobId, Timer, Timestamp};
use rusqlite::{Connection, types::ValueRef};
use tokio::sync::Mutex;

/// Second connection to the database, which knows the tables.
struct Tamperer(Mutex<Connection>);

#[async_trait]
impl Sabotage for Tamperer {
    async fn break_execution(&self, id: &ExecutionId) {
        let connection = self.0.lock().await;
        let sql = "UPDATE executions SET doc = '{\"id\":' WHERE id = ?1";
        assert_eq!(connection.execute(sql, [id.as_str()]).unwrap(), 1);
    }

    async fn break_job(&self, id: &JobId) {
        let connection = self.0.lock().await;
        let sql = "UPDATE jobs SET doc = '{\"spec\":{\"from_the\":\"future\"}}' WHERE job_id = ?1 AND until IS NULL";
        assert_eq!(connection.execute(sql, [id.as_str()]).unwrap(), 1);
    }

    async fn break_dead_letter(&self, id: &ExecutionId) {
        let connection = self.0.lock().await;
        let sql = "UPDATE dead_letters SET doc = '[]' WHERE execution_id = ?1";
        assert_eq!(connection.execute(sql, [id.as_str()]).unwrap(), 1);
    }

    async fn break_alert(&self, key: &str) {
        let connection = self.0.lock().await;
        let sql = "UPDATE alerts SET doc = '{\"kind\":\"from the future\"}' WHERE key = ?1";
        assert_eq!(connection.execute(sql, [key]).unwrap(), 1);
    }

    async fn set_aside(&self, timer: &Timer) {
        let (key, what) = (&timer.key, timer.key.what.to_string());
        let (text, version, checks) = (
            ValueRef::Text(what.as_bytes()),
            ValueRef::Integer(timer.version as i64),
            ValueRef::Integer(i64::from(timer.checks)),
        );
        let raw = format!("{} {} {text:?} {version:?} {checks:?}", key.shard, key.fire_at.0);
        let connection = self.0.lock().await;
        let sql = "INSERT INTO quarantine (what, why, raw) VALUES (?1, 'unknown', ?2)";
        connection.execute(sql, (format!("timer {what}"), raw)).unwrap();
    }

    async fn add_broken_timers(&self, fire_at: Timestamp) -> usize {
        let rows = [
            "'', 0, 0",
            "'slot', 0, 0",
            "'slot a@tomorrow', 0, 0",
            "'start a@x', 0, 0",
            "'start a@x -1', 0, 0",
            "'check a@x one', 0, 0",
            "'check no-execution 1', 0, 0",
            "'wake a@x 1', 0, 0",
            "'start a@x 1', -1, 0",
            "'start a@x 2', 0, 'often'",
            "'start a@x 3', 0, 4294967296",
            "x'ff00', 0, 0",
            "CAST(x'ff00' AS TEXT), 0, 0",
            "CAST('start a@x 1' AS BLOB), 0, 0",
        ];
        let connection = self.0.lock().await;
        for row in rows {
            let sql =
                format!("INSERT INTO timers (shard, fire_at, what, version, checks) VALUES (0, ?1, {row})");
            connection.execute(&sql, [fire_at.0]).unwrap();
        }
        rows.len()
    }
}

macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() -> Tried {
                let file = File::new();
                let path = file.path.clone();
                let backend = file.backend().await;
                let tamperer = Tamperer(Mutex::new(Connection::open(path).unwrap()));
                broken::$case(&backend, &tamperer).await?;
                Ok(())
            }
        )*
    };
}

cases!(
    an_unreadable_execution_is_alone,
    an_unreadable_execution_fails_no_other_of_its_batch,
    a_listing_leaves_out_what_it_cannot_read,
    an_unreadable_job_is_alone,
    dead_letters_leave_out_what_they_cannot_read,
    an_unreadable_letter_silences_no_other_alert,
    timers_of_another_version_are_read_again,
    timers_that_an_older_version_set_aside_come_back,
    a_page_of_broken_timers_does_not_end_the_walk,
    what_a_newer_version_wrote_stops_no_other,
    a_clock_is_put_right_whatever_cannot_be_read,
);
