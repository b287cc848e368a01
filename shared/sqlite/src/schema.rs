//! Tables, and the migration of databases of earlier versions.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use crate::{OpenError, private};

/// Migrations, one for each version of the format. `user_version` counts the migrations that were
/// applied.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
    include_str!("schema/0008.sql"),
    include_str!("schema/0009.sql"),
    include_str!("schema/0010.sql"),
];

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Size of the cache: 64 MiB. SQLite takes a negative number as KiB.
const CACHE_KIB: i64 = -64 * 1024;

pub(crate) fn open(path: &Path) -> Result<Connection, OpenError> {
    private::prepare(path).map_err(OpenError::File)?;
    // Only the writer's thread uses it, so SQLite need not lock.
    let connection =
        Connection::open_with_flags(path, OpenFlags::default() | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // WAL with full synchronisation: a commit that has returned survives a power cut.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    prepare(connection)
}

pub(crate) fn open_in_memory() -> Result<Connection, OpenError> {
    prepare(Connection::open_in_memory()?)
}

/// Opens a connection for a reader beside the writer.
pub(crate) fn open_for_reading(path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

fn prepare(connection: Connection) -> Result<Connection, OpenError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&connection)?;
    Ok(connection)
}

fn migrate(connection: &Connection) -> Result<(), OpenError> {
    let known = MIGRATIONS.len() as i64;
    // In one transaction: two processes may open a new database at once.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        connection.execute_batch("ROLLBACK")?;
        return Err(OpenError::Newer { found, known });
    }
    for step in MIGRATIONS.iter().skip(found as usize) {
        connection.execute_batch(step)?;
    }
    connection.pragma_update(None, "user_version", known)?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// The graph's revision, in the `meta` table.
pub(crate) const REVISION: &str = "graph_revision";

/// Value in the `meta` table. 0 where it was never set.
pub(crate) fn meta(connection: &Connection, key: &str) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?.unwrap_or(0))
}

pub(crate) fn set_meta(connection: &Connection, key: &str, value: i64) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?;
    statement.execute((key, value)).map(drop)
}
