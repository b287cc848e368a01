//! Store of leadership and of the ticks' cursors.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{Acquired, Cursors, Lease, LeaseStore};
use rusqlite::{Connection, OptionalExtension as _};

use crate::{Result, Store, error::unavailable, writer::WRITERS_LANE};

#[async_trait]
impl LeaseStore for Store {
    async fn acquire(&self, lane: u16, owner: &str, now: Timestamp, until: Timestamp) -> Result<Acquired> {
        let owner = owner.to_owned();
        let take =
            move |connection: &Connection| take(connection, lane, &owner, now, until).map_err(unavailable);
        let acquired = self.write_unfenced(take).await?;
        // Other lanes are no right to write.
        if let Acquired::Leader(lease) = &acquired
            && lane == WRITERS_LANE
            && self.fence.swap(lease.token, Ordering::AcqRel) != lease.token
        {
            self.forget_jobs();
        }
        Ok(acquired)
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        let lease = lease.clone();
        self.write(move |connection| {
            let mut statement = connection
                .prepare_cached("UPDATE leases SET until = 0 WHERE lane = ?1 AND token = ?2")
                .map_err(unavailable)?;
            statement.execute((lease.lane, lease.token)).map(drop).map_err(unavailable)
        })
        .await
    }

    async fn cursors(&self) -> Result<Cursors> {
        self.read(|connection| read(connection).map_err(unavailable)).await
    }

    async fn save_cursors(&self, lease: &Lease, cursors: &Cursors) -> Result<bool> {
        let (lease, cursors) = (lease.clone(), cursors.clone());
        self.write(move |connection| save(connection, &lease, &cursors).map_err(unavailable)).await
    }
}

fn take(
    connection: &Connection,
    lane: u16,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Acquired> {
    let mut statement =
        connection.prepare_cached("SELECT owner, token, until FROM leases WHERE lane = ?1")?;
    let held: Option<(String, u64, i64)> =
        statement.query_row([lane], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let token = match held {
        Some((holder, _, held_until)) if holder != owner && held_until > now.0 => {
            return Ok(Acquired::HeldBy { owner: holder, until: Timestamp(held_until) });
        }
        Some((holder, token, _)) if holder == owner => token,
        Some((_, token, _)) => token + 1,
        None => 1,
    };
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO leases (lane, owner, token, until) VALUES (?1, ?2, ?3, ?4)",
    )?;
    statement.execute((lane, owner, token, until.0))?;
    Ok(Acquired::Leader(Lease { lane, owner: owner.to_owned(), token, until }))
}

fn read(connection: &Connection) -> rusqlite::Result<Cursors> {
    let mut statement = connection.prepare_cached("SELECT shard, cursor FROM cursors")?;
    let cursors = statement.query_map([], |row| Ok((row.get(0)?, Timestamp(row.get(1)?))))?;
    cursors.collect()
}

fn save(connection: &Connection, lease: &Lease, cursors: &Cursors) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached("SELECT token FROM leases WHERE lane = ?1")?;
    let token: Option<u64> = statement.query_row([lease.lane], |row| row.get(0)).optional()?;
    if token != Some(lease.token) {
        return Ok(false);
    }
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO cursors (shard, cursor) VALUES (?1, ?2)")?;
    for (shard, cursor) in cursors {
        statement.execute((shard, cursor.0))?;
    }
    Ok(true)
}
