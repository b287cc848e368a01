//! Properties that hold for every expression, zone and instant.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use belfry_domain::schedule::Schedule;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/Havana",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Monrovia",
    "Africa/Casablanca",
    "Asia/Gaza",
];

/// Instants from 1971 to 2198, half of them near a change of clocks.
fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    let changes = prop::sample::select(vec![
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-11-01T05:00:00Z",
        "2026-03-08T05:00:00Z",
        "2026-04-04T15:00:00Z",
        "2011-12-30T10:00:00Z",
        "1972-01-07T00:44:30Z",
        "2101-01-01T00:00:00Z",
    ]);
    let near = (changes, -100_000_000_i64..100_000_000)
        .prop_map(|(change, ms)| change.parse::<DateTime<Utc>>().unwrap() + TimeDelta::milliseconds(ms));
    let any =
        (31_536_000_000_i64..7_200_000_000_000).prop_map(|ms| DateTime::from_timestamp_millis(ms).unwrap());
    prop_oneof![near, any]
}

fn expressions() -> impl Strategy<Value = String> {
    let minute = prop::sample::select(vec!["*", "*/7", "0", "30", "0,30", "15-45/10", "59"]);
    let hour = prop::sample::select(vec!["*", "*/2", "0", "1", "2", "1-3", "23", "0,2,12"]);
    let day_of_month = prop::sample::select(vec!["*", "*/3", "29", "30,31", "1-7", "25-31"]);
    let month = prop::sample::select(vec!["*", "2", "3,10,11", "MAR-DEC/3", "12"]);
    let day_of_week = prop::sample::select(vec!["*", "*/2", "0", "MON-FRI", "6,7"]);
    let unix = (minute.clone(), hour.clone(), day_of_month, month.clone(), day_of_week)
        .prop_map(|(m, h, d, mo, w)| format!("{m} {h} {d} {mo} {w}"));
    let seconds = (prop::sample::select(vec!["*", "*/25", "0,59"]), unix.clone())
        .prop_map(|(second, unix)| format!("{second} {unix}"));
    let aws_days =
        prop::sample::select(vec!["L ?", "LW ?", "1W ?", "30W ?", "* ?", "? L", "? 2L", "? 1#5", "? 2-6"]);
    let year = prop::sample::select(vec!["*", "2026", "2011-2199/5", "1972,2150"]);
    let aws = (minute, hour, aws_days, month, year).prop_map(|(m, h, days, month, year)| {
        let (of_month, of_week) = days.split_once(' ').unwrap();
        format!("cron({m} {h} {of_month} {month} {of_week} {year})")
    });
    let other = prop::sample::select(vec![
        "@every 1s",
        "@every 7h13m",
        "rate(3 days)",
        "@weekly",
        "at(2026-03-29T02:30:00)",
    ]);
    prop_oneof![3 => unix, 2 => seconds, 3 => aws, 1 => other.prop_map(str::to_owned)]
}

fn schedules() -> impl Strategy<Value = Schedule> {
    (expressions(), prop::sample::select(ZONES.to_vec()))
        .prop_map(|(expression, zone)| Schedule::parse(&expression, Some(zone)).unwrap())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(23),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(4_000))]

    #[test]
    fn latest_agrees_with_next(schedule in schedules(), at in instants()) {
        let latest = schedule.latest_at_or_before(at);
        let next = schedule.next_after(latest.unwrap_or(DateTime::UNIX_EPOCH - TimeDelta::days(2)));
        prop_assert!(latest.is_none_or(|slot| slot <= at));
        prop_assert!(next.is_none_or(|slot| slot > at), "{at}: {latest:?} is followed by {next:?}");
        prop_assert_eq!(next, schedule.next_after(at));
        if let Some(slot) = latest {
            prop_assert_eq!(schedule.next_after(slot - TimeDelta::milliseconds(1)), Some(slot));
            prop_assert!(schedule.contains(slot));
        }
        prop_assert_eq!(schedule.contains(at), latest == Some(at));
    }

    #[test]
    fn slots_rise_and_are_found_again_backwards(schedule in schedules(), after in instants()) {
        let slots: Vec<_> = schedule.upcoming(after).take(40).collect();
        let mut previous = after;
        for slot in &slots {
            prop_assert!(*slot > previous);
            previous = *slot;
        }
        for pair in slots.windows(2) {
            prop_assert_eq!(schedule.latest_at_or_before(pair[1] - TimeDelta::nanoseconds(1)), Some(pair[0]));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any_text(), zone in prop::option::of("[A-Z][a-z]{1,9}/?[A-Z]?[a-z]{0,9}")) {
        match Schedule::parse(&text, zone.as_deref()) {
            Ok(schedule) => {
                for at in [DateTime::<Utc>::MIN_UTC, DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC] {
                    let _ = (schedule.next_after(at), schedule.latest_at_or_before(at));
                }
            }
            Err(error) if error.field() == "timezone" => prop_assert_eq!(error.position(), 0),
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.position()), "{}", error);
                prop_assert!(text[error.position()..].starts_with(&error.place().text), "{}", error);
            }
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[0-9*/,#LW?A-Z -]{0,30}",
        "[0-9*/,-]{1,5} [0-9*/,-]{1,5} [0-9*/,-]{1,5} [0-9*/,-]{1,5} [0-9*/,-]{1,5}",
        r"(cron|rate|at)\([0-9*/,#LW?A-Zd-t: -]{0,30}\)?",
        "@every ?[0-9smhd]{0,24}",
        "[0-9]{4}-[0-9]{2}[0-9:.TZ+-]{0,24}",
        expressions(),
    ]
}
