//! Zone data that judge a job's slots, as named in the job's row.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use super::{LEGACY, ZoneData};
use crate::Timestamp;

/// Maximum number of earlier changes of its zone that a job remembers.
const MOST_EARLIER: usize = 8;

/// Names of the zone data that judge a version of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneStamp {
    /// The version of the zone data, such as `2026f-1c0f7f5e`.
    pub version: String,
    /// The data that were in force before, where they differ for the job's zone; the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_several")]
    pub earlier: Vec<EarlierData>,
}

/// Zone data that judge the slots before `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierData {
    pub version: String,
    pub until: Timestamp,
}

/// Zone data that a stamp names, loaded.
#[derive(Debug, Clone)]
pub struct Zones {
    pub data: Arc<ZoneData>,
    /// Data that were in force before, each with the instant at which it stopped being used; the oldest
    /// first.
    pub earlier: Vec<(Arc<ZoneData>, Timestamp)>,
}

impl Zones {
    pub fn of(data: Arc<ZoneData>) -> Self {
        Self { data, earlier: Vec::new() }
    }
}

/// Stamp of a job that was stored by a version of belfry that wrote no stamps.
impl Default for ZoneStamp {
    fn default() -> Self {
        Self::of(LEGACY)
    }
}

impl ZoneStamp {
    pub fn of(version: &str) -> Self {
        Self { version: version.to_owned(), earlier: Vec::new() }
    }

    /// Stamp of a job that uses `data` now, and used the versions in `before` up to their instants.
    /// Changes that make no difference to `zone` after `since` are left out.
    pub fn after(before: &[EarlierData], data: &ZoneData, zone: &str, since: DateTime<Utc>) -> Self {
        let Some(first) = before.first() else { return Self::of(data.version()) };
        let next = before.iter().skip(1).map(|earlier| ZoneData::known(&earlier.version));
        let changes = before.iter().zip(next.map(Some).chain([None]));
        changes.fold(Self::of(&first.version), |stamp, (earlier, next)| match next {
            None => stamp.moved_on(data, zone, since, earlier.until),
            Some(Some(next)) => stamp.moved_on(&next, zone, since, earlier.until),
            Some(None) => stamp,
        })
    }

    /// Stamp of the same job after a change to `data`, which count from `until` on. Where `data` make no
    /// difference to the zone, only the name of the version changes.
    #[must_use]
    pub fn moved_on(&self, data: &ZoneData, zone: &str, since: DateTime<Utc>, until: Timestamp) -> Self {
        if self.agrees_with(data, zone, since) {
            Self { version: data.version().to_owned(), ..self.clone() }
        } else {
            self.followed_by(data.version(), until)
        }
    }

    /// Stamp of the same job with `version` from `until` on. Earlier data that would begin after `until`
    /// are dropped.
    #[must_use]
    pub fn followed_by(&self, version: &str, until: Timestamp) -> Self {
        let mut earlier = self.earlier.clone();
        if earlier.last().is_none_or(|last| last.until < until) {
            earlier.push(EarlierData { version: self.version.clone(), until });
        }
        earlier.drain(..earlier.len().saturating_sub(MOST_EARLIER));
        Self { version: version.to_owned(), earlier }
    }

    /// Versions that the stamp names and that are not loaded in this process.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let earlier = self.earlier.iter().map(|earlier| earlier.version.as_str());
        earlier.chain([self.version.as_str()]).filter(|version| ZoneData::known(version).is_none())
    }

    /// Zone data of the stamp. `None` where a version is not loaded in this process.
    pub fn zones(&self) -> Option<Zones> {
        let known = |earlier: &EarlierData| Some((ZoneData::known(&earlier.version)?, earlier.until));
        let earlier = self.earlier.iter().map(known).collect::<Option<_>>()?;
        Some(Zones { data: ZoneData::known(&self.version)?, earlier })
    }

    /// Whether this stamp's newest data and `data` give the zone the same local time from `since` on.
    pub fn agrees_with(&self, data: &ZoneData, zone: &str, since: DateTime<Utc>) -> bool {
        let mine = ZoneData::known(&self.version).and_then(|data| data.zone(zone));
        mine.zip(data.zone(zone)).is_some_and(|(mine, theirs)| mine.agrees_with(&theirs, since))
    }
}

/// Reads one earlier change or a list of them. Older rows hold a single one.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<EarlierData>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        One(EarlierData),
        Several(Vec<EarlierData>),
    }
    Ok(match Kept::deserialize(deserializer)? {
        Kept::One(earlier) => vec![earlier],
        Kept::Several(earlier) => earlier,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earlier(version: &str, until: i64) -> EarlierData {
        EarlierData { version: version.to_owned(), until: Timestamp(until) }
    }

    #[test]
    fn stamps_of_one_change_are_read() {
        let row = r#"{"version":"2026f","earlier":{"version":"2025b","until":1796025605000}}"#;
        let stamp: ZoneStamp = serde_json::from_str(row).unwrap();
        assert_eq!(stamp, ZoneStamp::of("2025b").followed_by("2026f", Timestamp(1_796_025_605_000)));
        let again = serde_json::to_string(&stamp).unwrap();
        assert_eq!(serde_json::from_str::<ZoneStamp>(&again).unwrap(), stamp);
    }

    #[test]
    fn the_oldest_changes_are_forgotten() {
        let stamp = (0..20).fold(ZoneStamp::of("2000a"), |stamp, number| {
            stamp.followed_by(&format!("{}a", 2001 + number), Timestamp(number))
        });
        assert_eq!(stamp.earlier.len(), MOST_EARLIER);
        assert_eq!(stamp.earlier.last(), Some(&earlier("2019a", 19)));
    }

    #[test]
    fn data_that_would_have_begun_later_never_do() {
        let stamp =
            ZoneStamp::of("2000a").followed_by("2000b", Timestamp(9)).followed_by("2000c", Timestamp(9));
        assert_eq!(stamp, ZoneStamp { version: "2000c".to_owned(), earlier: vec![earlier("2000a", 9)] });
    }

    /// Vancouver has changed between the two that are compiled in, Berlin has not.
    #[test]
    fn a_new_job_remembers_the_changes_of_its_zone() {
        let (before, since) = ([earlier(LEGACY, 5)], Timestamp(0).to_utc());
        let data = ZoneData::bundled();
        let stamp = |zone| ZoneStamp::after(&before, &data, zone, since);
        assert_eq!(
            stamp("America/Vancouver"),
            ZoneStamp::of(LEGACY).followed_by(data.version(), Timestamp(5))
        );
        assert_eq!(stamp("Asia/Tokyo"), ZoneStamp::of(data.version()));
    }
}
