//! Intervals, `@every 1h30m` and `rate(5 minutes)`: multiples of a length, counted from the schedule's
//! start, or from the Unix epoch where it has none. They are equal in every zone. A day is 24 hours, as
//! in EventBridge.
//!
//! The anchor makes the slots a function of the definition alone: a change of another field of the job,
//! or a second deployment, moves none of them.

use chrono::{DateTime, TimeDelta, Utc};

use super::error::ScheduleError;
use super::piece::Piece;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    seconds: i64,
    anchor: DateTime<Utc>,
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
    pub fn parse_every(duration: Piece<'_>) -> Result<Self, ScheduleError> {
        let mut total = Some(0_u64);
        let mut rest = duration;
        loop {
            let digits = rest.text().bytes().take_while(u8::is_ascii_digit).count();
            let (number, unit) = rest.text().split_at(digits);
            let scale = unit.chars().next().and_then(seconds_of_unit);
            let (false, Some(scale)) = (number.is_empty(), scale) else {
                return Err(unexpected(rest, ALLOWED_EVERY));
            };
            total = total.zip(seconds(number, scale)).and_then(|(sum, part)| sum.checked_add(part));
            rest = rest.part(&unit[1..]);
            if rest.text().is_empty() {
                return Self::of(total, duration);
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
        Self::of(seconds(value.text(), scale), value)
    }

    fn of(seconds: Option<u64>, piece: Piece<'_>) -> Result<Self, ScheduleError> {
        match seconds {
            Some(seconds @ 1..=LONGEST_SECONDS) => {
                Ok(Self { seconds: seconds as i64, anchor: DateTime::UNIX_EPOCH })
            }
            _ => Err(ScheduleError::OutOfRange { at: piece.place("interval"), allowed: ALLOWED_LENGTH }),
        }
    }

    /// Counts from `start`, which becomes the first slot. Slots are whole milliseconds.
    pub fn from(self, start: DateTime<Utc>) -> Self {
        let up = start.checked_add_signed(TimeDelta::nanoseconds(999_999)).unwrap_or(start);
        let anchor = DateTime::from_timestamp_millis(up.timestamp_millis()).unwrap_or(start);
        Self { anchor, ..self }
    }

    pub fn next_after(self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if after < self.anchor {
            return Some(self.anchor);
        }
        self.slot(self.count(after) + 1)
    }

    pub fn latest_at_or_before(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if at < self.anchor { None } else { self.slot(self.count(at)) }
    }

    /// Number of whole lengths between the anchor and an instant that is not before it.
    fn count(self, at: DateTime<Utc>) -> i64 {
        (at - self.anchor).num_seconds() / self.seconds
    }

    fn slot(self, count: i64) -> Option<DateTime<Utc>> {
        let since = TimeDelta::try_seconds(count.checked_mul(self.seconds)?)?;
        self.anchor.checked_add_signed(since)
    }
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
