//! Debian's cron: crontab(5)'s five fields, and cron(8)'s loop.
//!
//! The loop compares the local minute that has come with the virtual one that it reckoned with. One
//! ahead is the ordinary case. Further ahead it runs the wildcard jobs of this minute and the
//! fixed-time jobs of every minute skipped. Behind it runs the wildcard jobs only, until the clock has
//! caught up.
//!
//! Two things are unlike Debian's daemon, which cannot know why the clock jumps. Debian's takes jumps
//! of more than three hours for corrections and runs nothing of what they skip, and it runs wildcard
//! jobs too over a jump of up to five minutes, which it takes for waking late. This daemon knows that
//! the zone jumps.

use chrono::{DateTime, Datelike, Offset, TimeZone, Timelike};
use chrono_tz::Tz;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A crontab entry.
pub struct Entry {
    minutes: Vec<bool>,
    hours: Vec<bool>,
    days_of_month: Vec<bool>,
    months: Vec<bool>,
    days_of_week: Vec<bool>,
    day_star: bool,
    wildcard: bool,
}

impl Entry {
    pub fn read(text: &str) -> Self {
        let fields: Vec<&str> = text.split(' ').collect();
        let star = |index: usize| fields[index].starts_with('*');
        let mut days_of_week = read_list(fields[4], 0, 7, &WEEKDAYS);
        days_of_week[0] |= days_of_week[7];
        Self {
            minutes: read_list(fields[0], 0, 59, &[]),
            hours: read_list(fields[1], 0, 23, &[]),
            days_of_month: read_list(fields[2], 1, 31, &[]),
            months: read_list(fields[3], 1, 12, &MONTHS),
            days_of_week,
            day_star: star(2) || star(4),
            wildcard: star(0) || star(1),
        }
    }

    fn is_due(&self, local_minute: i64) -> bool {
        let local = DateTime::from_timestamp(local_minute * 60, 0).unwrap().naive_utc();
        let by_month = self.days_of_month[local.day() as usize];
        let by_week = self.days_of_week[local.weekday().num_days_from_sunday() as usize];
        let day = if self.day_star { by_month && by_week } else { by_month || by_week };
        day && self.minutes[local.minute() as usize]
            && self.hours[local.hour() as usize]
            && self.months[local.month() as usize]
    }
}

fn read_list(text: &str, low: usize, high: usize, names: &[&str]) -> Vec<bool> {
    let number = |text: &str| {
        let index = names.iter().position(|name| *name == text.to_uppercase());
        index.map_or_else(|| text.parse().unwrap(), |index| low + index)
    };
    let mut set = vec![false; high + 1];
    for item in text.split(',') {
        let (range, step) = item.split_once('/').map_or((item, 1), |(range, step)| (range, number(step)));
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((first, last)) => (number(first), number(last)),
            None => (number(range), number(range)),
        };
        let mut value = first;
        while value <= last {
            set[value] = true;
            value += step;
        }
    }
    set
}

/// Instants at which the daemon wakes: each new local minute, and each jump of the local clock.
pub struct Timeline {
    /// Instant and local time of each wake, in seconds.
    wakes: Vec<(i64, i64)>,
}

impl Timeline {
    pub fn new(zone: Tz, from: i64, to: i64) -> Self {
        let mut wakes = Vec::new();
        let mut instant = from;
        while instant <= to {
            wakes.push((instant, instant + offset(zone, instant)));
            instant = next_wake(zone, instant);
        }
        Self { wakes }
    }

    pub fn slots(&self, entry: &Entry) -> Vec<i64> {
        let mut slots = Vec::new();
        let mut virtual_minute = self.wakes[0].1.div_euclid(60);
        for (instant, local) in &self.wakes[1..] {
            let minute = local.div_euclid(60);
            let begins = local % 60 == 0;
            let due = if entry.wildcard {
                begins && entry.is_due(minute)
            } else {
                (virtual_minute + 1..=minute).any(|skipped| entry.is_due(skipped))
            };
            virtual_minute = virtual_minute.max(minute);
            if due {
                slots.push(*instant);
            }
        }
        slots
    }
}

fn next_wake(zone: Tz, instant: i64) -> i64 {
    let before = offset(zone, instant);
    let next_minute = instant + 60 - (instant + before).rem_euclid(60);
    if offset(zone, next_minute) == before {
        return next_minute;
    }
    (instant + 1..=next_minute).find(|second| offset(zone, *second) != before).unwrap_or(next_minute)
}

fn offset(zone: Tz, instant: i64) -> i64 {
    let utc = DateTime::from_timestamp(instant, 0).unwrap().naive_utc();
    zone.offset_from_utc_datetime(&utc).fix().local_minus_utc().into()
}
