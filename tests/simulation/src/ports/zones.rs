//! Time zone data.

use async_trait::async_trait;
use belfry_engine::ports::{Committed, ZoneStore, ZonesInForce};

use super::{Chaos, Result};

#[async_trait]
impl ZoneStore for Chaos {
    async fn in_force(&self) -> Result<(u64, Option<ZonesInForce>)> {
        self.call("in_force", self.backend.store.in_force()).await
    }

    async fn put_in_force(&self, revision: u64, zones: &ZonesInForce) -> Result<Committed> {
        self.call("put_in_force", async {
            let committed = self.backend.store.put_in_force(revision, zones).await?;
            if committed == Committed::Done {
                self.world.with(|state| state.saw_zones(self.process, zones));
            }
            Ok(committed)
        })
        .await
    }

    async fn keep_zone_data(&self, version: &str, packed: &[u8]) -> Result<()> {
        self.call("keep_zone_data", self.backend.store.keep_zone_data(version, packed)).await
    }

    async fn zone_data(&self, version: &str) -> Result<Option<Vec<u8>>> {
        self.call("zone_data", self.backend.store.zone_data(version)).await
    }
}
