//! State that all handlers share.

use std::sync::Arc;

use async_trait::async_trait;
use belfry_engine::{
    Engine,
    ports::{Logs, Source, Stop},
};

use crate::{Door, Telemetry};

#[derive(Clone)]
pub struct ApiState {
    pub engine: Arc<Engine>,
    /// Counters that the API shows. They must be the observer of the engine's ports, or they stay at
    /// zero.
    pub telemetry: Arc<Telemetry>,
    /// Door that decides which requests come in at all.
    pub door: Door,
    pub auth: Auth,
    pub leadership: Arc<dyn Leadership>,
    /// Source of messages for workers that speak HTTP only.
    pub source: Arc<dyn Source>,
    /// Signal that ends waiting requests, so that the process can end.
    pub closing: Stop,
    /// Store of full logs. `None` where none are kept.
    pub logs: Option<Arc<dyn Logs>>,
    /// Number of attempts that this process's workers run at once. 0 where it has no workers, or
    /// doesn't know.
    pub capacity: u64,
}

/// Authentication of callers. `/v1/health` is open in any case.
#[derive(Clone)]
pub enum Auth {
    /// Every caller is let in. For loopback only.
    Open,
    Bearer(Arc<dyn TokenVerifier>),
}

#[async_trait]
pub trait TokenVerifier: Send + Sync {
    async fn verify(&self, token: &str) -> bool;
}

/// Leadership of this process: whether it may write. A standby serves reads and refuses writes.
pub trait Leadership: Send + Sync {
    fn is_leader(&self) -> bool;

    /// Hint at the process that leads instead, for the error message.
    fn leader_hint(&self) -> Option<String> {
        None
    }
}

/// Leadership that always leads: for stores that any number of processes may write to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Leader;

impl Leadership for Leader {
    fn is_leader(&self) -> bool {
        true
    }
}
