//! Slots around the changes of clocks, zone by zone, worked out by hand.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use belfry_domain::schedule::Schedule;
use chrono::{DateTime, Utc};

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// Checks that these are the first slots after `after`.
#[track_caller]
fn slots(expression: &str, zone: &str, after: &str, expected: &[&str]) {
    let schedule = Schedule::parse(expression, Some(zone)).unwrap();
    let found: Vec<_> = schedule.upcoming(instant(after)).take(expected.len()).collect();
    let expected: Vec<_> = expected.iter().map(|text| instant(text)).collect();
    assert_eq!(found, expected, "{expression} in {zone}");
    for slot in found {
        assert_eq!(schedule.latest_at_or_before(slot), Some(slot), "{expression} in {zone}");
    }
}

#[test]
fn berlin_gap() {
    let fixed = |expression, expected: &[&str]| {
        slots(expression, "Europe/Berlin", "2026-03-28T13:00:00+01:00", expected);
    };
    fixed("30 2 * * *", &["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]);
    fixed("0,30 2 * * *", &["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]);
    fixed("0-59 2 * * *", &["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]);
    fixed("0 2,3 * * *", &["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]);
    fixed("30 2,3 * * *", &["2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"]);
    fixed("* 30 2 * * *", &["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]);
    fixed("30 2 29 3 *", &["2026-03-29T03:00:00+02:00", "2027-03-29T02:30:00+02:00"]);
    fixed("*/30 2 * * *", &["2026-03-30T02:00:00+02:00", "2026-03-30T02:30:00+02:00"]);
    fixed("30 */2 29 3 *", &["2026-03-29T00:30:00+01:00", "2026-03-29T04:30:00+02:00"]);
    fixed("cron(30 2 * * ? *)", &["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]);
    fixed("cron(0/30 2 * * ? *)", &["2026-03-30T02:00:00+02:00"]);
    fixed("at(2026-03-29T02:30:00)", &["2026-03-29T03:00:00+02:00"]);
    slots(
        "*/30 * * * *",
        "Europe/Berlin",
        "2026-03-29T01:00:00+01:00",
        &["2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"],
    );
    slots(
        "*/20 59 1-2 * * *",
        "Europe/Berlin",
        "2026-03-29T01:59:30+01:00",
        &["2026-03-29T01:59:40+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T01:59:00+02:00"],
    );
}

#[test]
fn berlin_fold() {
    let daily = |expression, expected: &[&str]| {
        slots(expression, "Europe/Berlin", "2026-10-24T14:00:00+02:00", expected);
    };
    daily("30 2 * * *", &["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]);
    daily("0 3 * * *", &["2026-10-25T03:00:00+01:00", "2026-10-26T03:00:00+01:00"]);
    daily("at(2026-10-25T02:30:00)", &["2026-10-25T02:30:00+02:00"]);
    daily(
        "*/30 2 * * *",
        &[
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T02:30:00+01:00",
            "2026-10-26T02:00:00+01:00",
        ],
    );
    slots(
        "@hourly",
        "Europe/Berlin",
        "2026-10-25T01:30:00+02:00",
        &["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"],
    );
}

#[test]
fn asked_in_the_middle_of_a_fold() {
    let from = |after, expression, expected: &[&str]| slots(expression, "Europe/Berlin", after, expected);
    let first_pass = "2026-10-25T02:40:00+02:00";
    let second_pass = "2026-10-25T02:10:00.250+01:00";
    from(first_pass, "30 2 * * *", &["2026-10-26T02:30:00+01:00"]);
    from(first_pass, "30 2-3 * * *", &["2026-10-25T03:30:00+01:00"]);
    from(first_pass, "*/30 2 * * *", &["2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00"]);
    from(second_pass, "30 2 * * *", &["2026-10-26T02:30:00+01:00"]);
    from(second_pass, "*/30 2 * * *", &["2026-10-25T02:30:00+01:00", "2026-10-26T02:00:00+01:00"]);

    let latest = |expression: &str, at, expected| {
        let schedule = Schedule::parse(expression, Some("Europe/Berlin")).unwrap();
        assert_eq!(schedule.latest_at_or_before(instant(at)), Some(instant(expected)), "{expression}");
    };
    latest("30 2 * * *", second_pass, "2026-10-25T02:30:00+02:00");
    latest("*/30 2 * * *", second_pass, "2026-10-25T02:00:00+01:00");
    latest("45 */1 * * *", second_pass, "2026-10-25T02:45:00+02:00");
    latest("30 2 * * *", "2026-03-29T03:10:00+02:00", "2026-03-29T03:00:00+02:00");
    latest("*/30 2 * * *", "2026-03-29T03:10:00+02:00", "2026-03-28T02:30:00+01:00");
}

#[test]
fn new_york() {
    let zone = "America/New_York";
    slots(
        "30 2 * * *",
        zone,
        "2026-03-07T12:00:00-05:00",
        &["2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"],
    );
    slots(
        "30 1 * * *",
        zone,
        "2026-10-31T12:00:00-04:00",
        &["2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"],
    );
    slots(
        "0 0-3 * * *",
        zone,
        "2026-10-31T23:30:00-04:00",
        &[
            "2026-11-01T00:00:00-04:00",
            "2026-11-01T01:00:00-04:00",
            "2026-11-01T02:00:00-05:00",
            "2026-11-01T03:00:00-05:00",
        ],
    );
}

#[test]
fn lord_howe_moves_by_half_an_hour() {
    let zone = "Australia/Lord_Howe";
    let gap = "2026-10-03T12:00:00+10:30";
    slots("15 2 * * *", zone, gap, &["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]);
    slots("15,30 2 * * *", zone, gap, &["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]);
    slots("*/20 2 * * *", zone, gap, &["2026-10-04T02:40:00+11:00", "2026-10-05T02:00:00+11:00"]);
    let fold = "2026-04-04T23:00:00+11:00";
    slots("45 1 * * *", zone, fold, &["2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"]);
    slots(
        "*/15 1 * * *",
        zone,
        fold,
        &[
            "2026-04-05T01:00:00+11:00",
            "2026-04-05T01:15:00+11:00",
            "2026-04-05T01:30:00+11:00",
            "2026-04-05T01:45:00+11:00",
            "2026-04-05T01:30:00+10:30",
            "2026-04-05T01:45:00+10:30",
            "2026-04-06T01:00:00+10:30",
        ],
    );
}

#[test]
fn a_skipped_day_is_one_gap() {
    let (apia, before) = ("Pacific/Apia", "2011-12-29T17:00:00-10:00");
    slots("30 9 * * *", apia, before, &["2011-12-31T00:00:00+14:00", "2011-12-31T09:30:00+14:00"]);
    slots("0 8,9,17 * * *", apia, before, &["2011-12-31T00:00:00+14:00", "2011-12-31T08:00:00+14:00"]);
    slots("0 0 30 12 *", apia, before, &["2011-12-31T00:00:00+14:00", "2012-12-30T00:00:00+14:00"]);
    slots(
        "0 */6 * * *",
        apia,
        before,
        &["2011-12-29T18:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T06:00:00+14:00"],
    );
    slots(
        "0 12 * * *",
        "Pacific/Kwajalein",
        "1993-08-20T11:00:00-12:00",
        &["1993-08-20T12:00:00-12:00", "1993-08-22T00:00:00+12:00", "1993-08-22T12:00:00+12:00"],
    );
}

#[test]
fn gaps_and_folds_at_midnight() {
    let midnight = |zone, after, expected: &[&str]| slots("0 0 * * *", zone, after, expected);
    midnight(
        "America/Sao_Paulo",
        "2018-11-03T12:00:00-03:00",
        &["2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"],
    );
    midnight(
        "America/Sao_Paulo",
        "2018-02-17T12:00:00-02:00",
        &["2018-02-18T00:00:00-03:00", "2018-02-19T00:00:00-03:00"],
    );
    midnight(
        "Africa/Cairo",
        "2024-04-25T12:00:00+02:00",
        &["2024-04-26T01:00:00+03:00", "2024-04-27T00:00:00+03:00"],
    );
    midnight(
        "Asia/Beirut",
        "2024-03-30T12:00:00+02:00",
        &["2024-03-31T01:00:00+03:00", "2024-04-01T00:00:00+03:00"],
    );
    midnight(
        "America/Havana",
        "2026-03-07T12:00:00-05:00",
        &["2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00"],
    );
    midnight(
        "America/Havana",
        "2024-11-02T12:00:00-04:00",
        &["2024-11-03T00:00:00-04:00", "2024-11-04T00:00:00-05:00"],
    );
}

#[test]
fn the_last_hour_of_a_day_is_repeated() {
    slots(
        "30 23 * * *",
        "America/Sao_Paulo",
        "2018-02-17T12:00:00-02:00",
        &["2018-02-17T23:30:00-02:00", "2018-02-18T23:30:00-03:00"],
    );
    slots(
        "15 23 * * *",
        "Africa/Cairo",
        "2024-10-31T12:00:00+03:00",
        &["2024-10-31T23:15:00+03:00", "2024-11-01T23:15:00+02:00"],
    );
    slots(
        "0 * * * *",
        "Asia/Beirut",
        "2024-10-26T22:30:00+03:00",
        &["2024-10-26T23:00:00+03:00", "2024-10-26T23:00:00+02:00", "2024-10-27T00:00:00+02:00"],
    );
}

#[test]
fn a_negative_saving_is_no_special_case() {
    let half_past_one = |zone, after, expected: &[&str]| slots("30 1 * * *", zone, after, expected);
    half_past_one(
        "Europe/Dublin",
        "2026-03-28T12:00:00+00:00",
        &["2026-03-29T02:00:00+01:00", "2026-03-30T01:30:00+01:00"],
    );
    half_past_one(
        "Europe/Dublin",
        "2026-10-24T12:00:00+01:00",
        &["2026-10-25T01:30:00+01:00", "2026-10-26T01:30:00+00:00"],
    );
    slots(
        "30 2 * * *",
        "Africa/Casablanca",
        "2026-02-14T12:00:00+01:00",
        &["2026-02-15T02:30:00+01:00", "2026-02-16T02:30:00+00:00"],
    );
}

#[test]
fn odd_jumps() {
    slots(
        "30 1,2 * * *",
        "Antarctica/Troll",
        "2026-03-28T12:00:00+00:00",
        &["2026-03-29T03:00:00+02:00", "2026-03-30T01:30:00+02:00"],
    );
    // Liberia gave up its offset of -0:44:30 at midnight.
    let before = "1972-01-07T00:00:00+00:00";
    slots(
        "30 0 * * *",
        "Africa/Monrovia",
        before,
        &["1972-01-07T00:44:30+00:00", "1972-01-08T00:30:00+00:00"],
    );
    slots(
        "*/15 0 * * *",
        "Africa/Monrovia",
        before,
        &["1972-01-07T00:45:00+00:00", "1972-01-08T00:00:00+00:00"],
    );
}

#[test]
fn intervals_know_no_zone() {
    for zone in ["UTC", "Europe/Berlin", "Asia/Kathmandu"] {
        slots(
            "@every 90m",
            zone,
            "2026-10-25T00:00:00Z",
            &["2026-10-25T01:30:00Z", "2026-10-25T03:00:00Z", "2026-10-25T04:30:00Z"],
        );
    }
}
