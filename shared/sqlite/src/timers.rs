//! Timers, in the order in which they fire.

use async_trait::async_trait;
use belfry_domain::{JobId, Timer, TimerKey, Timestamp};
use belfry_engine::ports::{Position, TimerPage, TimerStore};
use rusqlite::{Connection, Row};

use crate::{Result, Store, error::unavailable};

/// In the order of the columns of `READ`.
type RawTimer = (u16, i64, String, u64, u32);

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

    async fn due(&self, shard: u16, from: &Position, until: Timestamp, limit: usize) -> Result<TimerPage> {
        let (after, behind) = match from {
            Position::After(instant) => (instant.0.saturating_add(1), String::new()),
            Position::Behind(key) => (key.fire_at.0, key.what.to_string()),
        };
        let read = move |connection: &Connection| read_due(connection, shard, (after, &behind), until, limit);
        let rows = self.read(move |connection| read(connection).map_err(unavailable)).await?;
        let is_full = rows.len() == limit;
        let (timers, broken): (Vec<_>, Vec<_>) = rows.into_iter().map(decode).partition(std::result::Result::is_ok);
        let broken: Vec<RawTimer> = broken.into_iter().filter_map(std::result::Result::err).collect();
        let quarantined = self.quarantine(broken).await?;
        Ok(TimerPage { timers: timers.into_iter().flatten().collect(), quarantined, is_full })
    }

    async fn timers_of_jobs(&self) -> Result<Vec<(JobId, u64)>> {
        let whats = self.browse(|connection| slots_between(connection, "slot ", "slot!").map_err(unavailable)).await?;
        let mut counts = std::collections::BTreeMap::new();
        for timer in whats.into_iter().filter_map(|raw| decode(raw).ok()) {
            *counts.entry(timer.key.what.execution_id().job_id()).or_insert(0) += 1;
        }
        Ok(counts.into_iter().collect())
    }

    async fn slots_of_job(&self, id: &JobId) -> Result<Vec<Timer>> {
        let (from, to) = (format!("slot {id}@"), format!("slot {id}A"));
        let rows = self.browse(move |connection| slots_between(connection, &from, &to).map_err(unavailable)).await?;
        Ok(rows.into_iter().filter_map(|raw| decode(raw).ok()).collect())
    }
}

impl Store {
    /// Puts timers aside that can't be read, as they are.
    async fn quarantine(&self, broken: Vec<RawTimer>) -> Result<Vec<(String, String)>> {
        if broken.is_empty() {
            return Ok(vec![]);
        }
        self.write(move |connection| {
            let mut named = Vec::new();
            for (shard, fire_at, what, version, checks) in broken {
                let why = "not a timer that this version knows".to_owned();
                let raw = format!("{shard} {fire_at} {what} {version} {checks}");
                let insert = "INSERT INTO quarantine (what, why, raw) VALUES (?1, ?2, ?3)";
                connection.execute(insert, (format!("timer {what}"), &why, raw)).map_err(unavailable)?;
                remove(connection, shard, fire_at, &what).map_err(unavailable)?;
                named.push((format!("timer {what}"), why));
            }
            Ok(named)
        })
        .await
    }
}

pub(crate) fn put_all(connection: &Connection, timers: &[Timer]) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO timers (shard, fire_at, what, version, checks) VALUES (?1, ?2, ?3, ?4, ?5)";
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
) -> rusqlite::Result<Vec<RawTimer>> {
    let sql = "SELECT shard, fire_at, what, version, checks FROM timers
               WHERE shard = ?1 AND (fire_at, what) > (?2, ?3) AND fire_at <= ?4
               ORDER BY fire_at, what LIMIT ?5";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map((shard, fire_at, what, until.0, limit as i64), raw)?.collect()
}

fn slots_between(connection: &Connection, from: &str, to: &str) -> rusqlite::Result<Vec<RawTimer>> {
    let sql = "SELECT shard, fire_at, what, version, checks FROM timers
               WHERE what >= 'slot ' AND what < 'slot!' AND what >= ?1 AND what < ?2 ORDER BY what";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map((from, to), raw)?.collect()
}

fn raw(row: &Row<'_>) -> rusqlite::Result<RawTimer> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn decode(raw: RawTimer) -> std::result::Result<Timer, RawTimer> {
    match raw.2.parse() {
        Ok(what) => {
            let key = TimerKey { shard: raw.0, fire_at: Timestamp(raw.1), what };
            Ok(Timer { key, version: raw.3, checks: raw.4 })
        }
        Err(_) => Err(raw),
    }
}
