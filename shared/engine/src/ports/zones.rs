//! Version of the zone data that an installation goes by.

use async_trait::async_trait;
use belfry_domain::EarlierData;

use super::{Committed, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// Version of the zone data by which definitions are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZonesInForce {
    pub version: String,
    /// Whether all jobs that existed when this version was put in force use it.
    pub is_settled: bool,
    /// Versions that were in force before, each up to the instant of its change; the oldest first. Old
    /// changes are dropped.
    pub before: Vec<EarlierData>,
}

/// Store of the zone data in force. The version is kept with the graph's revision, so that a definition
/// that was checked by other data is never committed. The data are kept too: a process without that
/// version reads them here, as does every reader of a job that names them.
#[async_trait]
pub trait ZoneStore: Send + Sync {
    /// Revision of the graph, and the version in force. `None` where none was ever put in force.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn in_force(&self) -> Result<(u64, Option<ZonesInForce>)>;

    /// Puts a version in force, if the graph's revision still is `revision`, and counts that up by one.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn put_in_force(&self, revision: u64, zones: &ZonesInForce) -> Result<Committed>;

    /// Keeps the packed data of a version. If the version was kept before, the first data stay.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now.
    async fn keep_zone_data(&self, version: &str, packed: &[u8]) -> Result<()>;

    /// Packed data of a version. `None` where they were never kept.
    ///
    /// # Errors
    /// The store does not answer, or a row can't be read.
    async fn zone_data(&self, version: &str) -> Result<Option<Vec<u8>>>;
}
