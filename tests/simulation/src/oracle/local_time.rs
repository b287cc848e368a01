//! Local time: each local time has run once, whatever zone data come into force.

use std::collections::BTreeSet;

use belfry_domain::{Execution, ExecutionId, Job, JobId, Status, Timestamp, ZoneStamp};

use super::Verdict;
use crate::{
    machine::State,
    processes::{LOCAL, LOCAL_REPORT, ZONE},
};

const MINUTE: i64 = 60;

impl State {
    /// Checks the slots of a job that is due each minute: the local minutes at its slots rise one by
    /// one. The minutes that the clock skips are made up for when it does.
    pub fn judge_local_time(&mut self) -> Verdict {
        let Some(versions) = self.versions_of(LOCAL) else { return Ok(()) };
        let Some(stamp) = versions.iter().rev().find_map(|job| job.zones.clone()) else { return Ok(()) };
        let is_whole = is_simple(versions);
        let changes = changes(&stamp);
        let local = |slot: Timestamp| Some((slot.second() + offset(&stamp, slot)?).div_euclid(MINUTE));
        let defined_at = versions.iter().map(|job| job.created_at).max();
        // What lies in a pause at the end may be cancelled one by one.
        let paused_at = versions.last().and_then(Job::paused_at);
        let is_due = |slot: &Timestamp| {
            Some(*slot) > defined_at && paused_at.is_none_or(|paused_at| *slot <= paused_at)
        };
        // Other data take slots away that lay ahead: some had been cancelled before, and a clock that was
        // ahead has run some, if it was set back before the change.
        let were_set = self.shadow.clocks_moved_ms.is_some();
        let is_left_over = |slot: &Timestamp| {
            let newest = versions.last();
            let newest = newest.filter(|job| !job.schedule().is_some_and(|all| all.contains(slot.to_utc())));
            newest.is_some_and(|job| {
                let row = self.shadow.row(&ExecutionId::scheduled(job.id(), *slot));
                let was_cancelled = |row: &Execution| row.status == Status::Cancelled && row.attempt == 0;
                let ran_before = |row: &Execution| were_set && row.job_version < job.version;
                row.is_some_and(|row| was_cancelled(row) || ran_before(row))
            })
        };
        let slots: Vec<(Timestamp, i64)> = self
            .slots_of(LOCAL)
            .into_iter()
            .filter(|slot| is_due(slot) && !is_left_over(slot))
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
            if is_whole && is != was + 1 && !changes.contains(&slot) {
                return Err(format!("local time: nothing ran between {before} and {slot}"));
            }
            met.extend(changes.contains(&slot).then_some("local: skipped times made up for"));
        }
        // An hour is repeated, which is longer than anything runs here: no slot may follow the change.
        let is_set_back =
            |change: Timestamp| offset(&stamp, change) < offset(&stamp, Timestamp(change.0 - 1));
        let is_watched =
            |change: Timestamp| paused_at.is_some_and(|end| end.second() - change.second() > 2 * MINUTE);
        let last = changes.last().copied().filter(|change| is_watched(*change));
        met.extend(last.filter(|_| changes.len() > 1).map(|_| "local: two changes"));
        let passed_over = last.filter(|change| is_set_back(*change));
        let is_silent = |change: Timestamp| slots.last().is_some_and(|(slot, _)| *slot < change);
        met.extend(passed_over.is_some_and(is_silent).then_some("local: repeated times passed over"));
        self.judge_local_dependents(is_whole)?;
        for what in met {
            self.coverage.add(what);
        }
        Ok(())
    }

    /// A job of each second minute waits for the slot of the same minute: their clocks jump together.
    fn judge_local_dependents(&self, is_whole: bool) -> Verdict {
        let (Some(versions), Ok(dependency)) = (self.versions_of(LOCAL_REPORT), LOCAL.parse::<JobId>())
        else {
            return Ok(());
        };
        if !is_whole || !is_simple(versions) {
            return Ok(());
        }
        for slot in self.slots_of(LOCAL_REPORT) {
            let id = ExecutionId::scheduled(versions[0].id(), slot);
            let row = self.shadow.row(&id);
            let counted = row.and_then(|row| row.dependencies.get(&dependency));
            if let Some(counted) =
                counted.filter(|counted| counted.execution_id.first_of_slot() != Some(slot))
            {
                return Err(format!("local time: {id} waits for {}", counted.execution_id));
            }
        }
        Ok(())
    }

    fn versions_of(&self, job: &str) -> Option<&Vec<Job>> {
        self.shadow.jobs.get(&job.parse::<JobId>().ok()?)
    }

    fn slots_of(&self, job: &str) -> BTreeSet<Timestamp> {
        let rows = self.shadow.rows.values().map(|row| &row.execution);
        // Whoever made it: a re-run of a graph makes those of its slots that have none yet.
        let rows = rows.filter(|row| row.job_id().as_str() == job);
        rows.filter_map(|row| row.id.first_of_slot()).collect()
    }
}

/// Whether the job was never paused, and its versions were written by clocks that agree about their
/// order.
fn is_simple(versions: &[Job]) -> bool {
    versions.iter().rev().skip(1).all(|job| job.paused_at().is_none())
        && versions.windows(2).all(|pair| pair[0].updated_at <= pair[1].updated_at)
}

fn changes(stamp: &ZoneStamp) -> BTreeSet<Timestamp> {
    stamp.earlier.iter().map(|earlier| earlier.until).collect()
}

/// Seconds that the clock is ahead of UTC at this instant, by the data in force then.
fn offset(stamp: &ZoneStamp, slot: Timestamp) -> Option<i64> {
    let zones = stamp.zones()?;
    let earlier = zones.earlier.iter().find(|(_, until)| slot < *until).map(|(data, _)| data);
    Some(earlier.unwrap_or(&zones.data).zone(ZONE)?.offset_seconds(slot.to_utc()))
}
