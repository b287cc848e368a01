//! Store of timers, in the order in which they fire.

use async_trait::async_trait;
use belfry_domain::{JobId, Timer, TimerKey, Timestamp};
use belfry_engine::ports::{Position, TimerPage, TimerStore};
use rusqlite::{Connection, Row, types::Type};

use crate::{Result, Store, error::unavailable};

/// Row of a timer that this version can't read. Its columns may be of any type.
struct RawTimer {
    shard: u16,
    fire_at: i64,
    what: Vec<u8>,
    is_text: bool,
    rest: String,
}

type Read = std::result::Result<Timer, RawTimer>;

#[async_trait]
impl TimerStore for Store {
    async fn put_timers(&self, timers: Vec<Timer>) -> Result<()> {
        if timers.is_empty() {
            return Ok(());
        }
        self.write(move |connection| put_all(connection, &timers)).await
    }

    async fn remove_timer(&self, key: &TimerKey) -> Result<()> {
        let (shard, fire_at, what) = (key.shard, key.fire_at.0, key.what.to_string());
        self.write_unheard(move |connection| remove(connection, shard, fire_at, &what).map_err(unavailable))
    }

    async fn remove_unchanged(&self, timer: &Timer) -> Result<()> {
        let (key, version) = (&timer.key, timer.version);
        let (shard, fire_at, what) = (key.shard, key.fire_at.0, key.what.to_string());
        self.write_unheard(move |connection| {
            let sql = "DELETE FROM timers WHERE shard = ?1 AND fire_at = ?2 AND what = ?3 AND version = ?4";
            let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
            statement.execute((shard, fire_at, what, version)).map(drop).map_err(unavailable)
        })
    }

    async fn due(&self, shard: u16, from: &Position, until: Timestamp, limit: usize) -> Result<TimerPage> {
        let (after, behind) = match from {
            Position::After(instant) => (instant.0.saturating_add(1), String::new()),
            Position::Behind(key) => (key.fire_at.0, key.what.to_string()),
        };
        let mut page = TimerPage::default();
        loop {
            let behind = behind.clone();
            let read =
                move |connection: &Connection| read_due(connection, shard, (after, &behind), until, limit);
            let rows = self.read(move |connection| read(connection).map_err(unavailable)).await?;
            page.is_full = rows.len() == limit;
            let mut broken = Vec::new();
            page.timers.extend(rows.into_iter().filter_map(|row| row.map_err(|raw| broken.push(raw)).ok()));
            let is_page_of_broken = page.timers.is_empty() && !broken.is_empty();
            page.quarantined.extend(self.quarantine(broken).await?);
            // A full page must have a timer that the next one can begin behind.
            if !(page.is_full && is_page_of_broken) {
                return Ok(page);
            }
        }
    }

    async fn timers_of_jobs(&self) -> Result<Vec<(JobId, u64)>> {
        let whats = self
            .browse(|connection| slots_between(connection, "slot ", "slot!").map_err(unavailable))
            .await?;
        let mut counts = std::collections::BTreeMap::new();
        for id in whats.into_iter().flatten().filter_map(|timer| timer.key.what.execution_id()) {
            *counts.entry(id.job_id()).or_insert(0) += 1;
        }
        Ok(counts.into_iter().collect())
    }

    async fn slots_of_job(&self, id: &JobId) -> Result<Vec<Timer>> {
        let (from, to) = (format!("slot {id}@"), format!("slot {id}A"));
        let rows =
            self.browse(move |connection| slots_between(connection, &from, &to).map_err(unavailable)).await?;
        Ok(rows.into_iter().flatten().collect())
    }
}

impl Store {
    /// Moves timers that can't be read to the quarantine, unchanged.
    async fn quarantine(&self, broken: Vec<RawTimer>) -> Result<Vec<(String, String)>> {
        if broken.is_empty() {
            return Ok(vec![]);
        }
        self.write(move |connection| {
            let mut named = Vec::new();
            for RawTimer { shard, fire_at, what, is_text, rest } in broken {
                let name = format!("timer {}", String::from_utf8_lossy(&what));
                let why = "not a timer that this version knows".to_owned();
                let insert = "INSERT INTO quarantine (what, why, raw) VALUES (?1, ?2, ?3)";
                connection
                    .execute(insert, (&name, &why, format!("{shard} {fire_at} {rest}")))
                    .map_err(unavailable)?;
                let delete = "DELETE FROM timers WHERE shard = ?1 AND fire_at = ?2
                              AND CAST(what AS BLOB) = ?3 AND (typeof(what) = 'text') = ?4";
                connection.execute(delete, (shard, fire_at, what, is_text)).map_err(unavailable)?;
                named.push((name, why));
            }
            Ok(named)
        })
        .await
    }
}

pub(crate) fn put_all(connection: &Connection, timers: &[Timer]) -> Result<()> {
    let sql = "INSERT INTO timers (shard, fire_at, what, version, checks) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (shard, fire_at, what)
               DO UPDATE SET version = ?4, checks = ?5 WHERE version <= ?4 OR what NOT GLOB 'slot *'";
    let mut statement = connection.prepare_cached(sql).map_err(unavailable)?;
    for timer in timers {
        let key = &timer.key;
        let row = (key.shard, key.fire_at.0, key.what.to_string(), timer.version, timer.checks);
        statement.execute(row).map_err(unavailable)?;
    }
    Ok(())
}

fn remove(connection: &Connection, shard: u16, fire_at: i64, what: &str) -> rusqlite::Result<()> {
    let sql = "DELETE FROM timers WHERE shard = ?1 AND fire_at = ?2 AND what = ?3";
    connection.prepare_cached(sql)?.execute((shard, fire_at, what)).map(drop)
}

fn read_due(
    connection: &Connection,
    shard: u16,
    (fire_at, what): (i64, &str),
    until: Timestamp,
    limit: usize,
) -> rusqlite::Result<Vec<Read>> {
    let sql = "SELECT shard, fire_at, what, version, checks FROM timers
               WHERE shard = ?1 AND (fire_at, what) > (?2, ?3) AND fire_at <= ?4
               ORDER BY fire_at, what LIMIT ?5";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map((shard, fire_at, what, until.0, limit as i64), read)?.collect()
}

fn slots_between(connection: &Connection, from: &str, to: &str) -> rusqlite::Result<Vec<Read>> {
    let sql = "SELECT shard, fire_at, what, version, checks FROM timers
               WHERE what >= 'slot ' AND what < 'slot!' AND what >= ?1 AND what < ?2 ORDER BY what";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map((from, to), read)?.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Read> {
    if let Some(timer) = decode(row) {
        return Ok(Ok(timer));
    }
    let what = row.get_ref(2)?;
    let is_text = what.data_type() == Type::Text;
    let rest = format!("{what:?} {:?} {:?}", row.get_ref(3)?, row.get_ref(4)?);
    let what = what.as_bytes()?.to_vec();
    Ok(Err(RawTimer { shard: row.get(0)?, fire_at: row.get(1)?, what, is_text, rest }))
}

fn decode(row: &Row<'_>) -> Option<Timer> {
    let what = row.get_ref(2).ok()?.as_str().ok()?.parse().ok()?;
    let key = TimerKey { shard: row.get(0).ok()?, fire_at: Timestamp(row.get(1).ok()?), what };
    Some(Timer { key, version: row.get(3).ok()?, checks: row.get(4).ok()? })
}
