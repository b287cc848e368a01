//! What the router is wired to.

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
    /// The same that the engine's ports have as their observer, or there is nothing to show.
    pub telemetry: Arc<Telemetry>,
    /// Which requests may come in at all.
    pub door: Door,
    pub auth: Auth,
    pub leadership: Arc<dyn Leadership>,
    /// Where workers that speak HTTP only get their work from.
    pub source: Arc<dyn Source>,
    /// Ends what waits, so that the process can.
    pub closing: Stop,
    /// Where full logs are; none where nobody keeps any.
    pub logs: Option<Arc<dyn Logs>>,
    /// Attempts that this process's workers run at once; 0 where it has none or doesn't know.
    pub capacity: u64,
}

/// Who may call. `/v1/health` is open in any case.
#[derive(Clone)]
pub enum Auth {
    /// Anybody who can reach it: for loopback only.
    Open,
    Bearer(Arc<dyn TokenVerifier>),
}

#[async_trait]
pub trait TokenVerifier: Send + Sync {
    async fn verify(&self, token: &str) -> bool;
}

/// Whether this process may write. A standby serves reads and refuses writes.
pub trait Leadership: Send + Sync {
    fn is_leader(&self) -> bool;

    /// Who leads instead, for the error message.
    fn leader_hint(&self) -> Option<String> {
        None
    }
}

/// Always the leader: for stores that any number of processes may write to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Leader;

impl Leadership for Leader {
    fn is_leader(&self) -> bool {
        true
    }
}
