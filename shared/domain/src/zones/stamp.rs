//! Which version of the zone data judges a job's slots, as it stands in the job's row.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{LEGACY, ZoneData};
use crate::Timestamp;

/// The zone data that judge a version of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneStamp {
    /// The version of the zone data, such as `2026f`.
    pub version: String,
    /// The data that were in force before, where they differ for the job's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<EarlierData>,
}

/// Zone data that judge the slots before `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierData {
    pub version: String,
    pub until: Timestamp,
}

/// The data that a stamp names.
#[derive(Debug, Clone)]
pub struct Zones {
    pub data: Arc<ZoneData>,
    /// With the first instant that is not theirs any more.
    pub earlier: Option<(Arc<ZoneData>, Timestamp)>,
}

impl Zones {
    pub fn of(data: Arc<ZoneData>) -> Self {
        Self { data, earlier: None }
    }
}

/// A job without a stamp was written before there were any.
impl Default for ZoneStamp {
    fn default() -> Self {
        Self::of(LEGACY)
    }
}

impl ZoneStamp {
    pub fn of(version: &str) -> Self {
        Self { version: version.to_owned(), earlier: None }
    }

    /// From `until` on by `version`, until then as before.
    #[must_use]
    pub fn followed_by(&self, version: &str, until: Timestamp) -> Self {
        let earlier = EarlierData { version: self.version.clone(), until };
        Self { version: version.to_owned(), earlier: Some(earlier) }
    }

    /// The versions of the data that are needed and that this process has not met yet.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let earlier = self.earlier.as_ref().map(|earlier| earlier.version.as_str());
        [self.version.as_str()]
            .into_iter()
            .chain(earlier)
            .filter(|version| ZoneData::known(version).is_none())
    }

    /// None where a version is not known in this process.
    pub fn zones(&self) -> Option<Zones> {
        let earlier = match &self.earlier {
            None => None,
            Some(earlier) => Some((ZoneData::known(&earlier.version)?, earlier.until)),
        };
        Some(Zones { data: ZoneData::known(&self.version)?, earlier })
    }

    /// Whether a zone is the same by this stamp and by `data`, from `since` on.
    pub fn agrees_with(&self, data: &ZoneData, zone: &str, since: DateTime<Utc>) -> bool {
        let is_over = self.earlier.as_ref().is_none_or(|earlier| earlier.until.to_utc() <= since);
        let mine = ZoneData::known(&self.version).and_then(|data| data.zone(zone));
        is_over && mine.zip(data.zone(zone)).is_some_and(|(mine, theirs)| mine.agrees_with(&theirs, since))
    }
}
