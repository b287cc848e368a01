//! Schedules against `croner`, a second implementation, where the two follow the same rules.
//!
//! Where they do not, and what this file therefore keeps out or asserts apart:
//!
//! 1. *Day fields.* croner ORs them unless one is exactly `*`. Debian's cron, and so this crate, ANDs
//!    them as soon as one starts with `*`: `0 0 */2 * 1` is odd days that are Mondays, in croner odd
//!    days and Mondays.
//! 2. *What is fixed-time.* croner takes a schedule for fixed-time if second, minute and hour have one
//!    value each; with a list, a range or a step it follows real time. Here, as in Debian's cron, it is
//!    a leading `*` in minute or hour that makes the difference: `0,30 2 * * *` is fixed-time here and
//!    not in croner.
//! 3. *Gaps of a day.* croner looks for the end of a gap on the day of the slot, so on a day that a zone
//!    skips (Apia 2011, Kwajalein 1993) it drops a fixed slot or gives up with an error.
//! 4. *Grammar.* croner lets a range end in `SUN` (`FRI-SUN`) and takes `L`, `W`, `#` and `?` in five
//!    fields; here those belong to the AWS form. It knows no intervals and no `at(…)`. Its Quartz
//!    weekdays and optional year let it read the AWS form once `?` is a `*`.
//! 5. *Reach.* croner searches to the year 5000, this crate to 2199.

use std::str::FromStr;

use belfry_domain::schedule::Schedule;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::CronParser;

use crate::schedule_oracle::generator::{Random, ZONES, expression, parse, transitions};

/// The zones, without those that skip a day.
fn zones() -> Vec<(Tz, Vec<i64>)> {
    let skip_a_day = [Tz::Pacific__Apia, Tz::Pacific__Kwajalein, Tz::Pacific__Kiritimati];
    let zones = ZONES.iter().filter(|zone| !skip_a_day.contains(zone));
    zones.map(|zone| (*zone, transitions(*zone))).collect()
}

/// Whether differences 1 and 2 do not touch the expression.
fn same_rules(expression: &str) -> bool {
    let fields: Vec<&str> = expression.split(' ').collect();
    let star = |index: usize| fields[index].starts_with('*');
    let single = |index: usize| fields[index].bytes().all(|byte| byte.is_ascii_digit());
    let days = [2, 4].iter().all(|index| fields[*index] == "*" || !star(*index));
    days && (star(0) || star(1) || (single(0) && single(1)))
}

#[test]
fn five_fields_about_changes_of_clocks() {
    let mut random = Random::new(42);
    let zones = zones();
    let mut compared = 0;
    for _ in 0..5_000 {
        let (zone, changes) = random.pick(&zones);
        let middle = if changes.is_empty() { 1_790_000_000 } else { *random.pick(changes) };
        let text = expression(&mut random, *zone, middle);
        if !same_rules(&text) {
            continue;
        }
        let schedule = parse(&text, *zone);
        let from = DateTime::from_timestamp(middle, 0).unwrap() - TimeDelta::hours(36);
        agree(&schedule, *zone, &Cron::from_str(&text).unwrap(), from, 30);
        compared += 1;
    }
    assert!(compared > 1_000, "only {compared} expressions");
}

#[test]
fn the_aws_form() {
    let parser = CronParser::builder().alternative_weekdays(true).sloppy_ranges(true).build();
    let from = "2026-08-01T00:00:00Z".parse().unwrap();
    let days_of_month = ["L", "LW", "1W", "15W", "30W", "31W", "*", "1,15", "3/9"].map(|day| (day, "?"));
    let days_of_week = ["1", "7", "2-6", "SAT,MON", "6L", "1L", "3#2", "7#5"].map(|day| ("?", day));
    for (of_month, of_week) in days_of_month.into_iter().chain(days_of_week) {
        let schedule = format!("cron(0/20 9,18 {of_month} * {of_week} *)");
        let cron = format!("0 0/20 9,18 {of_month} * {of_week}").replace('?', "*");
        let schedule = Schedule::parse(&schedule, Some("Europe/Berlin")).unwrap();
        agree(&schedule, Tz::Europe__Berlin, &parser.parse(&cron).unwrap(), from, 400);
    }
}

#[test]
fn the_differences_are_as_described() {
    let next = |text: &str, zone: Tz, after: &str| {
        let after: DateTime<Utc> = after.parse().unwrap();
        let ours = parse(text, zone).next_after(after);
        let theirs = Cron::from_str(text).unwrap().find_next_occurrence(&after.with_timezone(&zone), false);
        (ours.map(|slot| slot.to_rfc3339()), theirs.ok().map(|slot| slot.to_utc().to_rfc3339()))
    };
    let (ours, theirs) = next("0 0 */2 * 1", Tz::UTC, "2026-11-23T00:00:00Z");
    assert_eq!(ours.as_deref(), Some("2026-12-07T00:00:00+00:00"));
    assert_eq!(theirs.as_deref(), Some("2026-11-25T00:00:00+00:00"));

    let (ours, theirs) = next("0,30 2 * * *", Tz::Europe__Berlin, "2026-03-28T12:00:00Z");
    assert_eq!(ours.as_deref(), Some("2026-03-29T01:00:00+00:00"));
    assert_eq!(theirs.as_deref(), Some("2026-03-30T00:00:00+00:00"));

    let (ours, theirs) = next("59 23 * * 5-6", Tz::Pacific__Kwajalein, "1993-08-21T11:59:00Z");
    assert_eq!(ours.as_deref(), Some("1993-08-21T12:00:00+00:00"));
    assert_ne!(theirs, ours);
}

#[track_caller]
fn agree(schedule: &Schedule, zone: Tz, cron: &Cron, from: DateTime<Utc>, count: usize) {
    let theirs = cron.iter_after(from.with_timezone(&zone)).map(|slot| slot.to_utc());
    let horizon = from + TimeDelta::days(10 * 365);
    let ours: Vec<_> = schedule.upcoming(from).take(count).take_while(|slot| *slot < horizon).collect();
    let theirs: Vec<_> = theirs.take(ours.len()).collect();
    assert_eq!(ours, theirs, "{} in {} after {from}", schedule.expression(), zone);
}
