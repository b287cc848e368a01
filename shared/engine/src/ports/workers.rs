//! Who runs attempts, as far as they say so themselves. Nothing depends on it but what people see
//! and ask for: work is held by claims.

use std::collections::BTreeMap;

use async_trait::async_trait;
use belfry_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// What a worker says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerReport {
    /// The one that its claims carry.
    pub id: String,
    pub kind: WorkerKind,
    pub version: Option<String>,
    /// When it said this.
    pub seen_at: Timestamp,
    /// What it serves, by pool.
    pub pools: BTreeMap<String, Load>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerKind {
    /// `belfry up`, or `belfry worker`.
    Daemon,
    /// It speaks HTTP only.
    Http,
}

/// How much of one pool's work a worker does at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    pub capacity: u32,
    pub running: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredWorker {
    pub report: WorkerReport,
    /// It is to take nothing new.
    pub is_draining: bool,
}

#[async_trait]
pub trait WorkerRegistry: Send + Sync {
    /// Replaces what the worker said before, and keeps it until `expires_at`; whether it is to
    /// drain, which a report does not change.
    async fn report_worker(&self, report: WorkerReport, expires_at: Timestamp) -> Result<bool>;

    /// As a report that says the same as the last; none where there is no such worker, or it has
    /// expired.
    async fn touch_worker(&self, id: &str, seen_at: Timestamp, expires_at: Timestamp)
    -> Result<Option<bool>>;

    /// By id, without those that have expired.
    async fn workers(&self, now: Timestamp) -> Result<Vec<RegisteredWorker>>;

    /// Asks it to drain, or to go on; false where there is no such worker, or it has expired.
    async fn drain_worker(&self, id: &str, is_draining: bool, now: Timestamp) -> Result<bool>;

    /// It has ended in good order.
    async fn forget_worker(&self, id: &str) -> Result<()>;
}
