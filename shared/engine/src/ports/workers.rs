//! Workers, as they describe themselves. They matter to people only, who list and drain them: work is
//! held by claims.

use std::collections::BTreeMap;

use async_trait::async_trait;
use belfry_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// Report of a worker about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerReport {
    /// Id that its claims carry.
    pub id: String,
    pub kind: WorkerKind,
    pub version: Option<String>,
    /// Instant of the report.
    pub seen_at: Timestamp,
    /// Load of each pool that the worker serves, by the pool's name.
    pub pools: BTreeMap<String, Load>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerKind {
    /// `belfry up`, or `belfry worker`.
    Daemon,
    /// Worker that speaks HTTP only.
    Http,
}

/// Load of a worker with one pool's work: attempts that it runs, and attempts that it can run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    pub capacity: u32,
    pub running: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredWorker {
    pub report: WorkerReport,
    /// Whether the worker is to take nothing new.
    pub is_draining: bool,
}

#[async_trait]
pub trait WorkerRegistry: Send + Sync {
    /// Replaces the worker's last report, and keeps it until `expires_at`. Returns whether the worker
    /// is to drain, which a report does not change.
    ///
    /// # Errors
    /// The store does not answer.
    async fn report_worker(&self, report: WorkerReport, expires_at: Timestamp) -> Result<bool>;

    /// Repeats the worker's last report. Returns whether the worker is to drain; `None` where there is
    /// no such worker, or it has expired.
    ///
    /// # Errors
    /// The store does not answer.
    async fn touch_worker(&self, id: &str, seen_at: Timestamp, expires_at: Timestamp)
    -> Result<Option<bool>>;

    /// Workers that have not expired, ordered by id.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn workers(&self, now: Timestamp) -> Result<Vec<RegisteredWorker>>;

    /// Asks a worker to drain, or to go on. `false` where there is no such worker, or it has expired.
    ///
    /// # Errors
    /// The store does not answer.
    async fn drain_worker(&self, id: &str, is_draining: bool, now: Timestamp) -> Result<bool>;

    /// Removes a worker that has ended in good order.
    ///
    /// # Errors
    /// The store does not answer.
    async fn forget_worker(&self, id: &str) -> Result<()>;
}
