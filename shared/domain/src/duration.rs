//! Durations as people write them: `500ms`, `90s`, `1h30m`, `7d`, or a number of seconds.
//!
//! [`HumanDuration`] is the type; `#[serde(with = "crate::duration")]` gives a plain
//! [`Duration`] field the same form. The resolution is a millisecond, like [`crate::Timestamp`]'s.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// The longest duration that is read: 366 days.
pub const MAX: Duration = Duration::from_secs(366 * 86_400);

/// Units with their milliseconds, in the order in which they may follow each other.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Duration that reads and writes itself as text: 0 to 366 days when read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HumanDuration(pub Duration);

/// Why a duration could not be read. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DurationError {
    #[error("duration `{text}`: expected {expected} at position {position}")]
    Malformed { text: String, position: usize, expected: &'static str },
    #[error("duration `{text}`: must not be negative (position 1)")]
    Negative { text: String },
    #[error("duration `{text}`: must be at most 366d (position 1)")]
    TooLong { text: String },
}

impl HumanDuration {
    /// Converts seconds, rounded to the millisecond.
    ///
    /// # Errors
    /// The number is negative, above 366 days or not a number.
    pub fn from_seconds(seconds: f64) -> Result<Self, DurationError> {
        if seconds < 0.0 {
            return Err(DurationError::Negative { text: seconds.to_string() });
        }
        if !seconds.is_finite() {
            return Err(DurationError::TooLong { text: seconds.to_string() });
        }
        Self::bounded((seconds * 1000.0).round() as u64, || seconds.to_string())
    }

    fn bounded(ms: u64, text: impl FnOnce() -> String) -> Result<Self, DurationError> {
        let duration = Duration::from_millis(ms);
        if duration > MAX { Err(DurationError::TooLong { text: text() }) } else { Ok(Self(duration)) }
    }
}

impl From<HumanDuration> for Duration {
    fn from(human: HumanDuration) -> Self {
        human.0
    }
}

/// Writes the usual form: the largest units first, without units of zero. Durations under two minutes
/// are not broken up, so that `90s` and `1500ms` stay as they were written.
impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ms = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if ms == 0 {
            return f.write_str("0s");
        }
        let breaks_up = |unit: u64| ms >= 2 * unit || ms.is_multiple_of(unit);
        let smaller_only = |unit: u64| unit > 1 && unit <= 60_000 && !breaks_up(unit);
        let units: Vec<_> = UNITS.into_iter().filter(|&(_, unit)| !smaller_only(unit)).collect();
        for (name, unit) in units {
            if ms >= unit {
                write!(f, "{}{name}", ms / unit)?;
                ms %= unit;
            }
        }
        Ok(())
    }
}

impl FromStr for HumanDuration {
    type Err = DurationError;

    /// Reads whole numbers with the units d, h, m, s, ms, each at most once and from large to small.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        if text.starts_with('-') {
            return Err(DurationError::Negative { text: text.to_owned() });
        }
        let (mut at, mut total, mut previous) = (0, 0_u64, u64::MAX);
        while at < text.len() || at == 0 {
            let digits = run(text, at, |byte| byte.is_ascii_digit());
            if digits.is_empty() {
                return Err(malformed(text, at, "a whole number"));
            }
            let unit_at = at + digits.len();
            let name = run(text, unit_at, |byte| byte.is_ascii_alphabetic());
            let unit = UNITS.iter().find(|(unit, _)| *unit == name).map(|&(_, ms)| ms);
            let unit = unit.ok_or_else(|| malformed(text, unit_at, "a unit (d, h, m, s or ms)"))?;
            if unit >= previous {
                return Err(malformed(text, unit_at, "a smaller unit than the one before"));
            }
            total = total.saturating_add(digits.parse().unwrap_or(u64::MAX).saturating_mul(unit));
            (at, previous) = (unit_at + name.len(), unit);
        }
        Self::bounded(total, || text.to_owned())
    }
}

/// Bytes from `at` on that are wanted. All text before `at` is ASCII, so bytes count as characters.
fn run(text: &str, at: usize, wanted: impl Fn(u8) -> bool) -> &str {
    let length = text.bytes().skip(at).take_while(|&byte| wanted(byte)).count();
    &text[at..at + length]
}

