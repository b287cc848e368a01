//! Store of backfills.

use async_trait::async_trait;
use belfry_domain::{Backfill, BackfillId, JobId, Timer, Timestamp};
use belfry_engine::ports::{BackfillStore, Page};
use rusqlite::OptionalExtension as _;

use crate::{
    Result, Store,
    error::{unavailable, unreadable},
    timers::put_all,
};

#[async_trait]
impl BackfillStore for Store {
    async fn create_backfill(&self, row: Backfill, timer: Timer) -> Result<bool> {
        let doc = serde_json::to_string(&row).map_err(unavailable)?;
        self.write(move |connection| {
            let sql =
                "INSERT INTO backfills (id, job_id, revision, ended_at, doc) VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT DO NOTHING";
            let ended_at = row.ended_at.map(|at| at.0);
            let values = (row.id.as_str(), row.job_id.as_str(), row.revision, ended_at, doc);
            if connection.execute(sql, values).map_err(unavailable)? == 0 {
                return Ok(false);
            }
            put_all(connection, &[timer])?;
            Ok(true)
        })
        .await
    }

    async fn backfill(&self, id: &BackfillId) -> Result<Option<Backfill>> {
        let id = id.clone();
        self.read(move |connection| {
            let sql = "SELECT doc FROM backfills WHERE id = ?1";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let doc: Option<String> =
                statement.query_row([id.as_str()], |row| row.get(0)).optional().map_err(unavailable)?;
            doc.map(|doc| decode(id.as_str(), &doc)).transpose()
        })
        .await
    }

    async fn change_backfill(&self, expected: u64, row: Backfill) -> Result<bool> {
        let doc = serde_json::to_string(&row).map_err(unavailable)?;
        self.write(move |connection| {
            // What is there already passes, and is written once more.
            let sql = "UPDATE backfills SET revision = ?3, ended_at = ?4, doc = ?5
                       WHERE id = ?1 AND (revision = ?2 OR doc = ?5)";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let values = (row.id.as_str(), expected, row.revision, row.ended_at.map(|at| at.0), doc);
            Ok(statement.execute(values).map_err(unavailable)? == 1)
        })
        .await
    }

    async fn backfills(
        &self,
        job_id: Option<&JobId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Backfill>> {
        let (job_id, after) = (job_id.map(ToString::to_string), after.map(str::to_owned));
        self.browse(move |connection| {
            let sql = "SELECT id, doc FROM backfills
                       WHERE (?1 IS NULL OR job_id = ?1) AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let values = (job_id, after, limit as i64 + 1);
            let rows = statement.query_map(values, |row| row.try_into()).map_err(unavailable)?;
            let mut rows: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            let has_more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| has_more).map(|(id, _)| id.clone());
            Ok(Page { items: rows.iter().filter_map(readable).collect(), next })
        })
        .await
    }

    async fn remove_ended_backfills(&self, before: Timestamp) -> Result<usize> {
        self.write(move |connection| {
            let sql = "DELETE FROM backfills WHERE ended_at < ?1";
            connection.execute(sql, [before.0]).map_err(unavailable)
        })
        .await
    }
}

fn decode(id: &str, doc: &str) -> Result<Backfill> {
    serde_json::from_str(doc).map_err(|why| unreadable(&format!("backfill {id}"), why))
}

/// Row that can be read. A row that can't be read is logged, and does not hide the others.
fn readable((id, doc): &(String, String)) -> Option<Backfill> {
    decode(id, doc)
        .inspect_err(|why| tracing::error!(backfill.id = id, %why, "unreadable row left out of a list"))
        .ok()
}
