//! Schedules: the slots at which a job is due.
//!
//! # Grammar
//!
//! | form | meaning |
//! |---|---|
//! | `*/5 9-17 * * MON-FRI` | Unix cron: minute, hour, day of month, month, day of week |
//! | `30 */5 9-17 * * MON-FRI` | the same with leading seconds |
//! | `@yearly @annually @monthly @weekly @daily @midnight @hourly` | cron's shorthands |
//! | `@every 1h30m`, `@every 14d` | multiples of a duration since the start, or since the Unix epoch without one |
//! | `cron(0 18 L * ? 2026-2030)` | Amazon EventBridge's cron, with `L`, `W`, `LW`, `#`, `?`, years |
//! | `rate(5 minutes)` | as `@every`, in Amazon EventBridge's words; a day is 24 hours |
//! | `at(2026-12-24T18:00:00)` | once, local time |
//! | `2026-12-24T18:00:00.250Z` | once, an RFC 3339 instant to the millisecond |
//!
//! Calendar slots lie in the years 1970-2199. A schedule that has no slot ahead (`0 0 31 2 *`) parses,
//! and [`Schedule::next_after`] is `None`.
//!
//! # Daylight saving time
//!
//! The rule is Debian cron's. A schedule whose minute and hour both name their values is *fixed-time*:
//! a slot inside a gap is due once, at the first instant after it, and all that fall into one gap are
//! one slot; a slot inside a fold is due once, at its first occurrence. A schedule whose minute or hour
//! starts with `*` follows *real time*: it loses what the gap removes and repeats in the fold. Seconds
//! have no say: `* 30 2 * * *` is fixed-time, so its sixty slots in a gap are one. In the AWS form
//! `a/n`, AWS's way to write a step, counts as a `*`. Every jump of a zone follows the rule, of half an
//! hour or of a day.

mod aws;
mod calendar;
mod error;
mod eventbridge;
mod field;
mod instant;
mod interval;
pub mod jitter;
mod local;
mod piece;
mod unix;
mod zone;

use chrono::{DateTime, TimeDelta, Utc};

use crate::zones::{ZoneData, Zones};

pub use self::error::{Place, ScheduleError};
pub use self::zone::Zone;

use self::interval::Interval;
use self::local::{Earlier, LocalSlots, LocalTime};
use self::piece::Piece;

/// Parsed schedule: expression, zone and bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    expression: String,
    timezone: Zone,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    slots: Slots,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Slots {
    Calendar(LocalSlots),
    Every(Interval),
    Once(DateTime<Utc>),
}

const ALLOWED_EXPRESSION: &str =
    "a cron expression, @daily, @every 90s, cron(…), rate(…), at(…) or an instant";
const ALLOWED_SHORTHAND: &str = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly or @every";

impl Schedule {
    /// Parses an expression in an IANA zone (default `UTC`), by the bundled zone data.
    ///
    /// # Errors
    /// The expression or the zone can't be read. The error names the field and the position.
    pub fn parse(expression: &str, timezone: Option<&str>) -> Result<Self, ScheduleError> {
        Self::parse_by(&Zones::of(ZoneData::bundled()), expression, timezone)
    }

    /// Parses as [`Schedule::parse`] does, by these zone data.
    ///
    /// # Errors
    /// The expression or the zone can't be read. The error names the field and the position.
    pub fn parse_by(zones: &Zones, expression: &str, timezone: Option<&str>) -> Result<Self, ScheduleError> {
        let time = local_time(zones, timezone.unwrap_or("UTC"))?;
        let slots = Slots::parse(Piece::new(expression).trim(), &time)?;
        let expression = expression.to_owned();
        Ok(Self { expression, timezone: time.zone, start: None, end: None, slots })
    }

    /// Leaves out slots before `start`. An interval counts from `start`; whole days of `@every` are those of
    /// the zone's calendar then.
    pub fn starting(self, start: DateTime<Utc>) -> Self {
        let slots = match self.slots {
            Slots::Every(interval) => Slots::Every(interval.from(start)),
            other => other,
        };
        Self { start: Some(start), slots, ..self }
    }

    /// Leaves out slots after `end`.
    pub fn ending(self, end: DateTime<Utc>) -> Self {
        Self { end: Some(end), ..self }
    }

    pub fn expression(&self) -> &str {
        &self.expression
    }

    pub fn timezone(&self) -> &Zone {
        &self.timezone
    }

