//! Zones by current data: governments change them, sometimes within weeks.

#![expect(clippy::unwrap_used, reason = "all of this is a test")]

use std::{collections::BTreeSet, sync::LazyLock};

use belfry_domain::{LEGACY_ZONES, Timestamp, ZoneData, ZoneStamp, schedule::Schedule};
use chrono::{DateTime, Offset as _, SecondsFormat, TimeDelta, TimeZone as _, Utc};

/// British Columbia stays on daylight saving time from 2026 on: nine o'clock is 16:00 UTC in winter too.
#[test]
fn vancouver_keeps_its_summer_time() {
    let after: DateTime<Utc> = "2026-11-30T00:00:00Z".parse().unwrap();
    let schedule = Schedule::parse("0 9 * * *", Some("America/Vancouver")).unwrap();
    assert_eq!(schedule.next_after(after).unwrap().to_rfc3339(), "2026-11-30T16:00:00+00:00");
}

/// Rows that were written before jobs named a version were judged by chrono-tz 0.10.
#[test]
fn what_is_not_stamped_is_judged_as_it_was() {
    let data = ZoneData::known(LEGACY_ZONES).unwrap();
    assert_eq!(chrono_tz::IANA_TZDB_VERSION, data.version());
    let instants =
        || (instant("2024-01-01").timestamp()..instant("2033-01-01").timestamp()).step_by(6 * 3600);
    for theirs in chrono_tz::TZ_VARIANTS {
        let ours = data.zone(theirs.name()).unwrap_or_else(|| panic!("{theirs} is not known"));
        for at in instants().map(|second| DateTime::from_timestamp(second, 0).unwrap()) {
            let offset = theirs.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
            assert_eq!(ours.offset_seconds(at), i64::from(offset), "{theirs} at {at}");
        }
    }
}

#[test]
fn every_name_that_was_known_is_known() {
    let data = ZoneData::bundled();
    let names: BTreeSet<&str> = data.names().collect();
    let lost: Vec<&str> =
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).filter(|name| !names.contains(name)).collect();
    assert_eq!(lost, [""; 0]);
}

/// Schedule whose zone data change from `before` to `after`, which takes the clock of Vancouver in
/// winter an hour ahead.
fn changing(expression: &str, before: &str, after: &str, until: &str) -> Schedule {
    let until = Timestamp::from(until.parse::<DateTime<Utc>>().unwrap());
    let zones = ZoneStamp::of(before).followed_by(after, until).zones().unwrap();
    Schedule::parse_by(&zones, expression, Some("America/Vancouver")).unwrap()
}

fn slots(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
    let slots = schedule.upcoming(instant(from)).take(count);
    slots.map(|slot| slot.to_rfc3339_opts(SecondsFormat::Secs, true)).collect()
}

static BUNDLED: LazyLock<String> = LazyLock::new(|| ZoneData::bundled().version().to_owned());

#[test]
fn a_fixed_time_that_new_data_skip_is_due_when_they_come_into_force() {
    // 8:30 becomes 9:30.
    let schedule = changing("0 9 * * *", "2025b", &BUNDLED, "2026-12-01T16:30:05Z");
    let expected = ["2026-11-30T17:00:00Z", "2026-12-01T16:30:05Z", "2026-12-02T16:00:00Z"];
    assert_eq!(slots(&schedule, "2026-11-30", 3), expected);
    assert_backwards(&schedule, &expected);
    // 9:30 becomes 10:30: nine o'clock has been.
    let schedule = changing("0 9 * * *", "2025b", &BUNDLED, "2026-12-01T17:30:05Z");
    let expected = ["2026-12-01T17:00:00Z", "2026-12-02T16:00:00Z"];
    assert_eq!(slots(&schedule, "2026-12-01", 2), expected);
    assert_backwards(&schedule, &expected);
}

#[test]
fn a_fixed_time_that_new_data_repeat_is_not_due_again() {
    // 9:30 becomes 8:30.
    let schedule = changing("0 9 * * *", &BUNDLED, "2025b", "2026-12-01T16:30:05Z");
    let expected = ["2026-11-30T16:00:00Z", "2026-12-01T16:00:00Z", "2026-12-02T17:00:00Z"];
    assert_eq!(slots(&schedule, "2026-11-30", 3), expected);
    assert_backwards(&schedule, &expected);
    // 8:30 becomes 7:30: nine o'clock is an hour later than it was going to be.
    let schedule = changing("0 9 * * *", &BUNDLED, "2025b", "2026-12-01T15:30:05Z");
    assert_eq!(slots(&schedule, "2026-12-01", 1), ["2026-12-01T17:00:00Z"]);
}

#[test]
fn several_fixed_times_that_new_data_skip_are_one_slot() {
    let schedule = changing("0,20,40 9 * * *", "2025b", &BUNDLED, "2026-12-01T16:30:00Z");
    let expected = ["2026-12-01T16:30:00Z", "2026-12-01T16:40:00Z", "2026-12-02T16:00:00Z"];
    assert_eq!(slots(&schedule, "2026-12-01", 3), expected);
    assert_backwards(&schedule, &expected);
}

