//! The slots of a calendar expression on the naive local timeline, which has no gaps or folds.
//!
//! The `cron` crate carries the walk. It is used in pretended UTC because, walked in a zone, it drops
//! what a gap removes and repeats a fold out of order. It ANDs its two day fields, so Unix cron's OR is
//! the union of two walks; what it has no words for (`L`, `W`, years beyond 2100) is a filter here,
//! over a walk already narrowed to the few days that can match.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};

use super::error::ScheduleError;
use super::piece::Piece;

/// Values of each calendar field. `None` stands for every value. Days of week count from 1, Sunday.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub seconds: Option<BTreeSet<u32>>,
    pub minutes: Option<BTreeSet<u32>>,
    pub hours: Option<BTreeSet<u32>>,
    pub days_of_month: Option<BTreeSet<u32>>,
    pub months: Option<BTreeSet<u32>>,
    pub days_of_week: Option<BTreeSet<u32>>,
}

/// Filter on the walked days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayFilter {
    Any,
    LastOfMonth,
    LastWeekdayOfMonth,
    /// Weekday nearest to this day, within its month.
    NearestWeekday(u32),
    /// Last day of its day of week in the month.
    LastOfItsKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Calendar {
    walks: Vec<cron::Schedule>,
    days: DayFilter,
    years: Option<BTreeSet<u32>>,
}

const YEARS: RangeInclusive<i32> = 1970..=2199;
/// Last year that the `cron` crate walks.
const LAST_WALKED_YEAR: i32 = 2100;
/// Shift of 124 years, from 1977 to 2101: whole weeks, so that 2101-2199 has the dates, leap days and
/// days of week of 1977-2075 and can be walked there.
const LATE_SHIFT: TimeDelta = TimeDelta::days(45_290);
const ONE_SECOND: TimeDelta = TimeDelta::seconds(1);

impl Calendar {
    /// Calendar that is the union of `walks`, at least one.
    ///
    /// # Errors
    /// The `cron` crate refuses the fields of a walk.
    ///
    /// # Errors
    /// The `cron` crate refuses the fields of a walk.
    pub fn new(
        walks: &[Fields],
        days: DayFilter,
        years: Option<BTreeSet<u32>>,
        whole: Piece<'_>,
    ) -> Result<Self, ScheduleError> {
        let walks = walks.iter().map(|fields| fields.translate(whole)).collect::<Result<_, _>>()?;
        Ok(Self { walks, days, years })
    }

    /// First slot strictly after `after`.
    pub fn next(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let mut after = after.max(start_of_year(*YEARS.start()) - ONE_SECOND);
        loop {
            let slot = self.walks.iter().filter_map(|walk| walk_forward(walk, after)).min()?;
            if !self.has_year(slot.year()) {
                let year = self.years.as_ref()?.range(slot.year() as u32..).next()?;
                after = start_of_year(*year as i32) - ONE_SECOND;
            } else if self.days.accepts(slot.date()) {
                return Some(slot);
            } else {
                after = start_of_day(slot.date() + Days::new(1)) - ONE_SECOND;
            }
        }
    }

    /// The last slot strictly before `before`.
    pub fn previous(&self, before: NaiveDateTime) -> Option<NaiveDateTime> {
        let mut before = before.min(start_of_year(*YEARS.end() + 1));
        loop {
            let slot = self.walks.iter().filter_map(|walk| walk_backward(walk, before)).max()?;
            if !self.has_year(slot.year()) {
                let year = self.years.as_ref()?.range(..slot.year() as u32).next_back()?;
                before = start_of_year(*year as i32 + 1);
            } else if self.days.accepts(slot.date()) {
                return Some(slot);
            } else {
                before = start_of_day(slot.date());
            }
        }
    }

    pub fn walks(&self) -> impl Iterator<Item = &cron::Schedule> {
        self.walks.iter()
    }

    fn has_year(&self, year: i32) -> bool {
        self.years.as_ref().is_none_or(|years| years.contains(&(year as u32)))
    }
}

impl Fields {
    fn translate(&self, whole: Piece<'_>) -> Result<cron::Schedule, ScheduleError> {
        let fields = [
            &self.seconds,
            &self.minutes,
            &self.hours,
            &self.days_of_month,
            &self.months,
            &self.days_of_week,
        ];
        let expression = fields.map(|set| list(set.as_ref())).join(" ");
        expression.parse().map_err(|error: cron::error::Error| ScheduleError::Calendar {
            at: whole.place("expression"),
            reason: error.to_string(),
        })
    }
}

fn list(set: Option<&BTreeSet<u32>>) -> String {
    set.map_or_else(|| "*".to_owned(), |set| set.iter().map(u32::to_string).collect::<Vec<_>>().join(","))
}

impl DayFilter {
    fn accepts(self, day: NaiveDate) -> bool {
        let days_in_month = u32::from(day.num_days_in_month());
        match self {
            Self::Any => true,
            Self::LastOfMonth => day.day() == days_in_month,
            Self::LastWeekdayOfMonth => nearest_weekday(day, days_in_month) == Some(day.day()),
            Self::NearestWeekday(target) => nearest_weekday(day, target) == Some(day.day()),
            Self::LastOfItsKind => day.day() + 7 > days_in_month,
        }
    }
}

/// Day of `month`'s month on which "the weekday nearest to `target`" falls. It is never in another
/// month.
fn nearest_weekday(month: NaiveDate, target: u32) -> Option<u32> {
    let date = month.with_day(target)?;
    Some(match date.weekday() {
        Weekday::Sat if target == 1 => 3,
        Weekday::Sat => target - 1,
        Weekday::Sun if target == u32::from(date.num_days_in_month()) => target - 2,
        Weekday::Sun => target + 1,
        _ => target,
    })
}

fn walk_forward(walk: &cron::Schedule, after: NaiveDateTime) -> Option<NaiveDateTime> {
    let next = |after: NaiveDateTime| -> Option<DateTime<Utc>> { walk.after(&after.and_utc()).next() };
    if let Some(slot) = next(after) {
        return Some(slot.naive_utc());
    }
    let late = after.max(start_of_year(LAST_WALKED_YEAR + 1) - ONE_SECOND);
    let slot = next(late.checked_sub_signed(LATE_SHIFT)?)?.naive_utc() + LATE_SHIFT;
    YEARS.contains(&slot.year()).then_some(slot)
}

fn walk_backward(walk: &cron::Schedule, before: NaiveDateTime) -> Option<NaiveDateTime> {
    let previous =
        |before: NaiveDateTime| -> Option<DateTime<Utc>> { walk.after(&before.and_utc()).next_back() };
    let late = start_of_year(LAST_WALKED_YEAR + 1);
    if before > late {
        let slot = previous(before - LATE_SHIFT).map(|slot| slot.naive_utc() + LATE_SHIFT);
        if let Some(slot) = slot.filter(|slot| *slot >= late) {
            return Some(slot);
        }
    }
    if before.year() < *YEARS.start() {
        return None;
    }
    previous(before.min(late)).map(|slot| slot.naive_utc())
}

fn start_of_day(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

fn start_of_year(year: i32) -> NaiveDateTime {
    NaiveDate::from_yo_opt(year, 1).map_or(NaiveDateTime::MAX, start_of_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_late_years_walk_as_the_shifted_ones() {
        for year in 2101..=2199 {
            let (late, early) = (start_of_year(year), start_of_year(year - 124));
            assert_eq!(late - LATE_SHIFT, early);
            assert_eq!(
                (late.weekday(), late.date().leap_year()),
                (early.weekday(), early.date().leap_year())
            );
        }
    }
}