    /// First slot strictly after `after`.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let just_before = |start: DateTime<Utc>| start.checked_sub_signed(TimeDelta::nanoseconds(1));
        let after = self.start.and_then(just_before).map_or(after, |start| start.max(after));
        let slot = match &self.slots {
            Slots::Calendar(slots) => slots.next_after(after),
            Slots::Every(interval) => interval.next_after(after),
            Slots::Once(instant) => Some(*instant).filter(|instant| *instant > after),
        };
        slot.filter(|slot| self.end.is_none_or(|end| *slot <= end))
    }

    /// Latest slot at or before `at` (nominal, before jitter).
    pub fn latest_at_or_before(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = self.end.map_or(at, |end| end.min(at));
        let slot = match &self.slots {
            Slots::Calendar(slots) => slots.latest_at_or_before(at),
            Slots::Every(interval) => interval.latest_at_or_before(at),
            Slots::Once(instant) => Some(*instant).filter(|instant| *instant <= at),
        };
        slot.filter(|slot| self.start.is_none_or(|start| *slot >= start))
    }

    /// Slots strictly after `after`, in order.
    pub fn upcoming(&self, after: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::successors(self.next_after(after), |slot| self.next_after(*slot))
    }

    /// Whether `at` is a slot.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.latest_at_or_before(at) == Some(at)
    }
}

impl Slots {
    fn parse(piece: Piece<'_>, time: &LocalTime) -> Result<Self, ScheduleError> {
        let text = piece.text();
        if text.is_empty() {
            let at = piece.place("expression");
            return Err(ScheduleError::Unexpected { at, allowed: ALLOWED_EXPRESSION });
        }
        if let Some(like_blank) = text.matches(is_like_blank).next() {
            return Err(ScheduleError::LikeBlank { at: piece.part(like_blank).place("expression") });
        }
        if text.starts_with('@') {
            return Self::parse_shorthand(piece, time);
        }
        if let Some(inside) = call(piece, "cron(")? {
            return aws::parse(inside).map(|parsed| Self::calendar(parsed, time));
        }
        if let Some(inside) = call(piece, "rate(")? {
            return Interval::parse_rate(inside).map(Self::Every);
        }
        if let Some(inside) = call(piece, "at(")? {
            return instant::parse_at(inside, time).map(Self::Once);
        }
        if instant::looks_like_instant(text) {
            return instant::parse_run_at(piece).map(Self::Once);
        }
        unix::parse(piece).map(|parsed| Self::calendar(parsed, time))
    }

    fn parse_shorthand(piece: Piece<'_>, time: &LocalTime) -> Result<Self, ScheduleError> {
        if let Some(duration) = piece.text().strip_prefix("@every") {
            return Interval::parse_every(piece.part(duration).trim(), time).map(Self::Every);
        }
        let Some(fields) = unix::shorthand(piece.text()) else {
            let at = piece.place("expression");
            return Err(ScheduleError::Unexpected { at, allowed: ALLOWED_SHORTHAND });
        };
        unix::parse(Piece::new(fields)).map(|parsed| Self::calendar(parsed, time))
    }

    fn calendar((calendar, rule): (calendar::Calendar, local::DstRule), time: &LocalTime) -> Self {
        Self::Calendar(LocalSlots { calendar, rule, time: time.clone() })
    }
}

/// Text between `name(` and its `)`. `None` where the text does not begin with `name(`.
///
/// # Errors
/// The closing parenthesis is missing.
fn call<'a>(piece: Piece<'a>, name: &str) -> Result<Option<Piece<'a>>, ScheduleError> {
    let Some(rest) = piece.text().strip_prefix(name) else {
        return Ok(None);
    };
    let Some(inside) = rest.strip_suffix(')') else {
        let at = piece.end().place("expression");
        return Err(ScheduleError::Unexpected { at, allowed: "a closing )" });
    };
    Ok(Some(piece.part(inside)))
}

/// Whether a character looks like a blank or like nothing, and separates no fields.
pub(crate) fn is_like_blank(c: char) -> bool {
    (c.is_whitespace() && c != ' ' && c != '\t')
        || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Local time of a zone by earlier data. A zone that those data do not contain has no earlier time: no
/// job can have had a slot in it.
fn local_time(zones: &Zones, name: &str) -> Result<LocalTime, ScheduleError> {
    let unknown = || ScheduleError::UnknownTimezone { at: Piece::new(name).place("timezone") };
    let zone = zones.data.zone(name).ok_or_else(unknown)?;
    let earlier = zones.earlier.iter();
    let earlier = earlier.filter_map(|(data, until)| {
        let zone = data.zone(name)?;
        Some(Earlier { zone, until: until.to_utc() })
    });
    Ok(LocalTime { zone, earlier: earlier.collect() })
}
