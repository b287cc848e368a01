//! Registry of workers, as they report.

use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{RegisteredWorker, WorkerRegistry, WorkerReport};
use rusqlite::{Connection, OptionalExtension as _};

use crate::{
    Result, Store,
    error::{unavailable, unreadable},
};

#[async_trait]
impl WorkerRegistry for Store {
    async fn report_worker(&self, report: WorkerReport, expires_at: Timestamp) -> Result<bool> {
        let doc = serde_json::to_string(&report).map_err(unavailable)?;
        let write = move |connection: &Connection| {
            let mut expired = connection.prepare_cached("DELETE FROM workers WHERE expires_at <= ?1")?;
            expired.execute([report.seen_at.0])?;
            let mut statement = connection.prepare_cached(
                "INSERT INTO workers (id, seen_at, expires_at, doc) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE
                 SET seen_at = excluded.seen_at, expires_at = excluded.expires_at, doc = excluded.doc
                 RETURNING draining",
            )?;
            statement.query_row((&report.id, report.seen_at.0, expires_at.0, &doc), |row| row.get(0))
        };
        self.write(move |connection| write(connection).map_err(unavailable)).await
    }

    async fn touch_worker(
        &self,
        id: &str,
        seen_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<bool>> {
        let id = id.to_owned();
        let write = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(
                "UPDATE workers SET seen_at = ?2, expires_at = ?3 WHERE id = ?1 AND expires_at > ?2
                 RETURNING draining",
            )?;
            statement.query_row((&id, seen_at.0, expires_at.0), |row| row.get(0)).optional()
        };
        self.write(move |connection| write(connection).map_err(unavailable)).await
    }

    async fn workers(&self, now: Timestamp) -> Result<Vec<RegisteredWorker>> {
        self.read(move |connection| {
            let sql = "SELECT doc, seen_at, draining FROM workers WHERE expires_at > ?1 ORDER BY id";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            let rows = statement
                .query_map([now.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .map_err(unavailable)?;
            rows.map(|row| worker(row.map_err(unavailable)?)).collect()
        })
        .await
    }

    async fn drain_worker(&self, id: &str, is_draining: bool, now: Timestamp) -> Result<bool> {
        let id = id.to_owned();
        self.write(move |connection| {
            let sql = "UPDATE workers SET draining = ?2 WHERE id = ?1 AND expires_at > ?3";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            Ok(statement.execute((&id, is_draining, now.0)).map_err(unavailable)? == 1)
        })
        .await
    }

    async fn forget_worker(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.write(move |connection| {
            let mut statement =
                connection.prepare_cached("DELETE FROM workers WHERE id = ?1").map_err(unavailable)?;
            statement.execute([&id]).map(drop).map_err(unavailable)
        })
        .await
    }
}

fn worker((doc, seen_at, is_draining): (String, i64, bool)) -> Result<RegisteredWorker> {
    let report: WorkerReport = serde_json::from_str(&doc).map_err(|why| unreadable("a worker", why))?;
    Ok(RegisteredWorker { report: WorkerReport { seen_at: Timestamp(seen_at), ..report }, is_draining })
}
