//! Amazon EventBridge's forms: `cron(…)`, `rate(…)` and `at(…)`.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use belfry_domain::schedule::Schedule;
use chrono::{DateTime, TimeDelta, Utc};

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// The dates on which `cron(0 18 fields)` is due, from 2026-08-01 on.
#[track_caller]
fn dates(fields: &str, expected: &[&str]) {
    let schedule = Schedule::parse(&format!("cron(0 18 {fields})"), None).unwrap();
    let found: Vec<String> = schedule
        .upcoming(instant("2026-08-01T00:00:00Z"))
        .map(|slot| slot.format("%F %H").to_string())
        .take(expected.len())
        .collect();
    let expected: Vec<_> = expected.iter().map(|date| format!("{date} 18")).collect();
    assert_eq!(found, expected, "{fields}");
}

#[test]
fn days_of_week_count_from_sunday_as_1() {
    dates("? * 1 *", &["2026-08-02", "2026-08-09"]);
    dates("? * SUN,sat *", &["2026-08-01", "2026-08-02", "2026-08-08"]);
    dates("? * 2-6 *", &["2026-08-03", "2026-08-04", "2026-08-05", "2026-08-06", "2026-08-07", "2026-08-10"]);
    dates("? * MON-FRI *", &["2026-08-03", "2026-08-04"]);
    dates("? * * *", &["2026-08-01", "2026-08-02"]);
}

#[test]
fn l_in_day_of_month_is_the_last_day() {
    dates("L * ? *", &["2026-08-31", "2026-09-30", "2026-10-31"]);
    dates("L 2 ? *", &["2027-02-28", "2028-02-29"]);
}

#[test]
fn l_in_day_of_week_is_saturday_and_nl_the_last_in_the_month() {
    dates("? * L *", &["2026-08-01", "2026-08-08"]);
    dates("? * 6L *", &["2026-08-28", "2026-09-25", "2026-10-30", "2026-11-27"]);
    dates("? 11 FRIL *", &["2026-11-27", "2027-11-26"]);
}

#[test]
fn w_is_the_nearest_weekday_within_the_month() {
    // 1 August 2026 is a Saturday, and July is not entered.
    dates("1W * ? *", &["2026-08-03", "2026-09-01", "2026-10-01", "2026-11-02"]);
    // Saturday goes back, Sunday goes on.
    dates("15W 8,11 ? *", &["2026-08-14", "2026-11-16"]);
    // 31 January 2027 is a Sunday, and February is not entered; short months have no 31st.
    dates("31W * ? *", &["2026-08-31", "2026-10-30", "2026-12-31", "2027-01-29", "2027-03-31"]);
    dates("30W 2,4 ? *", &["2027-04-30", "2028-04-28"]);
}

#[test]
fn lw_is_the_last_weekday_of_the_month() {
    dates("LW * ? *", &["2026-08-31", "2026-09-30", "2026-10-30", "2026-11-30"]);
    // 28 February 2027 is a Sunday.
    dates("LW 2 ? *", &["2027-02-26", "2028-02-29"]);
}

#[test]
fn hash_is_the_nth_in_the_month() {
    dates("? * 3#2 *", &["2026-08-11", "2026-09-08", "2026-10-13"]);
    dates("? * SUN#1 *", &["2026-08-02", "2026-09-06"]);
    dates("? * 2#5 *", &["2026-08-31", "2026-11-30", "2027-03-29"]);
}

#[test]
fn steps_may_start_anywhere() {
    dates("10/10 * ? *", &["2026-08-10", "2026-08-20", "2026-08-30", "2026-09-10"]);
    dates("1 2/5 ? *", &["2026-12-01", "2027-02-01", "2027-07-01", "2027-12-01"]);
}

