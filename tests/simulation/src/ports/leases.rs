//! Leadership, and the cursors of ticks.

use std::time::Duration;

use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{Acquired, Cursors, Lease, LeaseStore};

use super::{Chaos, Result};
use crate::mutation::Mutation;

/// Milliseconds before its end at which a lease is stolen.
const STOLEN_MS: i64 = 3_600_000;
/// Time ahead of which no process of the simulation fires timers.
const LOOK_AHEAD: Duration = Duration::from_secs(60);

#[async_trait]
impl LeaseStore for Chaos {
    async fn acquire(&self, lane: u16, owner: &str, now: Timestamp, until: Timestamp) -> Result<Acquired> {
        self.call("acquire", async {
            let now = if self.steals() { Timestamp(now.0 + STOLEN_MS) } else { now };
            let acquired = self.backend.store.acquire(lane, owner, now, until).await?;
            if let Acquired::Leader(lease) = &acquired {
                self.note(|| format!("leads, token {}", lease.token));
            }
            Ok(acquired)
        })
        .await
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        self.call("release", self.backend.store.release(lease)).await
    }

    async fn cursors(&self) -> Result<Cursors> {
        let mut cursors = self.call("cursors", self.backend.store.cursors()).await?;
        if self.backend.breaks(Mutation::StepsUnseen) {
            let furthest = self.world.with(|state| state.wall_of(self.process)).plus(LOOK_AHEAD);
            for cursor in cursors.values_mut() {
                *cursor = furthest.min(*cursor);
            }
        }
        Ok(cursors)
    }

    async fn save_cursors(&self, lease: &Lease, cursors: &Cursors) -> Result<bool> {
        self.call("save_cursors", async {
            let is_saved = self.backend.store.save_cursors(lease, cursors).await?;
            self.world.with(|state| {
                if is_saved {
                    state.shadow.save_cursors(cursors);
                } else {
                    state.coverage.add("tick: fenced");
                }
            });
            Ok(is_saved)
        })
        .await
    }
}

impl Chaos {
    /// Whether a process takes the lead although another one holds it.
    fn steals(&self) -> bool {
        self.world.with(|state| {
            let steals = state.has_faults() && state.faults.steals_leases && state.rng.percent(30);
            if steals {
                state.disturb(0);
                state.coverage.add("fault: lease stolen");
            }
            steals
        })
    }
}
