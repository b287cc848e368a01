//! Translation of `OnCalendar=`, exactly or not at all.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html#Calendar%20Events>. There
//! a weekday and a date must both match, while cron accepts either. Expressions that need both are
//! translated into Amazon's form (`2#1`, `6L`), or refused.

use std::collections::BTreeSet;

use belfry_domain::schedule::Schedule;

const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const SHORTHANDS: [(&str, &str); 9] = [
    ("minutely", "* * * * *"),
    ("hourly", "0 * * * *"),
    ("daily", "0 0 * * *"),
    ("weekly", "0 0 * * 1"),
    ("monthly", "0 0 1 * *"),
    ("quarterly", "0 0 1 1,4,7,10 *"),
    ("semiannually", "0 0 1 1,7 *"),
    ("yearly", "0 0 1 1 *"),
    ("annually", "0 0 1 1 *"),
];
const FORM: &str = "is not a calendar expression such as `Mon..Fri *-*-* 09:00:00 Europe/Berlin`";
const BOTH: &str =
    "weekday and date must both match, which belfry supports only for one weekday in one week of the month";
const FROM_END: &str =
    "belfry can count from the end of a month only to the last day, and to the last of one weekday";
const FINE_YEARS: &str = "belfry supports years only in schedules of whole minutes";
const FRACTION: &str = "belfry has no fractions of a second in a calendar";
const INSTANT: &str = "is an instant in the past";

/// Schedule, and its zone where the expression names one.
pub type Read = Result<(String, Option<String>), String>;

pub fn read(text: &str) -> Read {
    let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
    if text.starts_with('@') {
        return Err(INSTANT.to_owned());
    }
    let zone = words.pop_if(|word| is_zone(word)).map(str::to_owned);
    if let [word] = words[..]
        && let Some((_, schedule)) = SHORTHANDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))
    {
        return Ok(((*schedule).to_owned(), zone));
    }
    let mut words = words.into_iter().peekable();
    let weekdays = words.next_if(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
    let date = words.next_if(|word| word.contains(['-', '~']) && !word.contains(':'));
    let time = words.next_if(|word| word.contains(':'));
    if words.next().is_some() || weekdays.or(date).or(time).is_none() {
        return Err(FORM.to_owned());
    }
    let weekdays = weekdays.map(weekdays_of).transpose()?;
    let date = Date::read(date.unwrap_or("*-*-*"))?;
    let time = Time::read(time.unwrap_or("00:00:00"))?;
    Ok((date.with(weekdays.as_ref(), &time)?, zone))
}

fn is_zone(word: &str) -> bool {
    let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic()) && weekdays_of(word).is_err();
    is_name && Schedule::parse("@daily", Some(word)).is_ok()
}

/// Days of the week, with Sunday as 0.
fn weekdays_of(text: &str) -> Result<BTreeSet<usize>, String> {
    let mut days = BTreeSet::new();
    for item in text.split(',').filter(|item| !item.is_empty()) {
        let (first, last) = item.split_once("..").or_else(|| item.split_once('-')).unwrap_or((item, item));
        let (first, last) = (weekday(first)?, weekday(last)?);
        // Its week begins on Monday, and no range goes beyond its end.
        let from_monday = |day: usize| (day + 6) % 7;
        if from_monday(first) > from_monday(last) {
            return Err(FORM.to_owned());
        }
        days.extend((from_monday(first)..=from_monday(last)).map(|day| (day + 1) % 7));
    }
    Ok(days)
}

fn weekday(text: &str) -> Result<usize, String> {
    let text = text.to_ascii_lowercase();
    let is_day = |day: &&str| *day == text || day[..3] == text;
    DAYS.iter().position(is_day).ok_or_else(|| FORM.to_owned())
}

struct Time {
    hour: String,
    minute: String,
    second: String,
}

impl Time {
    fn read(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let (hour, minute) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let second = parts.next().unwrap_or("0");
        if parts.next().is_some() {
            return Err(FORM.to_owned());
        }
        if second.contains('.') && !second.contains("..") {
            return Err(FRACTION.to_owned());
        }
        Ok(Self {
            hour: component(hour, 23)?,
            minute: component(minute, 59)?,
            second: component(second, 59)?,
        })
    }
}

struct Date {
    year: String,
    month: String,
    day: String,
    /// Whether days count from the month's end, whose last day is 1.
    from_end: bool,
}

impl Date {
    fn read(text: &str) -> Result<Self, String> {
        let (before, day, from_end) = if let Some((before, day)) = text.split_once('~') {
            (before, day, true)
        } else {
            let (before, day) = text.rsplit_once('-').ok_or(FORM)?;
            (before, day, false)
        };
        let (year, month) = before.rsplit_once('-').unwrap_or(("*", before));
        Ok(Self {
            year: component(year, 2199)?,
            month: component(month, 12)?,
            day: component(day, 31)?,
            from_end,
        })
    }

