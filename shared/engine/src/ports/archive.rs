use async_trait::async_trait;
use belfry_domain::Execution;

use super::StoreError;

/// Archive of ended executions, which go there before they are removed from the store.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Keeps these executions, and returns when all of them are durable. After a crash the same
    /// executions may come again, together with others.
    ///
    /// # Errors
    /// The store does not answer.
    async fn keep(&self, ended: Vec<Execution>) -> Result<(), StoreError>;
}
