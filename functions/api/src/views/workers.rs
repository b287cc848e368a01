use std::collections::BTreeMap;

use belfry_domain::Timestamp;
use belfry_engine::{
    LOST_AFTER,
    ports::{RegisteredWorker, WorkerKind},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// Workers seen within the last five minutes.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkerList {
    /// Workers in the order of their ids.
    pub items: Vec<WorkerView>,
}

/// A process that runs attempts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Worker)]
pub struct WorkerView {
    /// Name of the worker.
    pub worker_id: String,
    /// Kind of worker.
    pub kind: Kind,
    /// Whether the worker takes work.
    pub status: WorkerStatus,
    /// Version that the worker reported. `null` where it reported none.
    pub version: Option<String>,
    /// Instant of its last sign of life.
    pub last_seen: Instant,
    /// Load by pool.
    pub pools: BTreeMap<String, PoolLoad>,
    /// Labels that the worker reported.
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WorkerKind)]
pub enum Kind {
    /// `belfry up` or `belfry worker`.
    Daemon,
    /// A worker that uses the HTTP API only.
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
    /// It takes work.
    Active,
    /// It takes no new work.
    Draining,
    /// It has not been seen for a minute.
    Lost,
}

/// Load of a worker in one pool.
#[derive(Debug, Serialize, ToSchema)]
pub struct PoolLoad {
    /// Number of attempts that it can run at once.
    pub capacity: u32,
    /// Number of attempts that it runs.
    pub running: u32,
    /// `running` divided by `capacity`. `null` without capacity.
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
