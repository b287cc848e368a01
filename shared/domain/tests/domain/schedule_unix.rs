//! Unix cron, intervals, instants, and what all forms share.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use belfry_domain::schedule::Schedule;
use chrono::{DateTime, TimeDelta, Utc};

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn parse(expression: &str) -> Schedule {
    Schedule::parse(expression, None).unwrap()
}

/// The first slots after Monday, 23 November 2026, 00:00 UTC.
#[track_caller]
fn slots(expression: &str, expected: &[&str]) {
    let found: Vec<_> = parse(expression)
        .upcoming(instant("2026-11-23T00:00:00Z"))
        .map(|slot| slot.format("%F %T%.f").to_string())
        .take(expected.len())
        .collect();
    assert_eq!(found, expected, "{expression}");
}

#[test]
fn sunday_is_0_and_7() {
    for sunday in ["0", "7", "sun", "7-7", "Sun"] {
        slots(&format!("0 0 * * {sunday}"), &["2026-11-29 00:00:00", "2026-12-06 00:00:00"]);
    }
    slots(
        "0 0 * * 5-7",
        &["2026-11-27 00:00:00", "2026-11-28 00:00:00", "2026-11-29 00:00:00", "2026-12-04 00:00:00"],
    );
    slots("0 0 * * MON-wed,Fri", &["2026-11-24 00:00:00", "2026-11-25 00:00:00", "2026-11-27 00:00:00"]);
}

#[test]
fn day_fields_are_ored_unless_one_starts_with_a_star() {
    slots("0 0 25 * 5", &["2026-11-25 00:00:00", "2026-11-27 00:00:00", "2026-12-04 00:00:00"]);
    slots("0 0 1-31 * 5", &["2026-11-24 00:00:00", "2026-11-25 00:00:00"]);
    slots("0 0 25 * *", &["2026-11-25 00:00:00", "2026-12-25 00:00:00"]);
    slots("0 0 * * 5", &["2026-11-27 00:00:00", "2026-12-04 00:00:00"]);
    slots("0 0 */2 * 5", &["2026-11-27 00:00:00", "2026-12-11 00:00:00", "2026-12-25 00:00:00"]);
    slots("0 0 13 * */5", &["2026-12-13 00:00:00", "2027-06-13 00:00:00", "2027-08-13 00:00:00"]);
}

#[test]
fn seconds_may_lead() {
    slots("15,45 * * * * *", &["2026-11-23 00:00:15", "2026-11-23 00:00:45", "2026-11-23 00:01:15"]);
    slots("*/30 59 23 31 12 *", &["2026-12-31 23:59:00", "2026-12-31 23:59:30", "2027-12-31 23:59:00"]);
}

#[test]
fn shorthands() {
    let same = [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ];
    for (shorthand, fields) in same {
        let after = instant("2026-11-23T00:00:00Z");
        let slots = |expression| parse(expression).upcoming(after).take(30).collect::<Vec<_>>();
        assert_eq!(slots(shorthand), slots(fields), "{shorthand}");
    }
}

#[test]
fn intervals_are_anchored_to_the_epoch() {
    slots("@every 90s", &["2026-11-23 00:01:30", "2026-11-23 00:03:00"]);
    slots("@every 1h30m", &["2026-11-23 01:30:00", "2026-11-23 03:00:00"]);
    // The epoch was a Thursday.
    slots("@every 7d", &["2026-11-26 00:00:00", "2026-12-03 00:00:00"]);
    let schedule = parse("@every 36500d");
    assert_eq!(schedule.next_after(instant("2026-11-23T00:00:00Z")), Some(instant("2069-12-07T00:00:00Z")));
    assert_eq!(schedule.latest_at_or_before(instant("2026-11-23T00:00:00Z")), Some(DateTime::UNIX_EPOCH));
}

#[test]
fn an_instant_keeps_its_milliseconds() {
    slots("2026-12-24T18:00:00.2509+01:00", &["2026-12-24 17:00:00.250"]);
    let schedule = parse("2026-12-24T18:00:00Z");
    assert!(schedule.contains(instant("2026-12-24T18:00:00Z")));
    assert_eq!(schedule.next_after(instant("2026-12-24T18:00:00Z")), None);
}

#[test]
fn sparse_and_impossible_schedules_end_their_search() {
    let after = instant("2026-11-23T00:00:00Z");
    assert_eq!(parse("0 0 29 2 */7").next_after(after), Some(instant("2032-02-29T00:00:00Z")));
    assert_eq!(
        parse("0 0 29 2 *").next_after(instant("2096-03-01T00:00:00Z")),
        Some(instant("2104-02-29T00:00:00Z"))
    );
    assert_eq!(parse("0 0 31 2 *").next_after(after), None);
    assert_eq!(parse("0 0 31 2 *").latest_at_or_before(after), None);
    assert_eq!(parse("0 0 * * *").next_after(instant("2199-12-31T00:00:00Z")), None);
    assert_eq!(parse("0 0 * * *").next_after(instant("1815-06-18T00:00:00Z")), Some(DateTime::UNIX_EPOCH));
}

#[test]
fn the_century_is_crossed_in_both_directions() {
    let daily = parse("0 12 * * *");
    let slots: Vec<_> = daily.upcoming(instant("2100-12-30T12:00:00Z")).take(3).collect();
    let expected = ["2100-12-31T12:00:00Z", "2101-01-01T12:00:00Z", "2101-01-02T12:00:00Z"].map(instant);
    assert_eq!(slots, expected);
    let before = |slot: DateTime<Utc>| daily.latest_at_or_before(slot - TimeDelta::milliseconds(1));
    assert_eq!(before(expected[2]), Some(expected[1]));
    assert_eq!(before(expected[1]), Some(expected[0]));
    assert_eq!(before(expected[0]), Some(instant("2100-12-30T12:00:00Z")));
}

#[test]
fn bounds_are_inclusive() {
    let (first, last) = (instant("2026-11-24T00:00:00Z"), instant("2026-11-26T00:00:00Z"));
    for expression in ["0 0 * * *", "@every 1d", "rate(1 day)", "cron(0 0 * * ? *)"] {
        let schedule = parse(expression).starting(first).ending(last);
        let slots: Vec<_> = schedule.upcoming(DateTime::UNIX_EPOCH).collect();
        assert_eq!(slots, [first, first + TimeDelta::days(1), last], "{expression}");
        assert_eq!(schedule.latest_at_or_before(instant("2030-01-01T00:00:00Z")), Some(last));
        assert_eq!(schedule.latest_at_or_before(first - TimeDelta::seconds(1)), None);
        assert!(schedule.contains(first) && !schedule.contains(last + TimeDelta::days(1)));
    }
}

#[test]
fn equal_are_the_same_expression_zone_bounds_and_jitter() {
    let bound = instant("2026-11-24T00:00:00Z");
    assert_eq!(parse("@daily").starting(bound), parse("@daily").starting(bound));
    assert_ne!(parse("@daily").starting(bound), parse("@daily"));
    assert_ne!(parse("@daily"), parse("0 0 * * *"));
    assert_ne!(parse("@daily"), Schedule::parse("@daily", Some("Europe/Berlin")).unwrap());
    assert_eq!(parse("@daily").timezone().name(), "UTC");
}
