//! Intervals, `@every 1h30m` and `rate(5 minutes)`, counted from the schedule's start, or from the Unix
//! epoch where it has none.
//!
//! - Hours and less are elapsed time, the same in every zone. So is all that counts from the epoch, and
//!   so are EventBridge's days, which it defines as 24 hours.
//! - `@every` a whole number of days, with a start, counts days of the calendar in the schedule's zone:
//!   the slots keep the start's local time over clock changes. What becomes of a local time that is
//!   missing or comes twice is the rule of fixed-time schedules.
//!
//! The anchor makes the slots a function of the definition alone: a change of another field of the job,
//! or a second deployment, moves none of them.

use chrono::{DateTime, TimeDelta, Utc};

use super::error::ScheduleError;
use super::local::{LocalTime, clamp};
use super::piece::Piece;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    seconds: i64,
    /// First slot. `None` counts from the Unix epoch.
    start: Option<DateTime<Utc>>,
    /// Local time whose days are counted from a start. `None` counts elapsed time.
    days_of: Option<LocalTime>,
}

const LONGEST_SECONDS: u64 = 36_500 * 86_400;
const ALLOWED_LENGTH: &str = "1s-36500d";
const ALLOWED_EVERY: &str = "a duration of s, m, h and d, such as 90s or 1h30m";
const ALLOWED_RATE: &str = "a number and minutes, hours or days, such as 5 minutes";
const ALLOWED_UNIT: &str = "minutes, hours or days (after 1 also minute, hour or day)";

impl Interval {
    /// Parses the duration of `@every`: numbers with units, added up.
    ///
    /// # Errors
    /// The text is no duration, or the interval is out of range.
    pub fn parse_every(duration: Piece<'_>, time: &LocalTime) -> Result<Self, ScheduleError> {
        let mut total = Some(0_u64);
        let mut is_of_days = true;
        let mut rest = duration;
        loop {
            let digits = rest.text().bytes().take_while(u8::is_ascii_digit).count();
            let (number, unit) = rest.text().split_at(digits);
            let scale = unit.chars().next().and_then(seconds_of_unit);
            let (false, Some(scale)) = (number.is_empty(), scale) else {
                return Err(unexpected(rest, ALLOWED_EVERY));
            };
            total = total.zip(seconds(number, scale)).and_then(|(sum, part)| sum.checked_add(part));
            is_of_days &= unit.starts_with('d');
            rest = rest.part(&unit[1..]);
            if rest.text().is_empty() {
                return Self::of(total, duration, is_of_days.then_some(time));
            }
        }
    }

    /// Parses the text between the parentheses of `rate(…)`.
    ///
    /// # Errors
    /// The text is not a whole number and a unit, or the interval is out of range.
    pub fn parse_rate(inside: Piece<'_>) -> Result<Self, ScheduleError> {
        let words = inside.words();
        let [value, unit] = words[..] else {
            return Err(unexpected(inside, ALLOWED_RATE));
        };
        if !value.text().bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unexpected(value, ALLOWED_RATE));
        }
        // EventBridge's rules write `1 hour`, its Scheduler writes `1 hours`.
        let is_one = value.text().parse() == Ok(1_u8);
        let scale = match unit.text() {
            "minutes" => 60,
            "hours" => 3_600,
            "days" => 86_400,
            "minute" if is_one => 60,
            "hour" if is_one => 3_600,
            "day" if is_one => 86_400,
            _ => return Err(unexpected(unit, ALLOWED_UNIT)),
        };
        Self::of(seconds(value.text(), scale), value, None)
    }

    fn of(
        seconds: Option<u64>,
        piece: Piece<'_>,
        days_of: Option<&LocalTime>,
    ) -> Result<Self, ScheduleError> {
        match seconds {
            Some(seconds @ 1..=LONGEST_SECONDS) => {
                Ok(Self { seconds: seconds as i64, start: None, days_of: days_of.cloned() })
            }
            _ => Err(ScheduleError::OutOfRange { at: piece.place("interval"), allowed: ALLOWED_LENGTH }),
        }
    }

    /// Counts from `start`, which becomes the first slot. Slots are whole milliseconds.
    pub fn from(self, start: DateTime<Utc>) -> Self {
        let up = start.checked_add_signed(TimeDelta::nanoseconds(999_999)).unwrap_or(start);
        Self { start: DateTime::from_timestamp_millis(up.timestamp_millis()).or(Some(start)), ..self }
    }

    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if after < self.anchor() {
            return Some(self.anchor());
        }
        self.slot(self.count(after) + 1).filter(|slot| *slot > after)
    }

    pub fn latest_at_or_before(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if at < self.anchor() { None } else { self.slot(self.count(at)) }
    }

    fn anchor(&self) -> DateTime<Utc> {
        self.start.unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Local time whose days are counted, where they are.
    fn calendar(&self) -> Option<&LocalTime> {
        self.days_of.as_ref().filter(|_| self.start.is_some())
    }

    /// Number of whole lengths between the anchor and an instant that is not before it.
    fn count(&self, at: DateTime<Utc>) -> i64 {
        let anchor = self.anchor();
        let passed = match self.calendar() {
            None => at - anchor,
            // The fraction of a second is the same in every slot.
            Some(time) => time.farthest(clamp(at - fraction(anchor))) - time.shown(anchor),
        };
        passed.num_seconds() / self.seconds
    }

    fn slot(&self, count: i64) -> Option<DateTime<Utc>> {
        let anchor = self.anchor();
        let since = TimeDelta::try_seconds(count.checked_mul(self.seconds)?)?;
        match self.calendar().filter(|_| count > 0) {
            None => anchor.checked_add_signed(since),
            Some(time) => {
                let local = time.shown(anchor).checked_add_signed(since)?;
                time.first_reached(local).checked_add_signed(fraction(anchor))
            }
        }
    }
}

/// Part of an instant that is less than a second.
fn fraction(instant: DateTime<Utc>) -> TimeDelta {
    TimeDelta::milliseconds(instant.timestamp_subsec_millis().into())
}

fn seconds_of_unit(unit: char) -> Option<u64> {
    match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3_600),
        'd' => Some(86_400),
        _ => None,
    }
}

fn seconds(number: &str, scale: u64) -> Option<u64> {
    number.parse::<u64>().ok()?.checked_mul(scale)
}

fn unexpected(piece: Piece<'_>, allowed: &'static str) -> ScheduleError {
    ScheduleError::Unexpected { at: piece.place("interval"), allowed }
}