    fn with(&self, weekdays: Option<&BTreeSet<usize>>, time: &Time) -> Result<String, String> {
        let Time { hour, minute, second } = time;
        let weekdays = weekdays.filter(|days| days.len() < 7);
        let amazons = |day: &str, weekday: &str| {
            let month = &self.month;
            let is_whole = second == "0";
            is_whole
                .then(|| format!("cron({minute} {hour} {day} {month} {weekday} {})", self.year))
                .ok_or_else(|| FINE_YEARS.to_owned())
        };
        let one = weekdays.filter(|days| days.len() == 1).and_then(|days| days.first());
        match (one, weekdays, self.from_end, self.day.as_str()) {
            (None, None, true, "1") => amazons("L", "?"),
            (Some(day), _, true, "7/1" | "1-7") => amazons("?", &format!("{}L", day + 1)),
            (_, _, true, _) => Err(FROM_END.to_owned()),
            (Some(day), _, false, days) if week_of(days).is_some() => {
                amazons("?", &format!("{}#{}", day + 1, week_of(days).unwrap_or_default()))
            }
            (_, Some(_), false, days) if days != "*" => Err(BOTH.to_owned()),
            (_, weekdays, false, days) => {
                let weekday = weekdays.map_or_else(|| "*".to_owned(), list);
                if self.year != "*" {
                    return match weekdays {
                        Some(names) => amazons("?", &list(&names.iter().map(|day| day + 1).collect())),
                        None => amazons(days, "?"),
                    };
                }
                let fields = format!("{minute} {hour} {days} {} {weekday}", self.month);
                Ok(if second == "0" { fields } else { format!("{second} {fields}") })
            }
        }
    }
}

fn list(days: &BTreeSet<usize>) -> String {
    days.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Week of the month that these days form, counted from 1.
fn week_of(days: &str) -> Option<u32> {
    match days {
        "1-7" => Some(1),
        "8-14" => Some(2),
        "15-21" => Some(3),
        "22-28" => Some(4),
        "29-31" => Some(5),
        _ => None,
    }
}

/// Field of cron: lists, with `a..b` as `a-b`, and `a/n` from `a` to the end.
fn component(text: &str, last: u32) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let items = text.split(',').map(|item| item_of(item, last)).collect::<Result<Vec<_>, _>>()?;
    Ok(items.join(","))
}

fn item_of(item: &str, last: u32) -> Result<String, String> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|number| is_number && *number <= last).ok_or_else(|| FORM.to_owned())
    };
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, Some(number(step)?)),
        None => (item, None),
    };
    let range = match (range.split_once(".."), step) {
        (Some((first, last)), _) => format!("{}-{}", number(first)?, number(last)?),
        (None, Some(1)) if last == 31 => return Ok(format!("{}/1", number(range)?)),
        (None, Some(_)) => format!("{}-{last}", number(range)?),
        (None, None) => number(range)?.to_string(),
    };
    Ok(step.map_or(range.clone(), |step| format!("{range}/{step}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares expressions with `systemd-analyze calendar`.
    #[test]
    fn what_belfry_can_say() {
        for (text, schedule) in [
            ("*:0/15", "0-59/15 * * * *"),
            ("Mon..Fri 9:00", "0 9 * * 1,2,3,4,5"),
            ("Mon-Fri *-*-* 09:00:00", "0 9 * * 1,2,3,4,5"),
            ("fri..sun 1:00", "0 1 * * 0,5,6"),
            ("*-1/2-01", "0 0 1 1-12/2 *"),
            ("*-*~01 18:00", "cron(0 18 L * ? *)"),
            ("Mon *-*~07/1", "cron(0 0 ? * 2L *)"),
            ("Mon *-*-1..7", "cron(0 0 ? * 2#1 *)"),
            ("Sun *-*-15..21 10:00", "cron(0 10 ? * 1#3 *)"),
            ("*-*-1,15", "0 0 1,15 * *"),
            ("2027-*-* 1:00", "cron(0 1 * * ? 2027)"),
            ("Sat 2027-*-* 1:00", "cron(0 1 ? * 7 2027)"),
            ("9:00:30", "30 0 9 * * *"),
            ("*:*:0/10", "0-59/10 * * * * *"),
            ("05-03 1:2", "2 1 3 5 *"),
            ("08..17/3:0", "0 8-17/3 * * *"),
            ("*:5,10/20", "5,10-59/20 * * * *"),
            ("Sunday", "0 0 * * 0"),
            ("Mon..Sun 5:00", "0 5 * * *"),
            ("hourly", "0 * * * *"),
            ("*-*-* 6,18:00", "0 6,18 * * *"),
        ] {
            let read = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read, (schedule.to_owned(), None), "{text}");
            Schedule::parse(schedule, None).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        let zoned = |text| read(text).unwrap().1.unwrap();
        assert_eq!(zoned("12:00 Asia/Tokyo"), "Asia/Tokyo");
        assert_eq!(zoned("daily UTC"), "UTC");
    }

    #[test]
    fn what_it_cannot_say_is_no_approximation() {
        for text in [
            "*:*/5",
            "Sat..Mon",
            "*:*:00.5",
            "Mon *-*-2",
            "Mon,Tue *-*-1..7",
            "*-02~1..3",
            "*-*~03",
            "@1700000000",
            "10",
            "*-*-* 24:00",
            "1..5 3:00",
            "Mon 03",
            "Mon Tue 1:00",
            "*-*-*~1",
            "",
            "Mon *-*-* 1:00 Mars/Base",
            "12:00 12:00",
            "2027-01-01 1:00:30",
            "moonday 1:00",
            "-",
            ":",
            "~",
            "*-*-1/",
            "*-*-99999999999",
            "Mon..",
            "\u{a0}daily",
        ] {
            assert!(read(text).is_err(), "{text}: {:?}", read(text));
        }
    }
}
