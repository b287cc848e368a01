//! Store of time zone data: the version in force in the graph's row, and the data beside it.

use async_trait::async_trait;
use belfry_domain::{Job, ZoneData, ZoneStamp};
use belfry_engine::ports::{Committed, StoreError, ZoneStore, ZonesInForce};

use super::{
    Result, Stores,
    capacity::Table,
    client::Written,
    error::unreadable,
    expression::{Test, Update, absent, is, no_row},
    graph::{PLAN, graph_key},
    item::{Attribute, Item, Key},
    rows::REVISION,
};

const ZONES: Attribute<String> = Attribute::new("zones");
/// Attribute that is present while jobs still have to be aligned with the data in force.
const UNSETTLED: Attribute<u64> = Attribute::new("zones_unsettled");
/// Attribute with the versions that were in force before, as JSON.
const BEFORE: Attribute<String> = Attribute::new("zones_before");
const PACKED: Attribute<Vec<u8>> = Attribute::new("packed");

fn data_key(version: &str) -> Key {
    Key::alone(format!("zones#{version}"))
}

pub(crate) fn zones_of(graph: &Item) -> Result<Option<ZonesInForce>> {
    let Some(version) = graph.get(&ZONES) else { return Ok(None) };
    let before = graph.get(&BEFORE).map(|before| serde_json::from_str(&before)).transpose();
    let before = before.map_err(|why| unreadable(graph.name(), why))?.unwrap_or_default();
    Ok(Some(ZonesInForce { version, is_settled: !graph.has(&UNSETTLED), before }))
}

#[async_trait]
impl ZoneStore for Stores {
    async fn in_force(&self) -> Result<(u64, Option<ZonesInForce>)> {
        let (revision, graph) = self.settled_graph().await?;
        Ok((revision, graph.as_ref().map(zones_of).transpose()?.flatten()))
    }

    async fn put_in_force(&self, revision: u64, zones: &ZonesInForce) -> Result<Committed> {
        let update = Update::default()
            .set(&REVISION, revision + 1)
            .set(&ZONES, zones.version.clone())
            .set(&BEFORE, serde_json::json!(zones.before).to_string());
        let update = if zones.is_settled { update.remove(&UNSETTLED) } else { update.set(&UNSETTLED, 1) };
        let unchanged = Test::All(vec![is(&REVISION, revision), absent(&PLAN)]);
        let test = if revision == 0 { Test::Any(vec![no_row(), unchanged]) } else { unchanged };
        let written = self.tables.update(Table::State, graph_key(), update, test).await?;
        let is_done = match written {
            Written::Done(_) => true,
            // Its first try got through, or somebody has done the same.
            Written::Refused(Some(graph)) => {
                graph.get(&REVISION) == Some(revision + 1) && zones_of(&graph)?.as_ref() == Some(zones)
            }
            Written::Refused(None) => false,
        };
        if is_done {
            self.known.remember_graph(revision + 1, self.known.ask());
            return Ok(Committed::Done);
        }
        Ok(Committed::Conflict { revision: self.settle().await? })
    }

    async fn keep_zone_data(&self, version: &str, packed: &[u8]) -> Result<()> {
        let item = Item::from(data_key(version)).with(&PACKED, packed.to_vec());
        self.tables.put(Table::State, item, Some(no_row())).await.map(drop)
    }

    async fn zone_data(&self, version: &str) -> Result<Option<Vec<u8>>> {
        let item = self.tables.get(Table::State, data_key(version)).await?;
        item.map(|item| item.need(&PACKED)).transpose()
    }
}

impl Stores {
    /// Registers the zone data that judge a job. Every reader of a job does this before the job is
    /// used.
    pub(crate) async fn know_zones(&self, job: &Job) -> Result<()> {
        for version in job.zones.iter().flat_map(ZoneStamp::unknown) {
            let broken = |why: &str| unreadable(format!("job {}", job.id()), why);
            let packed = self.zone_data(version).await?;
            let packed = packed.ok_or_else(|| broken(&format!("its zone data {version} are not stored")))?;
            ZoneData::unpack(&packed).map_err(|why| broken(&why.to_string()))?.register();
        }
        Ok(())
    }

    /// Reason why the job's zone data can't be read, if there is one.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn why_unknown(&self, job: &Job) -> Result<Option<String>> {
        match self.know_zones(job).await {
            Ok(()) => Ok(None),
            Err(StoreError::Unreadable { why, .. }) => Ok(Some(why)),
            Err(error) => Err(error),
        }
    }
}
