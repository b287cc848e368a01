//! Leadership of one process among those on a database.
//!
//! A leader holds a lease in the database, under whose token it writes, and the operating system's lock
//! on the data directory. A process takes the lead in three cases: the lease has been given back; the
//! lock shows that the leader is dead; or the process has watched the lease for its whole length
//! without a renewal. Wall clocks decide nothing: they jump, and a lease ends by the clock of its
//! leader.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use belfry_domain::Timestamp;
use belfry_engine::ports::{Acquired, Lease, StoreError};
use tokio_util::sync::CancellationToken;

use super::{LANE, Standalone, lock::LeaderLock};

/// Length of the leader's lease: a leader that has not renewed it for this long has lost its
/// leadership.
const LEADER_LEASE: Duration = Duration::from_secs(6);
const RENEW: Duration = Duration::from_secs(2);
/// Interval at which a standby checks the lease. It takes over within the lease plus this.
const LOOK: Duration = Duration::from_millis(500);
const GIVEN_BACK: Timestamp = Timestamp(0);

/// Leadership of this process: whether it leads, and the leader's lock.
#[derive(Debug)]
pub struct Leadership {
    leads: AtomicBool,
    lock: LeaderLock,
}

/// Lease of another process, as this process first saw it.
struct Watched {
    owner: String,
    until: Timestamp,
    since: Instant,
}

impl Leadership {
    pub fn of(data: &Path) -> Self {
        Self { leads: AtomicBool::new(false), lock: LeaderLock::open(data) }
    }

    pub fn is_leader(&self) -> bool {
        self.leads.load(Ordering::Acquire)
    }

    fn set(&self, leads: bool) {
        self.leads.store(leads, Ordering::Release);
    }
}

impl Standalone {
    /// Waits until this process leads, or until `shutdown`.
    pub async fn await_leadership(
        &self,
        leadership: &Leadership,
        shutdown: &CancellationToken,
    ) -> Option<Lease> {
        let mut watched: Option<Watched> = None;
        loop {
            let is_news = watched.is_none();
            match self.try_to_lead(&leadership.lock, &mut watched).await {
                Ok(Acquired::Leader(lease)) => {
                    leadership.lock.keep_for(&self.owner);
                    leadership.set(true);
                    return Some(lease);
                }
                Ok(Acquired::HeldBy { owner, .. }) if is_news => {
                    tracing::info!(leader = owner, "standby: another process leads this database");
                }
                Ok(Acquired::HeldBy { .. }) => {}
                Err(error) => tracing::warn!(%error, "cannot read the leader lease"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Renews the leadership, and returns when it is lost. The store refuses writes after the loss,
    /// whether this process has noticed it or not.
    pub async fn hold_leadership(self: Arc<Self>, leadership: Arc<Leadership>) {
        loop {
            tokio::time::sleep(RENEW).await;
            match self.acquire(Timestamp::MIN).await {
                // The lock is free again once a leader that was too slow has ended.
                Ok(Acquired::Leader(_)) => leadership.lock.keep_for(&self.owner),
                Ok(Acquired::HeldBy { owner, .. }) => {
                    tracing::error!(leader = owner, "another process has taken over");
                    leadership.set(false);
                    return;
                }
                Err(error) => tracing::warn!(%error, "cannot renew the leader lease"),
            }
        }
    }

    async fn try_to_lead(
        &self,
        lock: &LeaderLock,
        watched: &mut Option<Watched>,
    ) -> Result<Acquired, StoreError> {
        let (owner, until) = match self.acquire(Timestamp::MIN).await? {
            Acquired::HeldBy { owner, until } => (owner, until),
            leader @ Acquired::Leader(_) => return Ok(leader),
        };
        let is_over = until == GIVEN_BACK || lock.take_from(&owner) || {
            let seen = watched.take().filter(|seen| seen.owner == owner && seen.until == until);
            let seen = watched.insert(seen.unwrap_or(Watched {
                owner: owner.clone(),
                until,
                since: Instant::now(),
            }));
            seen.since.elapsed() >= LEADER_LEASE
        };
        // If it has been renewed meanwhile, it ends later than that.
        if is_over {
            self.acquire(Timestamp(until.0 + 1)).await
        } else {
            Ok(Acquired::HeldBy { owner, until })
        }
    }

    /// Takes or renews the lease. A lease of another process is taken only if it ends before `end`.
    async fn acquire(&self, end: Timestamp) -> Result<Acquired, StoreError> {
        let until = self.engine.ports.clock.now().plus(LEADER_LEASE);
        self.engine.ports.leases.acquire(LANE, &self.owner, end, until).await
    }
}

impl belfry_api::Leadership for Leadership {
    fn is_leader(&self) -> bool {
        Leadership::is_leader(self)
    }
}
