//! Time zone: its local time, its gaps (where local time jumps forward) and its folds (where local time
//! is repeated).

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::{AmbiguousOffset, TimeZone},
};

/// Time zone by one version of the zone data. Clones share the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// Instants that a local time names in a zone: one, two or none.
pub(super) enum Local {
    Once(DateTime<Utc>),
    Twice(DateTime<Utc>, DateTime<Utc>),
    Never(Gap),
}

/// Stretch of local time that does not occur.
pub(super) struct Gap {
    pub begin: NaiveDateTime,
    /// First local time after the gap.
    pub end: NaiveDateTime,
    /// First instant after the gap.
    pub transition: DateTime<Utc>,
}

/// Stretch of local time, `begin..end`, that occurs before and again after `transition`.
pub(super) struct Fold {
    pub begin: NaiveDateTime,
    pub end: NaiveDateTime,
    pub transition: DateTime<Utc>,
}

/// Second of 2201-01-01, after which no schedule has a slot.
const LAST_COMPARED: i64 = 7_289_654_400;

impl Zone {
    pub(crate) fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Reads a zone from TZif, the format of the files in `/usr/share/zoneinfo`.
    pub(crate) fn of_tzif(name: &str, bytes: &[u8]) -> Result<Self, jiff::Error> {
        TimeZone::tzif(name, bytes).map(Self)
    }

    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Offset from UTC in seconds, positive in the east.
    pub fn offset_seconds(&self, instant: DateTime<Utc>) -> i64 {
        self.0.to_offset(timestamp(instant)).seconds().into()
    }

    pub fn local(&self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        let seconds = self.0.to_offset(timestamp(instant)).seconds();
        let offset = FixedOffset::east_opt(seconds);
        offset.map_or_else(|| instant.fixed_offset(), |offset| instant.with_timezone(&offset))
    }

    /// Abbreviation of the zone's time, such as `CET`, or `-03` where it has no name.
    pub fn abbreviation(&self, instant: DateTime<Utc>) -> String {
        self.0.to_offset_info(timestamp(instant)).abbreviation().to_owned()
    }

    /// Whether both zones have the same local time from `since` on, in the years in which schedules
    /// have slots.
    pub(crate) fn agrees_with(&self, other: &Self, since: DateTime<Utc>) -> bool {
        self.0 == other.0 || self.jumps_from(since).eq(other.jumps_from(since))
    }

    /// Offset at an instant, and each later offset that differs from the one before, with its first
    /// instant.
    fn jumps_from(&self, since: DateTime<Utc>) -> impl Iterator<Item = (i64, i32)> {
        let since = timestamp(since);
        let mut last = self.0.to_offset(since).seconds();
        let jumps = self.0.following(since).map(|at| (at.timestamp().as_second(), at.offset().seconds()));
        let jumps = jumps.take_while(|(at, _)| *at < LAST_COMPARED);
        std::iter::once((since.as_second(), last))
            .chain(jumps.filter(move |(_, offset)| std::mem::replace(&mut last, *offset) != *offset))
    }

    /// Local time in whole seconds, the precision of a calendar.
    pub(super) fn local_second(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        let local = instant.naive_utc() + TimeDelta::seconds(self.offset_seconds(instant));
        local.with_nanosecond(0).unwrap_or(local)
    }

    pub(super) fn locate(&self, local: NaiveDateTime) -> Local {
        let instant = |offset: i64| (local - TimeDelta::seconds(offset)).and_utc();
        match self.offsets(local) {
            (before, after) if before == after => Local::Once(instant(before)),
            (before, after) if before < after => {
                let transition = self.transition_between(instant(after), instant(before));
                let at = |offset: i64| transition.naive_utc() + TimeDelta::seconds(offset);
                Local::Never(Gap { begin: at(before), end: at(after), transition })
            }
            (before, after) => Local::Twice(instant(before), instant(after)),
        }
    }

    /// Fold that `local` lies in. `None` where it lies in none.
    pub(super) fn fold(&self, local: NaiveDateTime) -> Option<Fold> {
        let (before, after) = self.offsets(local);
        if before <= after {
            return None;
        }
        let instant = |offset: i64| (local - TimeDelta::seconds(offset)).and_utc();
        let transition = self.transition_between(instant(before), instant(after));
        let at = |offset: i64| transition.naive_utc() + TimeDelta::seconds(offset);
        Some(Fold { begin: at(after), end: at(before), transition })
    }

    /// Offsets before and after the jump that `local` lies in. They are equal where it lies in none.
    fn offsets(&self, local: NaiveDateTime) -> (i64, i64) {
        match self.0.to_ambiguous_timestamp(civil(local)).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset.seconds().into(), offset.seconds().into()),
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                (before.seconds().into(), after.seconds().into())
            }
        }
    }

    /// First instant with the offset of `after`. The offset changes once between the two.
    fn transition_between(&self, before: DateTime<Utc>, after: DateTime<Utc>) -> DateTime<Utc> {
        let later_offset = self.offset_seconds(after);
        let (mut before, mut after) = (before, after);
        while after - before > TimeDelta::seconds(1) {
            let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
            if self.offset_seconds(middle) == later_offset {
                after = middle;
            } else {
                before = middle;
            }
        }
        after
    }
}

/// Converts an instant. Schedules stay within the years 1969 to 2200, far inside the range of both
/// crates.
fn timestamp(instant: DateTime<Utc>) -> Timestamp {
    let seconds = instant.timestamp();
    Timestamp::from_second(seconds).unwrap_or(if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn civil(local: NaiveDateTime) -> jiff::civil::DateTime {
    use chrono::Datelike as _;
    let date = Date::new(local.year() as i16, local.month() as i8, local.day() as i8);
    let time = Time::new(local.hour() as i8, local.minute() as i8, local.second() as i8, 0);
    date.and_then(|date| Ok(date.to_datetime(time?))).unwrap_or(jiff::civil::DateTime::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ZoneData;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> Zone {
        ZoneData::bundled().zone(name).unwrap()
    }

    #[test]
    fn a_fold_has_its_bounds() {
        let fold = zone("Europe/Berlin").fold(at("2026-10-25T02:59:59")).unwrap();
        assert_eq!((fold.begin, fold.end), (at("2026-10-25T02:00:00"), at("2026-10-25T03:00:00")));
        assert_eq!(fold.transition.naive_utc(), at("2026-10-25T01:00:00"));
    }

    #[test]
    fn a_gap_may_swallow_a_day() {
        let Local::Never(gap) = zone("Pacific/Apia").locate(at("2011-12-30T12:00:00")) else {
            panic!("not a gap");
        };
        assert_eq!((gap.begin, gap.end), (at("2011-12-30T00:00:00"), at("2011-12-31T00:00:00")));
        assert_eq!(gap.transition.naive_utc(), at("2011-12-30T10:00:00"));
    }

    #[test]
    fn zones_agree_from_the_last_difference_on() {
        let (london, dublin) = (zone("Europe/London"), zone("Europe/Dublin"));
        assert!(!london.agrees_with(&dublin, at("1915-01-01T00:00:00").and_utc()));
        assert!(london.agrees_with(&dublin, at("2024-01-01T00:00:00").and_utc()));
        assert!(!london.agrees_with(&zone("Europe/Berlin"), at("2024-01-01T00:00:00").and_utc()));
    }
}