#[test]
fn real_time_goes_on_over_new_data() {
    let schedule = changing("*/20 * * * *", "2025b", &BUNDLED, "2026-12-01T16:30:00Z");
    let expected = ["2026-12-01T16:20:00Z", "2026-12-01T16:40:00Z", "2026-12-01T17:00:00Z"];
    assert_eq!(slots(&schedule, "2026-12-01T16:00:00Z", 3), expected);
    assert_backwards(&schedule, &expected);
    // 8:30 becomes 9:30: the hours of even numbers come an hour later.
    let schedule = changing("0 */2 * * *", "2025b", &BUNDLED, "2026-12-01T16:30:00Z");
    let expected = ["2026-12-01T16:00:00Z", "2026-12-01T17:00:00Z", "2026-12-01T19:00:00Z"];
    assert_eq!(slots(&schedule, "2026-12-01T15:00:00Z", 3), expected);
    assert_backwards(&schedule, &expected);
}

#[test]
fn a_local_time_that_comes_once_is_told_by_the_data_of_its_day() {
    let at = |until: &str| {
        let schedule = changing("at(2026-12-01T09:00:00)", "2025b", &BUNDLED, until);
        slots(&schedule, "2026-11-01", 2)
    };
    assert_eq!(at("2026-11-30T00:00:00Z"), ["2026-12-01T16:00:00Z"]);
    assert_eq!(at("2026-12-01T16:30:00Z"), ["2026-12-01T16:30:00Z"], "8:30 becomes 9:30");
    assert_eq!(at("2026-12-01T17:00:01Z"), ["2026-12-01T17:00:00Z"]);
}

/// Each local time comes once, in both directions, whenever in the day the data change.
#[test]
fn each_local_slot_comes_once_whenever_the_data_change() {
    for (before, after) in [("2025b", BUNDLED.as_str()), (BUNDLED.as_str(), "2025b")] {
        for minute in (0..26 * 60).step_by(7) {
            let until = instant("2026-12-01") + TimeDelta::minutes(minute) + TimeDelta::seconds(5);
            let zones = ZoneStamp::of(before).followed_by(after, until.into()).zones().unwrap();
            let parse = |text| Schedule::parse_by(&zones, text, Some("America/Vancouver")).unwrap();
            let schedule = parse("0 9 * * *");
            let days =
                schedule.upcoming(instant("2026-11-29")).take_while(|slot| *slot < instant("2026-12-05"));
            assert_eq!(days.count(), 6, "{before} to {after} at {until}");
            // What names no hour goes by real time, and nothing of it is lost or doubled.
            let schedule = parse("*/30 * * * *");
            let minutes = schedule.upcoming(instant("2026-12-01"));
            let minutes = minutes.take_while(|slot| *slot < instant("2026-12-03"));
            assert_eq!(minutes.count(), 95, "{before} to {after} at {until}");
        }
    }
}

/// Two changes, from far apart to one before the moment of the other: ahead and back, or back and ahead.
#[test]
fn each_local_slot_comes_once_whenever_the_data_change_twice() {
    for (before, after) in [("2025b", BUNDLED.as_str()), (BUNDLED.as_str(), "2025b")] {
        for (minute, gap) in
            (0..26 * 60).step_by(61).flat_map(|minute| [3, 600, 3000, 9000].map(|gap| (minute, gap)))
        {
            let first = instant("2026-12-01") + TimeDelta::minutes(minute) + TimeDelta::seconds(5);
            let second = first + TimeDelta::seconds(gap);
            let stamp = ZoneStamp::of(before).followed_by(after, first.into());
            let zones = stamp.followed_by(before, second.into()).zones().unwrap();
            let parse = |text| Schedule::parse_by(&zones, text, Some("America/Vancouver")).unwrap();
            let schedule = parse("0 9 * * *");
            let days: Vec<_> = schedule
                .upcoming(instant("2026-11-29"))
                .take_while(|slot| *slot < instant("2026-12-05"))
                .collect();
            assert_eq!(days.len(), 6, "{before} to {after} and back at {first} and {second}: {days:?}");
            for pair in days.windows(2) {
                let backwards = schedule.latest_at_or_before(pair[1] - TimeDelta::milliseconds(1));
                assert_eq!(backwards, Some(pair[0]), "{before} to {after} and back at {first}");
            }
            let schedule = parse("*/30 * * * *");
            let minutes = schedule.upcoming(instant("2026-12-01"));
            let minutes = minutes.take_while(|slot| *slot < instant("2026-12-03"));
            assert_eq!(minutes.count(), 95, "{before} to {after} and back at {first} and {second}");
        }
    }
}

/// A backfill over both changes finds the slots that ran.
#[test]
fn the_oldest_of_three_data_judge_what_was_theirs() {
    let stamp = ZoneStamp::of("2025b").followed_by(&BUNDLED, "2026-12-02T00:00:00Z".parse().unwrap());
    let zones = stamp.followed_by("2025b", "2026-12-04T00:00:00Z".parse().unwrap()).zones().unwrap();
    let schedule = Schedule::parse_by(&zones, "0 9 * * *", Some("America/Vancouver")).unwrap();
    let expected =
        ["2026-12-01T17:00:00Z", "2026-12-02T16:00:00Z", "2026-12-03T16:00:00Z", "2026-12-04T17:00:00Z"];
    assert_eq!(slots(&schedule, "2026-12-01", 4), expected);
}

/// Checks that the same slots are read from behind.
fn assert_backwards(schedule: &Schedule, expected: &[&str]) {
    for (at, next) in expected.iter().zip(&expected[1..]) {
        let (at, next) = (instant(at), instant(next));
        assert!(schedule.contains(at) && schedule.contains(next), "{at}, {next}");
        for between in [at, at + (next - at) / 2, next - TimeDelta::milliseconds(1)] {
            assert_eq!(schedule.latest_at_or_before(between), Some(at), "{between}");
            assert_eq!(schedule.next_after(between), Some(next), "{between}");
        }
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    text.parse().unwrap()
}
