//! Unix cron: five fields, or six with leading seconds, as Debian's cron reads them.
//!
//! - `a/n` without a range is refused, as Debian's cron does.
//! - A range must rise. Debian's cron takes `FRI-MON` and never runs it; here it is an error. A week's
//!   end is `5-7`: as in cron, the name `SUN` is 0 and so cannot end a range.
//! - The two day fields are ANDed when either *starts with* `*` (so `*/2` counts), and ORed otherwise.
//! - `@reboot` has no meaning here and is refused.

use std::collections::BTreeSet;

use super::calendar::{Calendar, DayFilter, Fields};
use super::error::ScheduleError;
use super::field::{self, Values};
use super::local::DstRule;
use super::piece::Piece;

const ALLOWED_FIELDS: &str = "5 (minute hour day-of-month month day-of-week) or 6 with seconds before them";

/// Five fields that a shorthand such as `@daily` stands for. `None` for an unknown name.
pub(super) fn shorthand(name: &str) -> Option<&'static str> {
    Some(match name {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return None,
    })
}

pub(super) fn parse(expression: Piece<'_>) -> Result<(Calendar, DstRule), ScheduleError> {
    let words = expression.words();
    let (seconds, rest) = match words.len() {
        5 => (Some(BTreeSet::from([0])), &words[..]),
        6 => (full_as_none(&field::SECOND.parse(words[0])?, 60), &words[1..]),
        found => return Err(wrong_count(expression, &words, found)),
    };
    let minutes = field::MINUTE.parse(rest[0])?;
    let hours = field::HOUR.parse(rest[1])?;
    let days_of_month = field::DAY_OF_MONTH.parse(rest[2])?;
    let months = field::MONTH.parse(rest[3])?;
    let days_of_week = field::UNIX_DAY_OF_WEEK.parse(rest[4])?;

    let common = Fields {
        seconds,
        minutes: full_as_none(&minutes, 60),
        hours: full_as_none(&hours, 24),
        months: full_as_none(&months, 12),
        ..Fields::default()
    };
    let rule = if minutes.star || hours.star { DstRule::RealTime } else { DstRule::FixedTime };
    let walks = walks(&common, &days_of_month, &days_of_week);
    Ok((Calendar::new(&walks, DayFilter::Any, None, expression)?, rule))
}

fn walks(common: &Fields, days_of_month: &Values, days_of_week: &Values) -> Vec<Fields> {
    let by_month = full_as_none(days_of_month, 31);
    let from_sunday =
        Values { set: days_of_week.set.iter().map(|day| day % 7 + 1).collect(), star: days_of_week.star };
    let by_week = full_as_none(&from_sunday, 7);
    if days_of_month.star || days_of_week.star {
        return vec![Fields { days_of_month: by_month, days_of_week: by_week, ..common.clone() }];
    }
    if by_month.is_none() || by_week.is_none() {
        return vec![common.clone()];
    }
    vec![
        Fields { days_of_month: by_month, ..common.clone() },
        Fields { days_of_week: by_week, ..common.clone() },
    ]
}

/// Values, or `None` where they are all values of the field: the walker is quicker with "every value"
/// than with a list.
pub(super) fn full_as_none(values: &Values, size: usize) -> Option<BTreeSet<u32>> {
    (values.set.len() < size).then(|| values.set.clone())
}

fn wrong_count(expression: Piece<'_>, words: &[Piece<'_>], found: usize) -> ScheduleError {
    let piece = words.get(6).copied().unwrap_or_else(|| expression.end());
    ScheduleError::FieldCount { at: piece.place("expression"), found, allowed: ALLOWED_FIELDS }
}
