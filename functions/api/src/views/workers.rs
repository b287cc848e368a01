use std::collections::BTreeMap;

use belfry_domain::Timestamp;
use belfry_engine::{
    LOST_AFTER,
    ports::{RegisteredWorker, WorkerKind},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

#[derive(Debug, Serialize, ToSchema)]
pub struct WorkerList {
    pub items: Vec<WorkerView>,
}

/// Who runs attempts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Worker)]
pub struct WorkerView {
    pub worker_id: String,
    pub kind: Kind,
    pub status: WorkerStatus,
    pub version: Option<String>,
    pub last_seen: Instant,
    pub pools: BTreeMap<String, PoolLoad>,
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WorkerKind)]
pub enum Kind {
    /// `belfry up`, or `belfry worker`.
    Daemon,
    /// It speaks HTTP only.
    Http,
}

impl From<WorkerKind> for Kind {
    fn from(kind: WorkerKind) -> Self {
        match kind {
            WorkerKind::Daemon => Self::Daemon,
            WorkerKind::Http => Self::Http,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkerStatus {
    Active,
    /// It takes nothing new.
    Draining,
    /// It has not been seen for a minute.
    Lost,
}

/// What a worker does of one pool's work.
#[derive(Debug, Serialize, ToSchema)]
pub struct PoolLoad {
    /// Attempts at once.
    pub capacity: u32,
    pub running: u32,
    /// `running` of `capacity`; none without capacity.
    #[schema(minimum = 0.0)]
    pub utilisation: Option<f64>,
}

impl WorkerView {
    pub fn of(RegisteredWorker { report, is_draining }: RegisteredWorker, now: Timestamp) -> Self {
        let status = match now.since(report.seen_at) {
            silence if silence >= LOST_AFTER => WorkerStatus::Lost,
            _ if is_draining => WorkerStatus::Draining,
            _ => WorkerStatus::Active,
        };
        let load = |capacity: u32, running: u32| PoolLoad {
            capacity,
            running,
            utilisation: (capacity > 0).then(|| f64::from(running) / f64::from(capacity)),
        };
        let pools = report.pools.into_iter();
        Self {
            worker_id: report.id,
            kind: report.kind.into(),
            status,
            version: report.version,
            last_seen: report.seen_at.into(),
            pools: pools.map(|(name, of)| (name, load(of.capacity, of.running))).collect(),
            labels: report.labels,
        }
    }
}
