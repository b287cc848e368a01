//! From local slots to instants: Debian cron's rule for daylight saving time.
//!
//! Debian's cron keeps the farthest local time it has reached. A *fixed-time* job runs when that mark
//! passes its time: once, at the first instant after a gap that swallowed it, and at the first
//! occurrence of a repeated time. A job that starts with `*` in hour or minute follows *real time*: it
//! runs whenever the clock shows its time, so it loses what a gap removes and runs twice in a fold.
//!
//! Debian's cron takes jumps of more than three hours for corrections of the clock and forgets the
//! skipped jobs. A zone's jump is never a correction, so here the rule holds for all of them: a fixed
//! slot on the day that Samoa skipped in 2011 is due at the first instant of the next day.
//!
//! Where other zone data are put in force, the clock of a job jumps from what the old data make of that
//! instant to what the new ones do. That is a jump like any other: what it skips of fixed times is due
//! at once, what it repeats is not due again, whatever other change comes meanwhile.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::calendar::Calendar;
use super::zone::{Local, Zone};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DstRule {
    FixedTime,
    RealTime,
}

/// Time zone by the present zone data and by the data that were in force before, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocalTime {
    pub zone: Zone,
    pub earlier: Vec<Earlier>,
}

/// Time zone by data that were in force before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Earlier {
    pub zone: Zone,
    /// First instant that belongs to the later data.
    pub until: DateTime<Utc>,
}

/// Calendar in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocalSlots {
    pub calendar: Calendar,
    pub rule: DstRule,
    pub time: LocalTime,
}

const NANOSECOND: TimeDelta = TimeDelta::nanoseconds(1);
const ONE_SECOND: TimeDelta = TimeDelta::seconds(1);
/// Range of seconds from 1969-12-30 to 2200-01-03: a little wider than the calendar in every zone.
const SECONDS_WITH_SLOTS: RangeInclusive<i64> = -172_800..=7_258_291_200;

/// Time zone by one version of the data, with the first instant that belongs to this version and the
/// first that no longer does.
struct Span<'a> {
    zone: &'a Zone,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl LocalTime {
    fn spans(&self) -> impl DoubleEndedIterator<Item = Span<'_>> {
        let count = self.earlier.len();
        (0..=count).map(move |number| Span {
            zone: self.earlier.get(number).map_or(&self.zone, |earlier| &earlier.zone),
            from: number.checked_sub(1).map(|before| self.earlier[before].until),
            until: self.earlier.get(number).map(|earlier| earlier.until),
        })
    }

    /// First instant at which the local clock shows `local` or has jumped past it.
    pub fn first_reached(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let reached =
            |span: &Span<'_>| span.last().is_none_or(|last| local <= farthest_local(span.zone, last));
        let at = |span: Span<'_>| {
            let at = first_reached(span.zone, local);
            span.from.map_or(at, |from| at.max(from))
        };
        // The last one has no end.
        self.spans().find(reached).map_or_else(|| first_reached(&self.zone, local), at)
    }

    /// Local second that the clock shows at `instant`, by the data of then.
    pub fn shown(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        let earlier = self.earlier.iter().find(|earlier| instant < earlier.until);
        earlier.map_or(&self.zone, |earlier| &earlier.zone).local_second(instant)
    }

    /// Latest local second that the clock has shown by `instant`.
    pub fn farthest(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        let begun = self.spans().take_while(|span| span.from.is_none_or(|from| from <= instant));
        let shown = begun.map(|span| {
            let by = span.last().map_or(instant, |last| last.min(instant));
            farthest_local(span.zone, by)
        });
        shown.max().unwrap_or_else(|| farthest_local(&self.zone, instant))
    }
}

impl Span<'_> {
    fn last(&self) -> Option<DateTime<Utc>> {
        self.until.map(|until| until - NANOSECOND)
    }

    fn contains(&self, slot: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| slot >= from) && self.until.is_none_or(|until| slot < until)
    }
}

