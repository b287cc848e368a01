//! Store of alerts, and the port by which they are raised.

use async_trait::async_trait;

use super::{Alert, AlertRow, StoreError};

#[async_trait]
pub trait AlertStore: Send + Sync {
    /// Row of an alert. `None` where there is none.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn alert(&self, key: &str) -> Result<Option<AlertRow>, StoreError>;

    /// All rows, ordered by key. There are few: the open alerts, and those of the last day.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn alerts(&self) -> Result<Vec<AlertRow>, StoreError>;

    /// Writes a row if the stored row has the revision before it. Revision 1 requires that there is no
    /// row. `false` where another write came first.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn keep_alert(&self, row: &AlertRow) -> Result<bool, StoreError>;

    /// Removes the row if it still has this revision. `false` where it has not.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn forget_alert(&self, key: &str, revision: u64) -> Result<bool, StoreError>;
}

#[async_trait]
pub trait Alerts: Send + Sync {
    /// Raises an alert, which is durable when the call returns. After a crash the same alert may be
    /// raised again.
    ///
    /// # Errors
    /// The store does not answer.
    async fn raise(&self, alert: Alert) -> Result<(), StoreError>;

    /// Notes of an open alert that has been raised that its condition came back after it had seemed to be
    /// over, so that receivers are told again.
    ///
    /// # Errors
    /// The store does not answer.
    async fn came_back(&self, _alert: &Alert) -> Result<(), StoreError> {
        Ok(())
    }

    /// Resolves the alert with this key, if it is open.
    ///
    /// # Errors
    /// The store does not answer.
    async fn resolve(&self, _key: &str) -> Result<(), StoreError> {
        Ok(())
    }
}
