//! Field of an expression: a list of values, ranges and steps.

use std::collections::BTreeSet;

use super::error::ScheduleError;
use super::piece::Piece;

/// Description of one field of an expression: its name and the values that it may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub name: &'static str,
    low: u32,
    high: u32,
    /// Names of the values, from `low` on.
    names: &'static [&'static str],
    range: &'static str,
    /// Hint for error messages: the values that are allowed.
    allowed: &'static str,
    /// Whether `a/n` means "from a to the end by n", as AWS has it. Debian's cron refuses it.
    open_steps: bool,
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

pub(super) const SECOND: Field = Field::numbers("second", 0, 59, "0-59");
pub(super) const MINUTE: Field = Field::numbers("minute", 0, 59, "0-59");
pub(super) const HOUR: Field = Field::numbers("hour", 0, 23, "0-23");
pub(super) const DAY_OF_MONTH: Field = Field::numbers("day-of-month", 1, 31, "1-31");
pub(super) const MONTH: Field =
    Field { names: &MONTHS, allowed: "1-12 or JAN-DEC", ..Field::numbers("month", 1, 12, "1-12") };
/// Field in which 0 and 7 are Sunday.
pub(super) const UNIX_DAY_OF_WEEK: Field =
    Field { names: &WEEKDAYS, allowed: "0-7 or SUN-SAT", ..Field::numbers("day-of-week", 0, 7, "0-7") };
pub(super) const AWS_MINUTE: Field = MINUTE.with_open_steps();
pub(super) const AWS_HOUR: Field = HOUR.with_open_steps();
pub(super) const AWS_DAY_OF_MONTH: Field =
    Field { allowed: "1-31, or one of ?, L, LW and 15W alone", ..DAY_OF_MONTH.with_open_steps() };
pub(super) const AWS_MONTH: Field = MONTH.with_open_steps();
/// Field in which 1 is Sunday.
pub(super) const AWS_DAY_OF_WEEK: Field = Field {
    names: &WEEKDAYS,
    allowed: "1-7 or SUN-SAT, or one of ?, L, 6L and 6#3 alone",
    ..Field::numbers("day-of-week", 1, 7, "1-7").with_open_steps()
};
pub(super) const AWS_YEAR: Field = Field::numbers("year", 1970, 2199, "1970-2199").with_open_steps();

/// Values of a parsed field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Values {
    pub set: BTreeSet<u32>,
    /// Whether the text starts with `*`: Vixie cron's star flag. AWS writes `*/n` as `a/n`, which sets
    /// the flag too.
    pub star: bool,
}

impl Field {
    const fn numbers(name: &'static str, low: u32, high: u32, range: &'static str) -> Self {
        Self { name, low, high, names: &[], range, allowed: range, open_steps: false }
    }

    const fn with_open_steps(self) -> Self {
        Self { open_steps: true, ..self }
    }

    /// Parses the text of a field.
    ///
    /// # Errors
    /// The text is no list of values in the field's range.
    pub fn parse(&self, piece: Piece<'_>) -> Result<Values, ScheduleError> {
        let mut values = Values { set: BTreeSet::new(), star: piece.text().starts_with('*') };
        for item in piece.split(',') {
            let (low, high, step) = self.item(item, &mut values.star)?;
            values.set.extend((low..=high).step_by(step));
        }
        Ok(values)
    }

    /// Parses one item of the list: `*`, `a` or `a-b`; `*` and `a-b` may have a step `/n`.
    fn item(&self, item: Piece<'_>, star: &mut bool) -> Result<(u32, u32, usize), ScheduleError> {
        let Some((range, step)) = item.split_once('/') else {
            let (low, high) = self.range(item)?;
            return Ok((low, high, 1));
        };
        let (low, mut high) = self.range(range)?;
        if range.text() != "*" && !range.text().contains('-') {
            if !self.open_steps {
                return Err(ScheduleError::StepWithoutRange { at: item.place(self.name) });
            }
            high = self.high;
            *star = true;
        }
        Ok((low, high, self.step(step)?))
    }

    fn range(&self, range: Piece<'_>) -> Result<(u32, u32), ScheduleError> {
        if range.text() == "*" {
            return Ok((self.low, self.high));
        }
        let Some((first, last)) = range.split_once('-') else {
            let value = self.value(range)?;
            return Ok((value, value));
        };
        if first.text().is_empty() || last.text().is_empty() {
            return Err(self.unexpected(range));
        }
        let (low, high) = (self.value(first)?, self.value(last)?);
        if low > high {
            return Err(ScheduleError::ReversedRange { at: range.place(self.name) });
        }
        Ok((low, high))
    }

    /// Parses a number in range, or a name in any case.
    ///
    /// # Errors
    /// The text is no number in range, and none of the names.
    pub fn value(&self, piece: Piece<'_>) -> Result<u32, ScheduleError> {
        let text = piece.text();
        if let Some(index) = self.names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
            return Ok(self.low + index as u32);
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected(piece));
        }
        match text.parse() {
            Ok(value) if (self.low..=self.high).contains(&value) => Ok(value),
            _ => Err(ScheduleError::OutOfRange { at: piece.place(self.name), allowed: self.range }),
        }
    }

    /// Parses a step. It may exceed the range, as Debian's cron allows: `*/60` in minutes is `0`.
    fn step(&self, step: Piece<'_>) -> Result<usize, ScheduleError> {
        let digits = step.text().bytes().all(|byte| byte.is_ascii_digit());
        match step.text().parse() {
            Ok(step) if digits && step > 0 => Ok(step),
            _ => Err(ScheduleError::BadStep { at: step.place(self.name) }),
        }
    }

    fn unexpected(&self, piece: Piece<'_>) -> ScheduleError {
        ScheduleError::Unexpected { at: piece.place(self.name), allowed: self.allowed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(field: &Field, text: &str) -> Vec<u32> {
        field.parse(Piece::new(text)).unwrap().set.into_iter().collect()
    }

    #[test]
    fn lists_ranges_and_steps() {
        assert_eq!(set(&MINUTE, "*/20"), [0, 20, 40]);
        assert_eq!(set(&MINUTE, "*/90"), [0]);
        assert_eq!(set(&HOUR, "1-9/4,22,*/12"), [0, 1, 5, 9, 12, 22]);
        assert_eq!(set(&MONTH, "jan,Mar-MAY/2"), [1, 3, 5]);
        assert_eq!(set(&UNIX_DAY_OF_WEEK, "5-7"), [5, 6, 7]);
        assert_eq!(set(&AWS_HOUR, "5/9"), [5, 14, 23]);
    }

    #[test]
    fn only_a_leading_star_sets_the_flag() {
        let star = |text| MINUTE.parse(Piece::new(text)).unwrap().star;
        assert!(star("*") && star("*/5") && star("*,5"));
        assert!(!star("0-59") && !star("5,*"));
        assert!(AWS_MINUTE.parse(Piece::new("0/5")).unwrap().star);
    }
}
