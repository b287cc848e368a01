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

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::calendar::Calendar;
use super::zone::{self, Local};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DstRule {
    FixedTime,
    RealTime,
}

/// A calendar in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocalSlots {
    pub calendar: Calendar,
    pub rule: DstRule,
    pub zone: Tz,
}

const ONE_SECOND: TimeDelta = TimeDelta::seconds(1);
/// 1969-12-30 to 2200-01-03: a little wider than the calendar in every zone.
const SECONDS_WITH_SLOTS: RangeInclusive<i64> = -172_800..=7_258_291_200;

impl LocalSlots {
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = clamp(after);
        match self.rule {
            DstRule::FixedTime => {
                let slot = self.calendar.next(farthest_local(self.zone, after))?;
                Some(first_reached(self.zone, slot))
            }
            DstRule::RealTime => {
                let local = zone::local_second(self.zone, after);
                let ahead = self.next_shown(local, after);
                ahead.into_iter().chain(self.next_repeated(local, after)).min()
            }
        }
    }

    pub fn latest_at_or_before(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = clamp(at);
        match self.rule {
            DstRule::FixedTime => {
                let slot = self.calendar.previous(farthest_local(self.zone, at) + ONE_SECOND)?;
                Some(first_reached(self.zone, slot))
            }
            DstRule::RealTime => {
                let local = zone::local_second(self.zone, at);
                let behind = self.latest_shown(local, at);
                behind.into_iter().chain(self.latest_of_first_pass(local, at)).max()
            }
        }
    }

    /// The next slot later on the clock's face, leaving out what gaps remove.
    fn next_shown(&self, mut local: NaiveDateTime, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        loop {
            local = self.calendar.next(local)?;
            match zone::locate(self.zone, local) {
                Local::Once(instant) => return Some(instant),
                Local::Twice(first, second) => return Some(if first > after { first } else { second }),
                Local::Never(gap) => local = gap.end - ONE_SECOND,
            }
        }
    }

    /// In the first pass of a fold, the second pass still brings earlier times of the clock's face.
    fn next_repeated(&self, local: NaiveDateTime, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let fold = zone::fold(self.zone, local).filter(|fold| after < fold.transition)?;
        let slot = self.calendar.next(fold.begin - ONE_SECOND).filter(|slot| *slot < fold.end)?;
        Some(fold.transition + (slot - fold.begin))
    }

    fn latest_shown(&self, local: NaiveDateTime, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut before = local + ONE_SECOND;
        loop {
            let slot = self.calendar.previous(before)?;
            match zone::locate(self.zone, slot) {
                Local::Once(instant) => return Some(instant),
                Local::Twice(first, second) => return Some(if second <= at { second } else { first }),
                Local::Never(gap) => before = gap.begin,
            }
        }
    }

    /// In the second pass of a fold, the first pass brought later times of the clock's face.
    fn latest_of_first_pass(&self, local: NaiveDateTime, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let fold = zone::fold(self.zone, local).filter(|fold| at >= fold.transition)?;
        let slot = self.calendar.previous(fold.end).filter(|slot| *slot >= fold.begin)?;
        Some(fold.transition - (fold.end - slot))
    }
}

/// Local time must not overflow at the ends of what an instant can be.
fn clamp(instant: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = instant.timestamp();
    if SECONDS_WITH_SLOTS.contains(&seconds) {
        return instant;
    }
    let near = seconds.clamp(*SECONDS_WITH_SLOTS.start(), *SECONDS_WITH_SLOTS.end());
    DateTime::from_timestamp(near, 0).unwrap_or(instant)
}

/// The first instant at which the local clock shows `local` or has jumped past it.
pub(super) fn first_reached(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone::locate(zone, local) {
        Local::Once(instant) | Local::Twice(instant, _) => instant,
        Local::Never(gap) => gap.transition,
    }
}

/// The latest local second that the clock has shown by `instant`: ahead of what it shows while a fold
/// repeats itself.
fn farthest_local(zone: Tz, instant: DateTime<Utc>) -> NaiveDateTime {
    let local = zone::local_second(zone, instant);
    match zone::fold(zone, local) {
        Some(fold) if instant >= fold.transition => fold.end - ONE_SECOND,
        _ => local,
    }
}
