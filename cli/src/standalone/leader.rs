//! Who leads, of the processes on one database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use belfry_engine::ports::{Acquired, Lease};
use tokio_util::sync::CancellationToken;

use super::{LANE, Standalone};

/// A leader that has not renewed for this long has lost its leadership.
const LEADER_LEASE: Duration = Duration::from_secs(6);
const RENEW: Duration = Duration::from_secs(2);
/// A standby looks this often: it takes over within the lease and this.
const LOOK: Duration = Duration::from_millis(500);

/// Whether this process leads, for those who only want to know.
#[derive(Debug, Default)]
pub struct Leadership {
    leads: AtomicBool,
}

impl Leadership {
    pub fn is_leader(&self) -> bool {
        self.leads.load(Ordering::Acquire)
    }

    fn set(&self, leads: bool) {
        self.leads.store(leads, Ordering::Release);
    }
}

impl Standalone {
    /// Waits until this process leads, or `shutdown`.
    pub async fn await_leadership(
        &self,
        leadership: &Leadership,
        shutdown: &CancellationToken,
    ) -> Option<Lease> {
        let mut announced = false;
        loop {
            match self.acquire().await {
                Ok(Acquired::Leader(lease)) => {
                    leadership.set(true);
                    return Some(lease);
                }
                Ok(Acquired::HeldBy { owner, .. }) if !announced => {
                    announced = true;
                    tracing::info!(leader = owner, "standing by: another process leads on this database");
                }
                Ok(Acquired::HeldBy { .. }) => {}
                Err(error) => tracing::warn!(%error, "the lease can't be read"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Renews the leadership; returns when it is lost. Writes made after the loss are refused by
    /// the store whether this has noticed or not.
    pub async fn hold_leadership(self: Arc<Self>, leadership: Arc<Leadership>) {
        loop {
            tokio::time::sleep(RENEW).await;
            match self.acquire().await {
                Ok(Acquired::Leader(_)) => {}
                Ok(Acquired::HeldBy { owner, .. }) => {
                    tracing::error!(leader = owner, "another process has taken over");
                    leadership.set(false);
                    return;
                }
                Err(error) => tracing::warn!(%error, "the lease can't be renewed"),
            }
        }
    }

    async fn acquire(&self) -> Result<Acquired, belfry_engine::ports::StoreError> {
        let now = self.engine.ports.clock.now();
        self.engine.ports.leases.acquire(LANE, &self.owner, now, now.plus(LEADER_LEASE)).await
    }
}

impl belfry_api::Leadership for Leadership {
    fn is_leader(&self) -> bool {
        Leadership::is_leader(self)
    }
}
