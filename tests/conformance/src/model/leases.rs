use async_trait::async_trait;
use belfry_domain::Timestamp;
use belfry_engine::ports::{Acquired, Cursors, Lease, LeaseStore};

use super::{Model, Result};

#[async_trait]
impl LeaseStore for Model {
    async fn acquire(&self, lane: u16, owner: &str, now: Timestamp, until: Timestamp) -> Result<Acquired> {
        let mut state = self.state();
        let held = state.leases.get(&lane);
        let token = match held {
            Some(lease) if lease.owner == owner => lease.token,
            Some(lease) if lease.until > now => {
                return Ok(Acquired::HeldBy { owner: lease.owner.clone(), until: lease.until });
            }
            _ => held.map_or(1, |lease| lease.token + 1),
        };
        let lease = Lease { lane, owner: owner.to_owned(), token, until };
        state.leases.insert(lane, lease.clone());
        Ok(Acquired::Leader(lease))
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        let mut state = self.state();
        if let Some(held) = state.leases.get_mut(&lease.lane).filter(|held| held.token == lease.token) {
            held.until = Timestamp(0);
        }
        Ok(())
    }

    async fn cursors(&self) -> Result<Cursors> {
        Ok(self.state().cursors.clone())
    }

    async fn save_cursors(&self, lease: &Lease, cursors: &Cursors) -> Result<bool> {
        let mut state = self.state();
        let leads = state.leases.get(&lease.lane).is_some_and(|held| held.token == lease.token);
        if leads {
            state.cursors.extend(cursors);
        }
        Ok(leads)
    }
}
