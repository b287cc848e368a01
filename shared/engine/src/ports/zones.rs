//! Which zone data an installation goes by.

use async_trait::async_trait;
use belfry_domain::EarlierData;

use super::{Committed, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// The version of the zone data that definitions are judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZonesInForce {
    pub version: String,
    /// All jobs have come to it that were there when it was put in force.
    pub is_settled: bool,
    /// What was in force before, each up to the moment of its change; the oldest first. Changes of
    /// lately only.
    pub before: Vec<EarlierData>,
}

/// It stands beside the graph's revision, so that no definition is committed that was judged by other
/// data than those in force. The data themselves are kept too: whoever has none of that version reads
/// them here, as every reader of a job does that names them.
#[async_trait]
pub trait ZoneStore: Send + Sync {
    /// With the graph's revision. None where nothing was ever put in force.
    async fn in_force(&self) -> Result<(u64, Option<ZonesInForce>)>;

    /// Only if the graph's revision is still `revision`, which then counts up by one.
    async fn put_in_force(&self, revision: u64, zones: &ZonesInForce) -> Result<Committed>;

    /// Keeps the packed data of a version, whose name stands for them. Of two writes the first stays.
    async fn keep_zone_data(&self, version: &str, packed: &[u8]) -> Result<()>;

    async fn zone_data(&self, version: &str) -> Result<Option<Vec<u8>>>;
}
