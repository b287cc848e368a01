//! Store of alerts.

use async_trait::async_trait;
use belfry_engine::ports::{AlertRow, AlertStore};
use rusqlite::{Connection, OptionalExtension as _};

use crate::{
    Result, Store,
    error::{unavailable, unreadable},
};

#[async_trait]
impl AlertStore for Store {
    async fn alert(&self, key: &str) -> Result<Option<AlertRow>> {
        let key = key.to_owned();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT doc FROM alerts WHERE key = ?1").map_err(unavailable)?;
            let doc: Option<String> =
                statement.query_row([&key], |row| row.get(0)).optional().map_err(unavailable)?;
            doc.map(|doc| decode(&key, &doc)).transpose()
        })
        .await
    }

    async fn alerts(&self) -> Result<Vec<AlertRow>> {
        self.browse(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT key, doc FROM alerts ORDER BY key").map_err(unavailable)?;
            let rows = statement.query_map([], |row| row.try_into()).map_err(unavailable)?;
            let rows: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
            Ok(rows.iter().filter_map(|(key, doc)| readable(key, doc)).collect())
        })
        .await
    }

    async fn keep_alert(&self, row: &AlertRow) -> Result<bool> {
        let doc = serde_json::to_string(row).map_err(unavailable)?;
        let (key, revision) = (row.key.clone(), row.revision);
        self.write(move |connection| keep(connection, &key, revision, &doc).map_err(unavailable)).await
    }

    async fn forget_alert(&self, key: &str, revision: u64) -> Result<bool> {
        let key = key.to_owned();
        self.write(move |connection| {
            let sql = "DELETE FROM alerts WHERE key = ?1 AND revision = ?2";
            Ok(connection.execute(sql, (&key, revision)).map_err(unavailable)? == 1)
        })
        .await
    }
}

fn keep(connection: &Connection, key: &str, revision: u64, doc: &str) -> rusqlite::Result<bool> {
    let written = if revision == 1 {
        let sql = "INSERT INTO alerts (key, revision, doc) VALUES (?1, 1, ?2) ON CONFLICT DO NOTHING";
        connection.prepare_cached(sql)?.execute((key, doc))?
    } else {
        let sql = "UPDATE alerts SET revision = ?2, doc = ?3 WHERE key = ?1 AND revision = ?2 - 1";
        connection.prepare_cached(sql)?.execute((key, revision, doc))?
    };
    Ok(written == 1)
}

fn decode(key: &str, doc: &str) -> Result<AlertRow> {
    serde_json::from_str(doc).map_err(|why| unreadable(&format!("alert {key}"), why))
}

/// Row that can be read. A row that can't be read is logged, and does not hide the others.
fn readable(key: &str, doc: &str) -> Option<AlertRow> {
    decode(key, doc)
        .inspect_err(|why| tracing::error!(alert.key = key, %why, "unreadable row left out of a list"))
        .ok()
}
