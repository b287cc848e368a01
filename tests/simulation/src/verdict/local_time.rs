//! Each local time once, whatever zone data come into force.

use std::collections::BTreeSet;

use belfry_domain::{Job, JobId, Timestamp, ZoneData};

use super::Verdict;
use crate::{
    machine::State,
    processes::{LOCAL, ZONE},
};

const MINUTE: i64 = 60;

impl State {
    /// The minutes that the clock has shown at the slots of a job of each minute only ever rise, by one;
    /// what the clock skips is made up for when it does.
    pub fn judge_local_time(&mut self) -> Verdict {
        let Some(versions) = LOCAL.parse::<JobId>().ok().and_then(|id| self.mirror.jobs.get(&id)) else {
            return Ok(());
        };
        let is_whole = is_simple(versions);
        let change = versions.iter().find_map(|job| Some(job.zones.as_ref()?.earlier.clone()?.until));
        let local = |slot: Timestamp| Some((slot.second() + offset(versions, slot)?).div_euclid(MINUTE));
        let defined_at = versions.iter().map(|job| job.created_at).max();
        // What lies in a pause at the end may be cancelled one by one.
        let paused_at = versions.last().and_then(|job| job.paused_at());
        let is_due = |slot: &Timestamp| {
            Some(*slot) > defined_at && paused_at.is_none_or(|paused_at| *slot <= paused_at)
        };
        let slots: Vec<(Timestamp, i64)> = self
            .slots_of(LOCAL)
            .into_iter()
            .filter(is_due)
            .filter_map(|slot| Some((slot, local(slot)?)))
            .collect();
        let mut met = BTreeSet::new();
        for pair in slots.windows(2) {
            let [(before, was), (slot, is)] = [pair[0], pair[1]];
            if is <= was {
                return Err(format!(
                    "local time: {slot} comes after {before}, and the clock shows no later minute"
                ));
            }
            if is_whole && is != was + 1 && change != Some(slot) {
                return Err(format!("local time: nothing ran between {before} and {slot}"));
            }
            met.extend((change == Some(slot)).then_some("local: skipped times made up for"));
        }
        // An hour is repeated, which is longer than anything runs here: no slot may follow the change.
        let is_set_back =
            |change: Timestamp| offset(versions, change) < offset(versions, Timestamp(change.0 - 1));
        let is_watched =
            |change: Timestamp| paused_at.is_some_and(|end| end.second() - change.second() > 2 * MINUTE);
        let passed_over = change.filter(|change| is_set_back(*change) && is_watched(*change));
        let is_silent = |change: Timestamp| slots.last().is_some_and(|(slot, _)| *slot < change);
        met.extend(passed_over.is_some_and(is_silent).then_some("local: repeated times passed over"));
        for what in met {
            self.coverage.add(what);
        }
        Ok(())
    }

    fn slots_of(&self, job: &str) -> BTreeSet<Timestamp> {
        let rows = self.mirror.rows.values().map(|row| &row.execution);
        // Whoever made it: a re-run of a graph makes those of its slots that have none yet.
        let rows = rows.filter(|row| row.job_id().as_str() == job);
        rows.filter_map(|row| row.id.first_of_slot()).collect()
    }
}

/// Never paused, and written by clocks that agree about the order of its versions.
fn is_simple(versions: &[Job]) -> bool {
    versions.iter().rev().skip(1).all(|job| job.paused_at().is_none())
        && versions.windows(2).all(|pair| pair[0].updated_at <= pair[1].updated_at)
}

/// Seconds that the clock is ahead of UTC at this instant, by the data in force then.
fn offset(versions: &[Job], slot: Timestamp) -> Option<i64> {
    let stamp = versions.iter().rev().find_map(|job| job.zones.clone())?;
    let version = match stamp.earlier {
        Some(earlier) if slot < earlier.until => earlier.version,
        _ => stamp.version,
    };
    Some(ZoneData::known(&version)?.zone(ZONE)?.offset_seconds(slot.to_utc()))
}
