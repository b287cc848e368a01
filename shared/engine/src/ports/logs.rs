//! Logs: the whole output of attempts whose tail in the store is not all.

use async_trait::async_trait;
use belfry_domain::ExecutionId;
use futures::stream::BoxStream;

use super::StoreError;

#[async_trait]
pub trait Logs: Send + Sync {
    /// Begins the log of an attempt. The log becomes visible when it is closed, and then replaces an
    /// earlier log of the same attempt.
    ///
    /// # Errors
    /// The store does not answer.
    async fn open(&self, id: &ExecutionId, attempt: u32) -> Result<Box<dyn LogWriter>, StoreError>;

    /// Opens the log with this reference. `None` where the log is gone.
    ///
    /// # Errors
    /// The store does not answer.
    async fn read(&self, reference: &str) -> Result<Option<Log>, StoreError>;

    /// Removes all logs of these executions, unless logs expire by themselves.
    ///
    /// # Errors
    /// The store does not answer.
    async fn remove(&self, ids: &[ExecutionId]) -> Result<(), StoreError>;
}

#[async_trait]
pub trait LogWriter: Send {
    /// Appends to the log.
    ///
    /// # Errors
    /// The log could not be kept.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// Closes the log and returns the reference that it is read by. A log that is dropped without it
    /// leaves nothing behind.
    ///
    /// # Errors
    /// The log could not be kept.
    async fn close(self: Box<Self>) -> Result<String, StoreError>;
}

pub enum Log {
    /// Content of the log, in pieces of a convenient size.
    Here(BoxStream<'static, Result<Vec<u8>, StoreError>>),
    /// URL of the log, valid for a few minutes and without credentials.
    Elsewhere(String),
}
