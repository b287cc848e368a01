//! `@every 1h30m` and `rate(5 minutes)`: multiples of a length since the Unix epoch, in every zone alike.
//!
//! The anchor makes the slots a function of the expression alone: changing a job, or deploying it a
//! second time, moves none of them.

use chrono::{DateTime, Utc};

use super::error::ScheduleError;
use super::piece::Piece;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    seconds: i64,
}

const LONGEST_SECONDS: u64 = 36_500 * 86_400;
const ALLOWED_LENGTH: &str = "1s-36500d";
const ALLOWED_EVERY: &str = "a duration of s, m, h and d, such as 90s or 1h30m";
const ALLOWED_RATE: &str = "a number and minutes, hours or days, such as 5 minutes";
const ALLOWED_UNIT: &str = "minute, hour or day after 1, and minutes, hours or days after any other number";

impl Interval {
    /// The duration of `@every`: numbers with units, added up.
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

    /// What stands between the parentheses of `rate(…)`.
    pub fn parse_rate(inside: Piece<'_>) -> Result<Self, ScheduleError> {
        let words = inside.words();
        let [value, unit] = words[..] else {
            return Err(unexpected(inside, ALLOWED_RATE));
        };
        if !value.text().bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unexpected(value, ALLOWED_RATE));
        }
        let one = value.text().parse() == Ok(1_u8);
        let singular = if one { Some(unit.text()) } else { unit.text().strip_suffix('s') };
        let scale = match singular {
            Some("minute") => 60,
            Some("hour") => 3_600,
            Some("day") => 86_400,
            _ => return Err(unexpected(unit, ALLOWED_UNIT)),
        };
        Self::of(seconds(value.text(), scale), value)
    }

    fn of(seconds: Option<u64>, piece: Piece<'_>) -> Result<Self, ScheduleError> {
        match seconds {
            Some(seconds @ 1..=LONGEST_SECONDS) => Ok(Self { seconds: seconds as i64 }),
            _ => Err(ScheduleError::OutOfRange { at: piece.place("interval"), allowed: ALLOWED_LENGTH }),
        }
    }

    pub fn next_after(self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let count = after.timestamp().max(-1).div_euclid(self.seconds) + 1;
        DateTime::from_timestamp(count.checked_mul(self.seconds)?, 0)
    }

    pub fn latest_at_or_before(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let elapsed = at.timestamp();
        if elapsed < 0 { None } else { DateTime::from_timestamp(elapsed - elapsed % self.seconds, 0) }
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
