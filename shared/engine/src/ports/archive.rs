use async_trait::async_trait;
use belfry_domain::Execution;

use super::StoreError;

/// Where ended executions go before they are removed.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Returns when all of them are durable there. After a crash the same ones may come again, and
    /// with others.
    async fn keep(&self, ended: Vec<Execution>) -> Result<(), StoreError>;
}
