//! Store of timers, in the order in which they fire.

use async_trait::async_trait;
use belfry_domain::{JobId, Timer, TimerKey, Timestamp};
use belfry_engine::ports::{Position, TimerPage, TimerStore, UNKNOWN_TIMER};
use rusqlite::{Connection, Row};

use crate::{Result, Store, error::unavailable};

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
        let read = move |connection: &Connection| read_due(connection, shard, (after, &behind), until, limit);
        self.read(move |connection| read(connection).map_err(unavailable)).await
    }

    async fn timers_of_jobs(&self) -> Result<Vec<(JobId, u64)>> {
        let slots = self
            .browse(|connection| slots_between(connection, "slot ", "slot!").map_err(unavailable))
            .await?;
        let mut counts = std::collections::BTreeMap::new();
        for id in slots.into_iter().filter_map(|timer| timer.key.what.execution_id()) {
            *counts.entry(id.job_id()).or_insert(0) += 1;
        }
        Ok(counts.into_iter().collect())
    }

    async fn take_back(&self) -> Result<u64> {
        self.write(take_back).await
    }

    async fn slots_of_job(&self, id: &JobId) -> Result<Vec<Timer>> {
        let (from, to) = (format!("slot {id}@"), format!("slot {id}A"));
        self.browse(move |connection| slots_between(connection, &from, &to).map_err(unavailable)).await
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

fn take_back(connection: &Connection) -> Result<u64> {
    let mut statement =
        connection.prepare_cached("SELECT seq, what, raw FROM quarantine").map_err(unavailable)?;
    let rows = statement.query_map([], |row| row.try_into()).map_err(unavailable)?;
    let rows: Vec<(i64, String, String)> = rows.collect::<rusqlite::Result<_>>().map_err(unavailable)?;
    let timers = rows.iter().filter_map(|(seq, what, raw)| Some((seq, set_aside(what, raw)?)));
    let mut count = 0;
    for (seq, timer) in timers {
        put_all(connection, &[timer])?;
        connection.execute("DELETE FROM quarantine WHERE seq = ?1", [seq]).map_err(unavailable)?;
        count += 1;
    }
    Ok(count)
}

/// Timer that an earlier version has put aside: `timer start a@x 1`, and its columns as `0 1795392000000
/// Text([…]) Integer(0) Integer(0)`.
fn set_aside(name: &str, raw: &str) -> Option<Timer> {
    let what = name.strip_prefix("timer ")?.parse().ok()?;
    let mut columns = raw.splitn(3, ' ');
    let (shard, fire_at) = (columns.next()?.parse().ok()?, columns.next()?.parse().ok()?);
    let (rest, checks) = columns.next()?.rsplit_once(' ')?;
    let (_, version) = rest.rsplit_once(' ')?;
    let number = |text: &str| text.strip_prefix("Integer(")?.strip_suffix(')')?.parse::<u64>().ok();
    let key = TimerKey { shard, fire_at: Timestamp(fire_at), what };
    Some(Timer { key, version: number(version)?, checks: number(checks)?.try_into().ok()? })
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
) -> rusqlite::Result<TimerPage> {
    let sql = "SELECT shard, fire_at, what, version, checks FROM timers
               WHERE shard = ?1 AND (fire_at, what) > (?2, ?3) AND fire_at <= ?4 ORDER BY fire_at, what";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((shard, fire_at, what, until.0))?;
    let mut page = TimerPage::default();
    // A full page has a timer that the next one can begin behind.
    while !page.is_full
        && let Some(row) = rows.next()?
    {
        match decode(row) {
            Some(timer) => page.timers.push(timer),
            None => page.unknown.push(unknown(row)?),
        }
        page.is_full = page.timers.len() == limit;
    }
    Ok(page)
}

fn slots_between(connection: &Connection, from: &str, to: &str) -> rusqlite::Result<Vec<Timer>> {
    let sql = "SELECT shard, fire_at, what, version, checks FROM timers
               WHERE what >= 'slot ' AND what < 'slot!' AND what >= ?1 AND what < ?2 ORDER BY what";
    let mut statement = connection.prepare_cached(sql)?;
    let slots = statement.query_map((from, to), |row| Ok(decode(row)))?;
    slots.filter_map(rusqlite::Result::transpose).collect()
}

fn decode(row: &Row<'_>) -> Option<Timer> {
    let what = row.get_ref(2).ok()?.as_str().ok()?.parse().ok()?;
    let key = TimerKey { shard: row.get(0).ok()?, fire_at: Timestamp(row.get(1).ok()?), what };
    Some(Timer { key, version: row.get(3).ok()?, checks: row.get(4).ok()? })
}

/// Name of a timer that this version can't read, and the reason.
fn unknown(row: &Row<'_>) -> rusqlite::Result<(String, String)> {
    let what = String::from_utf8_lossy(row.get_ref(2)?.as_bytes()?).into_owned();
    Ok((format!("timer {what}"), UNKNOWN_TIMER.to_owned()))
}