#[test]
fn years_to_2199() {
    dates("1 1 ? 2030/5", &["2030-01-01", "2035-01-01"]);
    dates("1 1 ? 2028,2199", &["2028-01-01", "2199-01-01"]);
    dates("29 2 ? 2095-2110", &["2096-02-29", "2104-02-29", "2108-02-29"]);
    dates("L 12 ? 2099-2102", &["2099-12-31", "2100-12-31", "2101-12-31", "2102-12-31"]);

    let last = Schedule::parse("cron(59 23 31 12 ? 2026/173)", None).unwrap();
    assert_eq!(last.upcoming(instant("2026-01-01T00:00:00Z")).count(), 2);
    assert_eq!(
        last.latest_at_or_before(instant("2300-01-01T00:00:00Z")),
        Some(instant("2199-12-31T23:59:00Z"))
    );
    assert_eq!(
        last.latest_at_or_before(instant("2199-01-01T00:00:00Z")),
        Some(instant("2026-12-31T23:59:00Z"))
    );
}

#[test]
fn what_never_comes_is_none() {
    for fields in ["1 1 ? 2001", "30W 2 ? *", "31 4,6 ? *", "29 2 ? 2100"] {
        let schedule = Schedule::parse(&format!("cron(0 18 {fields})"), None).unwrap();
        assert_eq!(schedule.next_after(instant("2026-08-01T00:00:00Z")), None, "{fields}");
    }
}

#[test]
fn rates_are_multiples_since_the_epoch() {
    let next = |expression| {
        let schedule = Schedule::parse(expression, Some("Asia/Kathmandu")).unwrap();
        schedule.next_after(instant("2026-08-01T10:07:30Z")).unwrap()
    };
    assert_eq!(next("rate(1 minute)"), instant("2026-08-01T10:08:00Z"));
    assert_eq!(next("rate(5 minutes)"), instant("2026-08-01T10:10:00Z"));
    assert_eq!(next("rate( 12  hours )"), instant("2026-08-01T12:00:00Z"));
    assert_eq!(next("rate(1 day)"), instant("2026-08-02T00:00:00Z"));
}

/// EventBridge's rules write `rate(1 hour)`, its Scheduler `rate(1 hours)`.
#[test]
fn rates_have_two_spellings() {
    for (one, other) in [
        ("rate(1 minute)", "rate(1 minutes)"),
        ("rate(1 hour)", "rate(1 hours)"),
        ("rate(1 day)", "rate(1 days)"),
    ] {
        let next = |text| Schedule::parse(text, None).unwrap().next_after(instant("2026-08-01T10:07:30Z"));
        assert_eq!(next(one), next(other));
    }
}

/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based>: a rate counts from
/// the schedule's StartDate, and a day is 24 hours. 2026-12-07 is a Monday.
#[test]
fn intervals_count_from_their_start() {
    let start = instant("2026-12-07T08:00:00Z");
    for expression in ["rate(14 days)", "@every 14d"] {
        let schedule = Schedule::parse(expression, Some("Europe/Berlin")).unwrap().starting(start);
        let slots: Vec<_> = schedule.upcoming(instant("2026-01-01T00:00:00Z")).take(3).collect();
        let expected = ["2026-12-07T08:00:00Z", "2026-12-21T08:00:00Z", "2027-01-04T08:00:00Z"].map(instant);
        assert_eq!(slots, expected, "{expression}");
        assert_eq!(schedule.latest_at_or_before(expected[1]), Some(expected[1]));
        assert_eq!(schedule.latest_at_or_before(start - TimeDelta::milliseconds(1)), None);
        assert!(schedule.contains(expected[2]) && !schedule.contains(instant("2026-12-10T00:00:00Z")));
    }
    let finer = Schedule::parse("@every 90s", None).unwrap().starting(instant("2026-12-07T08:00:00.0005Z"));
    assert_eq!(finer.next_after(start), Some(instant("2026-12-07T08:00:00.001Z")), "whole milliseconds");
}

#[test]
fn at_is_a_local_time() {
    let schedule = Schedule::parse("at(2026-12-24T18:00:00)", Some("Europe/Berlin")).unwrap();
    let slot = instant("2026-12-24T17:00:00Z");
    let slots: Vec<_> = schedule.upcoming(instant("2026-08-01T00:00:00Z")).collect();
    assert_eq!(slots, [slot]);
    assert_eq!(schedule.next_after(slot), None);
    assert_eq!(schedule.latest_at_or_before(slot), Some(slot));
}
