//! Intervals that count from a start: days are days of the zone's calendar, hours and less are elapsed time.
//!
//! The expected slots come from a calendar, or from `chrono-tz` and the rule in words: the n-th slot shows the
//! start's local time n times so many days later; a local time that a gap removes is due at the first
//! instant after the gap, and one that a fold repeats at its first occurrence.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use belfry_domain::schedule::Schedule;
use chrono::{DateTime, Days, DurationRound, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn from(expression: &str, zone: &str, start: &str) -> Schedule {
    Schedule::parse(expression, Some(zone)).unwrap().starting(instant(start))
}

/// Checks the slots from the start on, and that both directions agree about them.
#[track_caller]
fn slots(schedule: &Schedule, expected: &[&str]) {
    let expected: Vec<_> = expected.iter().map(|text| instant(text)).collect();
    let found: Vec<_> = schedule.upcoming(expected[0] - TimeDelta::days(400)).take(expected.len()).collect();
    assert_eq!(found, expected, "{}", schedule.expression());
    let moment = TimeDelta::milliseconds(1);
    assert_eq!(schedule.latest_at_or_before(expected[0] - moment), None);
    for pair in expected.windows(2) {
        assert_eq!(schedule.latest_at_or_before(pair[0]), Some(pair[0]));
        assert_eq!(schedule.latest_at_or_before(pair[1] - moment), Some(pair[0]));
        assert_eq!(schedule.next_after(pair[1] - moment), Some(pair[1]));
    }
}

/// 2027-03-15 is a Monday. Summer time begins on 2027-03-28 and ends on 2027-10-31.
#[test]
fn every_second_monday_at_nine_stays_at_nine() {
    slots(
        &from("@every 14d", "Europe/Berlin", "2027-03-15T09:00:00+01:00"),
        &[
            "2027-03-15T09:00:00+01:00",
            "2027-03-29T09:00:00+02:00",
            "2027-04-12T09:00:00+02:00",
            "2027-04-26T09:00:00+02:00",
        ],
    );
    slots(
        &from("@every 14d", "Europe/Berlin", "2027-10-18T09:00:00+02:00"),
        &["2027-10-18T09:00:00+02:00", "2027-11-01T09:00:00+01:00", "2027-11-15T09:00:00+01:00"],
    );
    slots(
        &from("@every 14d", "America/New_York", "2027-03-01T09:00:00-05:00"),
        &["2027-03-01T09:00:00-05:00", "2027-03-15T09:00:00-04:00", "2027-03-29T09:00:00-04:00"],
    );
}

/// Hours are elapsed time, in a day's number too; so are EventBridge's days, which it calls 24 hours:
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time>.
#[test]
fn hours_and_rates_are_elapsed_time() {
    for expression in ["@every 336h", "@every 13d24h", "rate(14 days)", "rate(336 hours)"] {
        slots(
            &from(expression, "Europe/Berlin", "2027-03-15T09:00:00+01:00"),
            &["2027-03-15T09:00:00+01:00", "2027-03-29T10:00:00+02:00", "2027-04-12T10:00:00+02:00"],
        );
    }
}

#[test]
fn a_day_whose_local_time_is_missing_or_comes_twice_has_one_slot() {
    slots(
        &from("@every 1d", "Europe/Berlin", "2027-03-26T02:30:00+01:00"),
        &[
            "2027-03-26T02:30:00+01:00",
            "2027-03-27T02:30:00+01:00",
            "2027-03-28T03:00:00+02:00",
            "2027-03-29T02:30:00+02:00",
        ],
    );
    slots(
        &from("@every 1d", "Europe/Berlin", "2027-10-30T02:30:00+02:00"),
        &["2027-10-30T02:30:00+02:00", "2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00"],
    );
    // A start may be the second of the two, and is the first slot all the same.
    slots(
        &from("@every 1d", "Europe/Berlin", "2027-10-31T02:30:00+01:00"),
        &["2027-10-31T02:30:00+01:00", "2027-11-01T02:30:00+01:00"],
    );
    // Samoa had no 30 December 2011.
    slots(
        &from("@every 2d", "Pacific/Apia", "2011-12-28T12:00:00-10:00"),
        &["2011-12-28T12:00:00-10:00", "2011-12-31T00:00:00+14:00", "2012-01-01T12:00:00+14:00"],
    );
}

/// Jobs that earlier versions stored without a start keep their slots, in every zone.
#[test]
fn without_a_start_intervals_count_from_the_epoch() {
    for expression in ["@every 14d", "rate(14 days)"] {
        let schedule = Schedule::parse(expression, Some("Europe/Berlin")).unwrap();
        let found: Vec<_> = schedule.upcoming(instant("2027-03-15T00:00:00Z")).take(2).collect();
        assert_eq!(found, ["2027-03-25T00:00:00Z", "2027-04-08T00:00:00Z"].map(instant), "{expression}");
    }
}

#[test]
fn starts_may_have_milliseconds() {
    slots(
        &from("@every 7d", "Europe/Berlin", "2027-03-24T09:00:00.250+01:00"),
        &["2027-03-24T09:00:00.250+01:00", "2027-03-31T09:00:00.250+02:00"],
    );
}

#[test]
fn the_ends_of_time_are_no_slots() {
    let schedule = from("@every 36500d", "Europe/Berlin", "2027-03-15T09:00:00+01:00");
    assert_eq!(schedule.next_after(DateTime::<Utc>::MAX_UTC), None);
    assert_eq!(schedule.latest_at_or_before(DateTime::<Utc>::MIN_UTC), None);
    let late = from("@every 1d", "Europe/Berlin", "9999-12-30T23:00:00Z");
    assert_eq!(late.next_after(instant("9999-12-31T00:00:00Z")), None);
}

/// First instant at which the clock of `zone` shows `local` or has jumped past it.
fn first_reached(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let shown = |local: NaiveDateTime| match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
        LocalResult::None => None,
    };
    let minute = TimeDelta::minutes(1);
    let later = (1..=1440).map(|count| (local + minute * count).duration_trunc(minute).unwrap());
    std::iter::once(local).chain(later).find_map(shown).unwrap()
}

fn zones() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::Australia__Lord_Howe,
        Tz::Pacific__Apia,
        Tz::Asia__Kathmandu,
        Tz::UTC,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Years for which both libraries have the same zone data.
    #[test]
    fn the_nth_slot_is_n_times_so_many_days_later(
        zone in zones(), days in 1_u64..40, second in 1_262_304_000_i64..1_700_000_000,
    ) {
        let start = DateTime::from_timestamp(second, 0).unwrap();
        let schedule = Schedule::parse(&format!("@every {days}d"), Some(zone.name())).unwrap().starting(start);
        let local = start.with_timezone(&zone).naive_local();
        let later = (1..40).map(|n| first_reached(zone, local + Days::new(n * days)));
        let expected: Vec<_> = std::iter::once(start).chain(later).collect();
        let found: Vec<_> = schedule.upcoming(start - TimeDelta::days(3)).take(40).collect();
        prop_assert_eq!(&found, &expected);
        for pair in expected.windows(2) {
            prop_assert_eq!(schedule.latest_at_or_before(pair[1] - TimeDelta::seconds(1)), Some(pair[0]));
        }
    }
}
