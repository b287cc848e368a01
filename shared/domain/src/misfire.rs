//! Misfires: slots that no tick saw in time, because of an outage, a pause or a clock that jumped.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Age from which a slot counts as missed, at the moment a tick first sees it.
pub const GRACE: Duration = Duration::from_secs(60);

/// Maximum number of slots that [`MisfirePolicy::All`] makes up for, whatever the job's `cap`.
pub const MAX_CAP: u32 = 1_000;

const MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);

/// Policy for missed slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MisfirePolicy {
    /// No missed slot runs.
    Skip,
    /// The newest missed slot runs.
    #[default]
    Latest,
    /// The newest missed slots run, at most `misfire_cap` of them.
    All,
}

/// Rule of a job for its missed slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Misfire {
    pub policy: MisfirePolicy,
    /// Maximum number of slots under `all`; at most 1,000.
    pub cap: u32,
}

impl Default for Misfire {
    fn default() -> Self {
        Self { policy: MisfirePolicy::default(), cap: 100 }
    }
}

impl Misfire {
    fn limit(self) -> usize {
        match self.policy {
            MisfirePolicy::Skip => 0,
            MisfirePolicy::Latest => 1,
            MisfirePolicy::All => self.cap.min(MAX_CAP) as usize,
        }
    }
}

/// Instant before which slots are missed. The schedule goes on as usual with the first slot at or after
/// it.
pub fn missed_before(now: DateTime<Utc>) -> DateTime<Utc> {
    now - GRACE
}

/// Applies a policy: `skip` starts nothing that is older than its schedule's own step either, so a
/// slot is missed when the next one has come.
pub fn missed_before_under(
    policy: MisfirePolicy,
    now: DateTime<Utc>,
    latest_at_or_before: impl Fn(DateTime<Utc>) -> Option<DateTime<Utc>>,
) -> DateTime<Utc> {
    let newest = if policy == MisfirePolicy::Skip { latest_at_or_before(now) } else { None };
    newest.map_or(missed_before(now), |newest| newest.max(missed_before(now)))
}

/// Missed slots from `first_missed` on that are to be fired, in ascending order. Slots from `before` on
/// are not missed: they are never included, and the caller continues with them. `latest_at_or_before` is
/// the function of the schedule; it is called at most `cap + 1` times, however many slots were missed.
/// Slots are whole milliseconds.
pub fn slots_to_fire(
    misfire: Misfire,
    first_missed: DateTime<Utc>,
    before: DateTime<Utc>,
    latest_at_or_before: impl Fn(DateTime<Utc>) -> Option<DateTime<Utc>>,
) -> Vec<DateTime<Utc>> {
    let latest_before = |instant: DateTime<Utc>| latest_at_or_before(instant - MILLISECOND);
    let newest_first = std::iter::successors(latest_before(before), |&slot| latest_before(slot));
    let mut slots: Vec<_> =
        newest_first.take_while(|&slot| slot >= first_missed).take(misfire.limit()).collect();
    slots.reverse();
    slots
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn every(step: i64) -> impl Fn(DateTime<Utc>) -> Option<DateTime<Utc>> {
        move |instant| Some(at(instant.timestamp().div_euclid(step) * step))
    }

    fn fired(policy: MisfirePolicy, cap: u32, step: i64, first: i64, now: i64) -> Vec<i64> {
        let before = missed_before(at(now));
        let slots = slots_to_fire(Misfire { policy, cap }, at(first), before, every(step));
        slots.iter().map(DateTime::timestamp).collect()
    }

    #[test]
    fn each_policy_after_ten_minutes_of_a_minutely_job() {
        assert_eq!(fired(MisfirePolicy::Skip, 100, 60, 600, 1230), [0; 0]);
        assert_eq!(fired(MisfirePolicy::Latest, 100, 60, 600, 1230), [1140]);
        assert_eq!(fired(MisfirePolicy::All, 3, 60, 600, 1230), [1020, 1080, 1140]);
        assert_eq!(fired(MisfirePolicy::All, 100, 60, 960, 1230), [960, 1020, 1080, 1140]);
        assert_eq!(fired(MisfirePolicy::All, 0, 60, 960, 1230), [0; 0]);
    }

    #[test]
    fn a_slot_exactly_as_old_as_the_grace_is_not_missed() {
        assert_eq!(fired(MisfirePolicy::All, 100, 60, 600, 660), [0; 0]);
        assert_eq!(fired(MisfirePolicy::All, 100, 60, 600, 661), [600]);
    }

    #[test]
    fn under_skip_a_slot_is_missed_when_the_next_has_come_or_after_a_minute() {
        let before = |policy, step, now| missed_before_under(policy, at(now), every(step)).timestamp();
        assert_eq!(before(MisfirePolicy::Skip, 1, 1_000), 1_000);
        assert_eq!(before(MisfirePolicy::Skip, 7, 1_000), 994);
        assert_eq!(before(MisfirePolicy::Skip, 3_600, 3_700), 3_640, "none is younger than a minute");
        assert_eq!(before(MisfirePolicy::Latest, 1, 1_000), 940);
        assert_eq!(before(MisfirePolicy::All, 1, 1_000), 940);
        assert_eq!(missed_before_under(MisfirePolicy::Skip, at(1_000), |_| None), at(940));
    }

    #[test]
    fn a_year_of_a_secondly_job_costs_no_more_than_the_cap() {
        let asked = Cell::new(0);
        let schedule = |instant| {
            asked.set(asked.get() + 1);
            every(1)(instant)
        };
        let year = 366 * 86_400;
        let before = missed_before(at(year));
        slots_to_fire(Misfire::default(), at(0), before, schedule);
        assert!(asked.replace(0) <= 2);
        let all = Misfire { policy: MisfirePolicy::All, cap: u32::MAX };
        let slots = slots_to_fire(all, at(0), before, schedule);
        assert_eq!(slots.last(), Some(&at(year - 61)));
        assert_eq!(slots.len(), MAX_CAP as usize);
        assert!(asked.get() <= MAX_CAP + 1);
    }

    #[test]
    fn a_schedule_that_ended_fires_what_it_had() {
        let once = |instant| (instant >= at(30)).then(|| at(30));
        let before = missed_before(at(1_000));
        assert_eq!(slots_to_fire(Misfire::default(), at(30), before, once), [at(30)]);
        assert!(slots_to_fire(Misfire::default(), at(31), before, once).is_empty());
    }

    #[test]
    fn json() {
        let misfire: Misfire = serde_json::from_str(r#"{"policy":"all"}"#).unwrap();
        assert_eq!(misfire, Misfire { policy: MisfirePolicy::All, cap: 100 });
        assert!(serde_json::from_str::<Misfire>(r#"{"limit":1}"#).is_err());
    }

    proptest! {
        #[test]
        fn the_newest_missed_slots_and_only_they(
            step in 1..400_i64, first in 0..2_000_i64, outage in 0..5_000_i64, cap in 0..50_u32
        ) {
            let now = first + outage;
            let missed: Vec<_> = (first..now - 60).filter(|slot| slot % step == 0).collect();
            let newest = &missed[missed.len().saturating_sub(cap as usize)..];
            prop_assert_eq!(fired(MisfirePolicy::All, cap, step, first, now), newest);
            let latest = &missed[missed.len().saturating_sub(1)..];
            prop_assert_eq!(fired(MisfirePolicy::Latest, cap, step, first, now), latest);
        }
    }
}