fn malformed(text: &str, at: usize, expected: &'static str) -> DurationError {
    DurationError::Malformed { text: text.to_owned(), position: at + 1, expected }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl de::Visitor<'_> for Reader {
    type Value = HumanDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds or a duration such as `90s` or `1h30m`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<HumanDuration, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<HumanDuration, E> {
        HumanDuration::bounded(seconds.saturating_mul(1000), || seconds.to_string()).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<HumanDuration, E> {
        match u64::try_from(seconds) {
            Ok(seconds) => self.visit_u64(seconds),
            Err(_) => Err(E::custom(DurationError::Negative { text: seconds.to_string() })),
        }
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<HumanDuration, E> {
        HumanDuration::from_seconds(seconds).map_err(E::custom)
    }
}

/// For `#[serde(with = "crate::duration")]`.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    HumanDuration(*duration).serialize(serializer)
}

/// For `#[serde(with = "crate::duration")]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    HumanDuration::deserialize(deserializer).map(Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<u64, String> {
        text.parse::<HumanDuration>().map(|d| d.0.as_millis() as u64).map_err(|e| e.to_string())
    }

    #[test]
    fn reads_what_people_write() {
        for (text, ms) in [
            ("90s", 90_000),
            ("2h", 7_200_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("7d", 604_800_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("0s", 0),
            ("366d", 31_622_400_000),
        ] {
            assert_eq!(read(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn errors_name_text_and_position() {
        for (text, wanted) in [
            ("", "duration ``: expected a whole number at position 1"),
            ("90", "duration `90`: expected a unit (d, h, m, s or ms) at position 3"),
            ("1h30", "duration `1h30`: expected a unit (d, h, m, s or ms) at position 5"),
            ("1.5h", "duration `1.5h`: expected a unit (d, h, m, s or ms) at position 2"),
            ("5 é", "duration `5 é`: expected a unit (d, h, m, s or ms) at position 2"),
            ("3m é", "duration `3m é`: expected a whole number at position 3"),
            ("3m2h", "duration `3m2h`: expected a smaller unit than the one before at position 4"),
            ("1s1s", "duration `1s1s`: expected a smaller unit than the one before at position 4"),
            ("-5s", "duration `-5s`: must not be negative (position 1)"),
            ("366d1ms", "duration `366d1ms`: must be at most 366d (position 1)"),
            (
                "99999999999999999999999d",
                "duration `99999999999999999999999d`: must be at most 366d (position 1)",
            ),
        ] {
            assert_eq!(read(text), Err(wanted.to_owned()), "{text}");
        }
    }

    #[test]
    fn json_takes_numbers_and_text() {
        for (json, ms) in
            [("90", 90_000), ("0.25", 250), ("1e3", 1_000_000), ("-0.0", 0), (r#""2h""#, 7_200_000)]
        {
            let read: HumanDuration = serde_json::from_str(json).unwrap();
            assert_eq!(read.0.as_millis(), ms, "{json}");
        }
        for json in ["-1", "-0.5", "31622401", "1e300", "18446744073709551615", "true", "null", r#""soon""#] {
            assert!(serde_json::from_str::<HumanDuration>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn shows_the_usual_form() {
        for text in [
            "0s", "1ms", "1500ms", "2s500ms", "1m", "61s", "90s", "90s500ms", "2m30s", "1h30m", "1d12h", "7d",
        ] {
            assert_eq!(text.parse::<HumanDuration>().unwrap().to_string(), text);
        }
        assert_eq!("5400s".parse::<HumanDuration>().unwrap().to_string(), "1h30m");
    }

    proptest! {
        #[test]
        fn shown_then_read_is_the_same(ms in 0..=31_622_400_000_u64) {
            prop_assert_eq!(read(&HumanDuration(Duration::from_millis(ms)).to_string()), Ok(ms));
        }

        #[test]
        fn nothing_panics(text in r"[-0-9dhms. é]{0,12}") {
            let _ = read(&text);
        }
    }
}
