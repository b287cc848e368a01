//! Ports of the engine for a single process: the durable ports on SQLite, the queues in memory.
//!
//! All writes go through one thread. While the thread waits for the disk, new writes gather, and all of
//! them go into the next transaction. So a write costs a share of a disk flush, and is durable when its
//! caller gets the answer.

mod alerts;
mod backfills;
mod cache;
mod dead_letters;
mod error;
mod executions;
mod gates;
mod jobs;
mod leases;
mod private;
mod queue;
mod rows;
mod schema;
mod timers;
mod tokens;
mod workers;
mod writer;
mod zones;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicU64},
};

use belfry_engine::ports::StoreError;
use rusqlite::Connection;

use self::{
    cache::JobCache,
    writer::{Intent, Writer},
};
pub use self::{
    error::OpenError,
    queue::{MemoryQueue, Waves},
    tokens::Token,
};

type Result<T> = std::result::Result<T, StoreError>;

/// Open database. Clones share it.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    /// Connection for listings, beside the writer's. `None` for a database in memory, which has only
    /// one connection.
    reader: Option<Arc<Mutex<Connection>>>,
    cache: Arc<RwLock<JobCache>>,
    /// Fencing token that writes are made under. 0 without leadership.
    fence: Arc<AtomicU64>,
}

impl Store {
    /// Opens the database at `path`, or creates it. Nothing is written before `acquire` has made this
    /// process the leader.
    ///
    /// # Errors
    /// The file can't be opened, is no database, or comes from a newer version.
    pub fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let fence = Arc::new(AtomicU64::new(0));
        let connection = schema::open(path)?;
        let reader = schema::open_for_reading(path)?;
        let writer = Writer::start(connection, Arc::clone(&fence))?;
        Ok(Self { writer, reader: Some(Arc::new(Mutex::new(reader))), cache: Arc::default(), fence })
    }

    /// Opens a database that lives as long as the store, for tests and one-off runs. It needs no
    /// leadership, and each call is a transaction of its own.
    ///
    /// # Errors
    /// SQLite can't create the database.
    pub fn open_in_memory() -> std::result::Result<Self, OpenError> {
        let fence = Arc::new(AtomicU64::new(0));
        let writer = Writer::inline(schema::open_in_memory()?);
        Ok(Self { writer, reader: None, cache: Arc::default(), fence })
    }

    /// Reads with strong consistency.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.call(Intent::Read, read).await
    }

    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.call(Intent::Write, write).await
    }

    /// Writes without leadership: for the write that makes a process the leader, and for administration
    /// beside a leader.
    async fn write_unfenced<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.call(Intent::Unfenced, write).await
    }

    /// Writes without an answer, where no caller needs to know whether the write happened.
    fn write_unheard(&self, write: impl FnOnce(&Connection) -> Result<()> + Send + 'static) -> Result<()> {
        self.writer.send(write)
    }

    /// Reads without holding up the writer. The read may be a moment behind, and may take long.
    async fn browse<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Some(reader) = self.reader.clone() else { return self.read(read).await };
        let task =
            tokio::task::spawn_blocking(move || read(&reader.lock().unwrap_or_else(PoisonError::into_inner)));
        task.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }
}
