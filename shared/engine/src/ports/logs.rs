//! The whole output of attempts, where the tail in the store is not all of it.

use async_trait::async_trait;
use belfry_domain::ExecutionId;
use futures::stream::BoxStream;

use super::StoreError;

#[async_trait]
pub trait Logs: Send + Sync {
    /// Begins the log of an attempt. Nobody sees it before it is closed; then it replaces an
    /// earlier one of the same attempt.
    async fn open(&self, id: &ExecutionId, attempt: u32) -> Result<Box<dyn LogWriter>, StoreError>;

    /// The log that `close` gave this reference to; none where it is gone.
    async fn read(&self, reference: &str) -> Result<Option<Log>, StoreError>;

    /// Removes all logs of these executions, unless they go by themselves.
    async fn remove(&self, ids: &[ExecutionId]) -> Result<(), StoreError>;
}

#[async_trait]
pub trait LogWriter: Send {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// What to read it by. A log that is dropped instead leaves nothing behind.
    async fn close(self: Box<Self>) -> Result<String, StoreError>;
}

pub enum Log {
    /// In pieces of a convenient size.
    Here(BoxStream<'static, Result<Vec<u8>, StoreError>>),
    /// At this URL, for a few minutes and without further ado.
    Elsewhere(String),
}