impl LocalSlots {
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = clamp(after);
        match self.rule {
            DstRule::FixedTime => {
                let slot = self.calendar.next(self.time.farthest(after))?;
                Some(self.time.first_reached(slot))
            }
            DstRule::RealTime => self.time.spans().find_map(|span| {
                let after = span.from.map_or(after, |from| after.max(from - NANOSECOND));
                self.next_in(span.zone, after).filter(|slot| span.contains(*slot))
            }),
        }
    }

    pub fn latest_at_or_before(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = clamp(at);
        match self.rule {
            DstRule::FixedTime => {
                let slot = self.calendar.previous(self.time.farthest(at) + ONE_SECOND)?;
                Some(self.time.first_reached(slot))
            }
            DstRule::RealTime => self.time.spans().rev().find_map(|span| {
                let at = span.last().map_or(at, |last| at.min(last));
                self.latest_in(span.zone, at).filter(|slot| span.contains(*slot))
            }),
        }
    }

    fn next_in(&self, zone: &Zone, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = zone.local_second(after);
        let ahead = self.next_shown(zone, local, after);
        ahead.into_iter().chain(self.next_repeated(zone, local, after)).min()
    }

    fn latest_in(&self, zone: &Zone, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = zone.local_second(at);
        let behind = self.latest_shown(zone, local, at);
        behind.into_iter().chain(self.latest_of_first_pass(zone, local, at)).max()
    }

    /// Next slot that the clock shows later in local time. Slots that gaps remove are left out.
    fn next_shown(
        &self,
        zone: &Zone,
        mut local: NaiveDateTime,
        after: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        loop {
            local = self.calendar.next(local)?;
            match zone.locate(local) {
                Local::Once(instant) => return Some(instant),
                Local::Twice(first, second) => return Some(if first > after { first } else { second }),
                Local::Never(gap) => local = gap.end - ONE_SECOND,
            }
        }
    }

    /// Next slot of a fold's second pass, while the first pass goes on: the second pass still brings
    /// earlier local times.
    fn next_repeated(
        &self,
        zone: &Zone,
        local: NaiveDateTime,
        after: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let fold = zone.fold(local).filter(|fold| after < fold.transition)?;
        let slot = self.calendar.next(fold.begin - ONE_SECOND).filter(|slot| *slot < fold.end)?;
        Some(fold.transition + (slot - fold.begin))
    }

    fn latest_shown(&self, zone: &Zone, local: NaiveDateTime, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut before = local + ONE_SECOND;
        loop {
            let slot = self.calendar.previous(before)?;
            match zone.locate(slot) {
                Local::Once(instant) => return Some(instant),
                Local::Twice(first, second) => return Some(if second <= at { second } else { first }),
                Local::Never(gap) => before = gap.begin,
            }
        }
    }

    /// Latest slot of a fold's first pass, seen from the second pass: the first pass brought later
    /// local times.
    fn latest_of_first_pass(
        &self,
        zone: &Zone,
        local: NaiveDateTime,
        at: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let fold = zone.fold(local).filter(|fold| at >= fold.transition)?;
        let slot = self.calendar.previous(fold.end).filter(|slot| *slot >= fold.begin)?;
        Some(fold.transition - (fold.end - slot))
    }
}

/// Limits an instant, so that local time does not overflow at the ends of its range.
pub(super) fn clamp(instant: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = instant.timestamp();
    if SECONDS_WITH_SLOTS.contains(&seconds) {
        return instant;
    }
    let near = seconds.clamp(*SECONDS_WITH_SLOTS.start(), *SECONDS_WITH_SLOTS.end());
    DateTime::from_timestamp(near, 0).unwrap_or(instant)
}

fn first_reached(zone: &Zone, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.locate(local) {
        Local::Once(instant) | Local::Twice(instant, _) => instant,
        Local::Never(gap) => gap.transition,
    }
}

/// Latest local second that the clock has shown. It is ahead of the clock while a fold repeats local
/// time.
fn farthest_local(zone: &Zone, instant: DateTime<Utc>) -> NaiveDateTime {
    let local = zone.local_second(instant);
    match zone.fold(local) {
        Some(fold) if instant >= fold.transition => fold.end - ONE_SECOND,
        _ => local,
    }
}
