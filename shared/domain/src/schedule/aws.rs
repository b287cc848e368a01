//! `cron(minute hour day-of-month month day-of-week year)` as Amazon EventBridge reads it.
//!
//! Days of week count from 1, Sunday. Exactly one of the two day fields is `?`. `L`, `W` and `#` stand
//! alone in their field: AWS says so for `#`, and lists of them have no agreed meaning. In day-of-week
//! a bare `L` is Saturday, the week's last day, and `6L` is the month's last Friday.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::calendar::{Calendar, DayFilter, Fields};
use super::error::ScheduleError;
use super::field::{self, Field};
use super::local::DstRule;
use super::piece::Piece;
use super::unix::full_as_none;

const ALLOWED_FIELDS: &str = "6 (minute hour day-of-month month day-of-week year)";
const ALLOWED_OCCURRENCE: &str = "1-5";
const WEEKDAYS: RangeInclusive<u32> = 2..=6;

/// Days that a day field selects: a superset to walk, and the filter for it.
struct Days {
    of_month: Option<BTreeSet<u32>>,
    of_week: Option<BTreeSet<u32>>,
    filter: DayFilter,
}

/// Parses the text between the parentheses of `cron(…)`.
///
/// # Errors
/// The text is not six fields with permitted values.
pub(super) fn parse(inside: Piece<'_>) -> Result<(Calendar, DstRule), ScheduleError> {
    let words = inside.words();
    let [minute, hour, day_of_month, month, day_of_week, year] = words[..] else {
        let piece = words.get(6).copied().unwrap_or_else(|| inside.end());
        let at = piece.place("expression");
        return Err(ScheduleError::FieldCount { at, found: words.len(), allowed: ALLOWED_FIELDS });
    };
    let minutes = field::AWS_MINUTE.parse(minute)?;
    let hours = field::AWS_HOUR.parse(hour)?;
    let days = days(day_of_month, day_of_week)?;
    let months = field::AWS_MONTH.parse(month)?;
    let years = field::AWS_YEAR.parse(year)?;

    let fields = Fields {
        seconds: Some(BTreeSet::from([0])),
        minutes: full_as_none(&minutes, 60),
        hours: full_as_none(&hours, 24),
        days_of_month: days.of_month,
        months: full_as_none(&months, 12),
        days_of_week: days.of_week,
    };
    let rule = if minutes.star || hours.star { DstRule::RealTime } else { DstRule::FixedTime };
    Ok((Calendar::new(&[fields], days.filter, full_as_none(&years, 230), inside)?, rule))
}

fn days(of_month: Piece<'_>, of_week: Piece<'_>) -> Result<Days, ScheduleError> {
    match (of_month.text(), of_week.text()) {
        ("?", "?") => Err(ScheduleError::DayFields { at: of_week.place(field::AWS_DAY_OF_WEEK.name) }),
        ("?", _) => days_of_week(of_week),
        (_, "?") => days_of_month(of_month),
        _ => Err(ScheduleError::DayFields { at: of_week.place(field::AWS_DAY_OF_WEEK.name) }),
    }
}

fn days_of_month(piece: Piece<'_>) -> Result<Days, ScheduleError> {
    if piece.text().contains(',') {
        return listed_days_of_month(piece);
    }
    let text = piece.text().to_ascii_uppercase();
    if text == "L" {
        return Ok(Days { of_month: some(28..=31), of_week: None, filter: DayFilter::LastOfMonth });
    }
    if text == "LW" {
        let filter = DayFilter::LastWeekdayOfMonth;
        return Ok(Days { of_month: some(26..=31), of_week: some(WEEKDAYS), filter });
    }
    if text.ends_with('W') {
        let target = value_before_suffix(field::AWS_DAY_OF_MONTH, piece)?;
        let near = target.saturating_sub(2).max(1)..=(target + 2).min(31);
        let filter = DayFilter::NearestWeekday(target);
        return Ok(Days { of_month: some(near), of_week: some(WEEKDAYS), filter });
    }
    listed_days_of_month(piece)
}

fn listed_days_of_month(piece: Piece<'_>) -> Result<Days, ScheduleError> {
    let values = field::AWS_DAY_OF_MONTH.parse(piece)?;
    Ok(Days { of_month: full_as_none(&values, 31), of_week: None, filter: DayFilter::Any })
}

fn days_of_week(piece: Piece<'_>) -> Result<Days, ScheduleError> {
    let field = field::AWS_DAY_OF_WEEK;
    let text = piece.text();
    if text.contains(',') {
        return listed_days_of_week(piece);
    }
    if let Some((day, occurrence)) = piece.split_once('#') {
        return nth_day_of_week(field.value(day)?, occurrence);
    }
    if text.eq_ignore_ascii_case("L") {
        return Ok(Days { of_month: None, of_week: some(7..=7), filter: DayFilter::Any });
    }
    if text.ends_with(['L', 'l']) {
        let day = value_before_suffix(field, piece)?;
        let filter = DayFilter::LastOfItsKind;
        return Ok(Days { of_month: some(22..=31), of_week: some(day..=day), filter });
    }
    listed_days_of_week(piece)
}

fn listed_days_of_week(piece: Piece<'_>) -> Result<Days, ScheduleError> {
    let values = field::AWS_DAY_OF_WEEK.parse(piece)?;
    Ok(Days { of_month: None, of_week: full_as_none(&values, 7), filter: DayFilter::Any })
}

fn nth_day_of_week(day: u32, occurrence: Piece<'_>) -> Result<Days, ScheduleError> {
    let [digit @ b'1'..=b'5'] = occurrence.text().as_bytes() else {
        let at = occurrence.place(field::AWS_DAY_OF_WEEK.name);
        return Err(ScheduleError::Unexpected { at, allowed: ALLOWED_OCCURRENCE });
    };
    let nth = u32::from(digit - b'0');
    let week = 7 * (nth - 1) + 1..=(7 * nth).min(31);
    Ok(Days { of_month: some(week), of_week: some(day..=day), filter: DayFilter::Any })
}

/// Value before a one-letter suffix such as `W`.
///
/// # Errors
/// There is no value before the suffix, or it is out of range.
fn value_before_suffix(field: Field, piece: Piece<'_>) -> Result<u32, ScheduleError> {
    match &piece.text()[..piece.text().len() - 1] {
        "" => field.value(piece),
        value => field.value(piece.part(value)),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a field is a set or every value")]
fn some(range: RangeInclusive<u32>) -> Option<BTreeSet<u32>> {
    Some(range.collect())
}
