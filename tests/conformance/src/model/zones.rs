use async_trait::async_trait;
use belfry_domain::{Job, ZoneData, ZoneStamp};
use belfry_engine::ports::{Committed, StoreError, ZoneStore, ZonesInForce};

use super::{Model, Result, State};

#[async_trait]
impl ZoneStore for Model {
    async fn in_force(&self) -> Result<(u64, Option<ZonesInForce>)> {
        let state = self.state();
        Ok((state.graph, state.zones.clone()))
    }

    async fn put_in_force(&self, revision: u64, zones: &ZonesInForce) -> Result<Committed> {
        let mut state = self.state();
        if state.graph != revision {
            return Ok(Committed::Conflict { revision: state.graph });
        }
        state.graph += 1;
        state.zones = Some(zones.clone());
        Ok(Committed::Done)
    }

    async fn keep_zone_data(&self, version: &str, packed: &[u8]) -> Result<()> {
        self.state().zone_data.entry(version.to_owned()).or_insert_with(|| packed.to_vec());
        Ok(())
    }

    async fn zone_data(&self, version: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.state().zone_data.get(version).cloned())
    }
}

impl State {
    pub(super) fn know_zones(&self, job: &Job) -> Result<()> {
        let broken = |why: String| StoreError::Unreadable { what: format!("job {}", job.id()), why };
        for version in job.zones.iter().flat_map(ZoneStamp::unknown) {
            let packed =
                self.zone_data.get(version).ok_or_else(|| broken(format!("no zone data {version}")))?;
            ZoneData::unpack(packed).map_err(|why| broken(why.to_string()))?.register();
        }
        Ok(())
    }
}
