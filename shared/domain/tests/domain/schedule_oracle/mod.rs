//! Schedules against a simulation of Debian's cron daemon, minute by minute.
//!
//! The daemon in `daemon.rs` shares nothing with the code under test: it has its own reader of the
//! five fields, its own star flags and no notion of gaps and folds, only the loop of the daemon over
//! its three clocks. Random expressions, most of them about the hours at which a zone's clocks change,
//! must have exactly its slots.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

mod daemon;
pub mod generator;

use belfry_domain::schedule::Schedule;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use daemon::{Entry, Timeline};
use generator::{Random, ZONES, expression, parse, transitions};

const WINDOWS: usize = 600;
const EXPRESSIONS_PER_WINDOW: usize = 10;
const HOUR: i64 = 3600;

#[test]
fn next_after_has_exactly_the_slots_of_debian_cron() {
    let mut random = Random::new(20_261_123);
    let changes: Vec<(Tz, Vec<i64>)> = ZONES.iter().map(|zone| (*zone, transitions(*zone))).collect();
    let (mut slots, mut busy) = (0, 0);
    for window in 0..WINDOWS {
        let (zone, changes) = random.pick(&changes);
        // Every fourth window is an ordinary one.
        let middle = if window % 4 == 0 || changes.is_empty() {
            random.below(55 * 365 * 86_400) as i64 + 2 * 365 * 86_400
        } else {
            *random.pick(changes)
        };
        let timeline = Timeline::new(*zone, middle - 72 * HOUR, middle + 48 * HOUR);
        for _ in 0..EXPRESSIONS_PER_WINDOW {
            let text = expression(&mut random, *zone, middle);
            let expected = timeline.slots(&Entry::read(&text));
            let found = compare(&text, *zone, middle, &expected, &mut random);
            slots += found;
            busy += usize::from(found > 0);
        }
    }
    assert!(busy > WINDOWS * EXPRESSIONS_PER_WINDOW / 3, "only {busy} expressions had a slot");
    assert!(slots > 150_000, "only {slots} slots");
}

/// Compares the slots with the expected ones; returns the number that agreed.
fn compare(text: &str, zone: Tz, middle: i64, expected: &[i64], random: &mut Random) -> usize {
    let schedule = parse(text, zone);
    // The daemon starts 72 h before, so that it has passed any earlier fold when the comparison begins.
    let (from, to) = (middle - 36 * HOUR, middle + 48 * HOUR);
    let first = expected.partition_point(|slot| *slot <= from);
    let expected = &expected[first..];
    let found: Vec<i64> = schedule
        .upcoming(instant(from))
        .map(|slot| slot.timestamp())
        .take_while(|slot| *slot <= to)
        .collect();
    assert_eq!(found, expected, "{text} in {zone} around {}", instant(middle));

    for _ in 0..6 {
        let spread = if random.chance(2) { 3 * HOUR } else { 30 * HOUR };
        let offset = random.below(2 * spread as u64 * 1000) as i64 - spread * 1000;
        let at = instant(middle) + TimeDelta::milliseconds(offset);
        agree_at(&schedule, at, expected);
    }
    found.len()
}

fn agree_at(schedule: &Schedule, at: DateTime<Utc>, expected: &[i64]) {
    let passed = expected.partition_point(|slot| instant(*slot) <= at);
    let context = format!("{} in {} at {at}", schedule.expression(), schedule.timezone().name());
    if let Some(next) = expected.get(passed) {
        assert_eq!(schedule.next_after(at), Some(instant(*next)), "{context}");
    }
    if let Some(latest) = passed.checked_sub(1).map(|index| expected[index]) {
        assert_eq!(schedule.latest_at_or_before(at), Some(instant(latest)), "{context}");
        assert!(schedule.contains(instant(latest)), "{context}");
        assert_eq!(schedule.contains(at), at == instant(latest), "{context}");
    }
}

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}
