//! Zones by current data: governments change them, sometimes within weeks.

#![expect(clippy::unwrap_used, reason = "all of this is a test")]

use belfry_domain::schedule::Schedule;
use chrono::{DateTime, Utc};

/// British Columbia stays on daylight saving time from 2026 on: nine o'clock is 16:00 UTC in winter too.
#[test]
fn vancouver_keeps_its_summer_time() {
    let after: DateTime<Utc> = "2026-11-30T00:00:00Z".parse().unwrap();
    let schedule = Schedule::parse("0 9 * * *", Some("America/Vancouver")).unwrap();
    assert_eq!(schedule.next_after(after).unwrap().to_rfc3339(), "2026-11-30T16:00:00+00:00");
}
