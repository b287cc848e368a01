//! One-time schedules: `at(2026-12-24T18:00:00)` in the zone, and a plain RFC 3339 instant.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::error::ScheduleError;
use super::local::LocalTime;
use super::piece::Piece;

const LOCAL_FORMAT: &str = "%Y-%m-%dT%H:%M:%S";
const ALLOWED_AT: &str = "a local time such as 2026-12-24T18:00:00";
const ALLOWED_RUN_AT: &str = "an RFC 3339 instant such as 2026-12-24T18:00:00Z";

/// Parses the text between the parentheses of `at(…)`. A local time in a gap is due at the first
/// instant after the gap, a repeated local time at its first occurrence.
///
/// # Errors
/// The text is not a local date and time with seconds.
pub(super) fn parse_at(inside: Piece<'_>, time: &LocalTime) -> Result<DateTime<Utc>, ScheduleError> {
    // The round trip refuses what the lenient reader lets through, such as 2026-1-2.
    NaiveDateTime::parse_from_str(inside.text(), LOCAL_FORMAT)
        .ok()
        .filter(|local| local.format(LOCAL_FORMAT).to_string() == inside.text())
        .map(|local| time.first_reached(local))
        .ok_or_else(|| ScheduleError::Unexpected { at: inside.place("at"), allowed: ALLOWED_AT })
}

/// Whether the text starts as a date does, which no cron expression can.
pub(super) fn looks_like_instant(text: &str) -> bool {
    let shape = "dddd-dd";
    text.len() > shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            _ => byte == shape,
        })
}

/// Parses an RFC 3339 instant. It is kept to the millisecond; finer parts are cut off.
pub(super) fn parse_run_at(piece: Piece<'_>) -> Result<DateTime<Utc>, ScheduleError> {
    DateTime::parse_from_rfc3339(piece.text())
        .ok()
        .and_then(|instant| DateTime::from_timestamp_millis(instant.timestamp_millis()))
        .ok_or_else(|| ScheduleError::Unexpected { at: piece.place("run_at"), allowed: ALLOWED_RUN_AT })
}
