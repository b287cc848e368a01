//! Gaps and folds of a zone: where local time jumps forward, and where it is repeated.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::{GapInfo, Tz};

/// What a local time means in a zone.
pub(super) enum Local {
    Once(DateTime<Utc>),
    Twice(DateTime<Utc>, DateTime<Utc>),
    Never(Gap),
}

/// A stretch of local time that does not occur.
pub(super) struct Gap {
    pub begin: NaiveDateTime,
    /// The first local time after it.
    pub end: NaiveDateTime,
    /// The first instant after it.
    pub transition: DateTime<Utc>,
}

/// A stretch of local time, `begin..end`, that occurs before and again after `transition`.
pub(super) struct Fold {
    pub begin: NaiveDateTime,
    pub end: NaiveDateTime,
    pub transition: DateTime<Utc>,
}

/// Local time in whole seconds, which is all that a calendar can tell apart.
pub(super) fn local_second(zone: Tz, instant: DateTime<Utc>) -> NaiveDateTime {
    let local = instant.with_timezone(&zone).naive_local();
    local.with_nanosecond(0).unwrap_or(local)
}

pub(super) fn locate(zone: Tz, local: NaiveDateTime) -> Local {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(instant) => Local::Once(instant.to_utc()),
        MappedLocalTime::Ambiguous(first, second) => Local::Twice(first.to_utc(), second.to_utc()),
        MappedLocalTime::None => gap(zone, local).map_or(Local::Once(local.and_utc()), Local::Never),
    }
}

/// The fold that `local` lies in.
pub(super) fn fold(zone: Tz, local: NaiveDateTime) -> Option<Fold> {
    let MappedLocalTime::Ambiguous(first, second) = zone.from_local_datetime(&local) else {
        return None;
    };
    let transition = transition_between(zone, first.to_utc(), second.to_utc());
    let at = |offset: TimeDelta| transition.naive_utc() + offset;
    Some(Fold {
        begin: at(TimeDelta::seconds(second.offset().fix().local_minus_utc().into())),
        end: at(TimeDelta::seconds(first.offset().fix().local_minus_utc().into())),
        transition,
    })
}

fn gap(zone: Tz, local: NaiveDateTime) -> Option<Gap> {
    let (begin, offset) = GapInfo::new(&local, &zone)?.begin?;
    let transition = (begin - offset.fix()).and_utc();
    Some(Gap { begin, end: local_second(zone, transition), transition })
}

/// The zone data tells no transitions, so the one between the two readings of a repeated local
/// time is searched for.
fn transition_between(zone: Tz, before: DateTime<Utc>, after: DateTime<Utc>) -> DateTime<Utc> {
    let offset = |instant: DateTime<Utc>| zone.offset_from_utc_datetime(&instant.naive_utc()).fix();
    let later_offset = offset(after);
    let (mut before, mut after) = (before, after);
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if offset(middle) == later_offset {
            after = middle;
        } else {
            before = middle;
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_fold_has_its_bounds() {
        let fold = fold(chrono_tz::Europe::Berlin, at("2026-10-25T02:59:59")).unwrap();
        assert_eq!((fold.begin, fold.end), (at("2026-10-25T02:00:00"), at("2026-10-25T03:00:00")));
        assert_eq!(fold.transition.naive_utc(), at("2026-10-25T01:00:00"));
    }

    #[test]
    fn a_gap_may_swallow_a_day() {
        let Local::Never(gap) = locate(chrono_tz::Pacific::Apia, at("2011-12-30T12:00:00")) else {
            panic!("not a gap");
        };
        assert_eq!((gap.begin, gap.end), (at("2011-12-30T00:00:00"), at("2011-12-31T00:00:00")));
        assert_eq!(gap.transition.naive_utc(), at("2011-12-30T10:00:00"));
    }
}
