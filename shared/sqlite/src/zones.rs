//! Store of time zone data: the version in force, and the data.

use async_trait::async_trait;
use belfry_domain::{Job, ZoneData, ZoneStamp};
use belfry_engine::ports::{Committed, ZoneStore, ZonesInForce};
use rusqlite::{Connection, OptionalExtension as _, types::Type};

use crate::{
    Result, Store,
    error::unavailable,
    schema::{REVISION, meta, set_meta},
};

#[async_trait]
impl ZoneStore for Store {
    async fn in_force(&self) -> Result<(u64, Option<ZonesInForce>)> {
        let in_force = self
            .read(|connection| {
                let revision = meta(connection, REVISION).map_err(unavailable)? as u64;
                Ok((revision, read(connection).map_err(unavailable)?))
            })
            .await?;
        // The jobs that are asked for next must be of this revision, or a later one.
        self.refresh_jobs().await?;
        Ok(in_force)
    }

    async fn put_in_force(&self, revision: u64, zones: &ZonesInForce) -> Result<Committed> {
        let zones = zones.clone();
        let put = move |connection: &Connection| put(connection, revision, &zones).map_err(unavailable);
        let committed = self.write(put).await?;
        self.note_commit(revision, Vec::new(), committed).await
    }

    async fn keep_zone_data(&self, version: &str, packed: &[u8]) -> Result<()> {
        let (version, packed) = (version.to_owned(), packed.to_owned());
        self.write(move |connection| {
            let sql = "INSERT OR IGNORE INTO zone_data (version, packed) VALUES (?1, ?2)";
            connection.execute(sql, (version, packed)).map(drop).map_err(unavailable)
        })
        .await
    }

    async fn zone_data(&self, version: &str) -> Result<Option<Vec<u8>>> {
        let version = version.to_owned();
        self.read(move |connection| packed(connection, &version).map_err(unavailable)).await
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Option<ZonesInForce>> {
    let mut statement =
        connection.prepare_cached("SELECT version, is_settled, before FROM zones_in_force")?;
    let zones = |row: &rusqlite::Row<'_>| {
        let before: String = row.get(2)?;
        let before = serde_json::from_str(&before)
            .map_err(|why| rusqlite::Error::FromSqlConversionFailure(2, Type::Text, why.into()))?;
        Ok(ZonesInForce { version: row.get(0)?, is_settled: row.get(1)?, before })
    };
    statement.query_row([], zones).optional()
}

fn put(connection: &Connection, revision: u64, zones: &ZonesInForce) -> rusqlite::Result<Committed> {
    let found = meta(connection, REVISION)? as u64;
    if found != revision {
        return Ok(Committed::Conflict { revision: found });
    }
    let sql =
        "INSERT OR REPLACE INTO zones_in_force (only, version, is_settled, before) VALUES (1, ?1, ?2, ?3)";
    let before = serde_json::json!(zones.before).to_string();
    connection.execute(sql, (&zones.version, zones.is_settled, before))?;
    set_meta(connection, REVISION, (revision + 1) as i64)?;
    Ok(Committed::Done)
}

fn packed(connection: &Connection, version: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut statement = connection.prepare_cached("SELECT packed FROM zone_data WHERE version = ?1")?;
    statement.query_row([version], |row| row.get(0)).optional()
}

/// Registers the zone data that judge a job. Every reader and writer of a job does this before the job
/// is used.
///
/// # Errors
/// The reason why the data can't be registered.
pub(crate) fn know(connection: &Connection, job: &Job) -> std::result::Result<(), String> {
    for version in job.zones.iter().flat_map(ZoneStamp::unknown) {
        let packed = packed(connection, version).map_err(|why| why.to_string())?;
        let packed = packed.ok_or_else(|| format!("its zone data {version} are not stored"))?;
        ZoneData::unpack(&packed).map_err(|why| why.to_string())?.register();
    }
    Ok(())
}
