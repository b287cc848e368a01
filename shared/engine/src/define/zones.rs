//! The zone data of an installation, and how they change.
//!
//! A change is one step that can be repeated from anywhere, by anyone: the data are kept; their version
//! is put in force, if the graph has not changed meanwhile; then the jobs follow, group by group, each
//! commit conditional on the graph's revision; at last it is noted that all have. From the second write
//! on definitions are judged by the new data. A job whose zone is the same in both keeps its version.
//! Another gets a new one, as a pause's end makes it, whose slots are judged by the new data from
//! a moment on that lies as far ahead as messages do, and by the old ones until then. So the clock of
//! such a job jumps at that moment, and the rule for jumps gives each local time once.

use std::{collections::BTreeMap, sync::Arc};

use belfry_domain::{Job, Timestamp, ZoneData, ZoneStamp};

use crate::{
    Engine, EngineError, Result,
    ports::{Committed, StoreError, ZonesInForce},
    slots::chain::first_slot,
};

const ATTEMPTS: usize = 20;
const SECOND_MS: i64 = 1000;

impl Engine {
    /// The zone data that this process has of its own; those that are compiled in by default.
    pub fn with_zones(self, own: Arc<ZoneData>) -> Self {
        Self { own_zones: own, ..self }
    }

    /// Puts this process's own zone data in force if they are newer than those that are, and ends such
    /// a change where somebody has left it half done. For leaders, when they begin.
    pub async fn adopt_zones(&self) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let (revision, in_force) = self.ports.zones.in_force().await?;
            match in_force {
                Some(zones) if zones.version.as_str() >= self.own_zones.version() => {
                    return if zones.is_settled { Ok(()) } else { self.align_jobs().await };
                }
                _ => self.put_own_in_force(revision).await?,
            }
        }
        Err(contended())
    }

    /// Does as [`Engine::adopt_zones`], for a caller that comes each minute and has read what is in force.
    pub async fn tend_zones(&self, in_force: Option<&ZonesInForce>) -> Result<()> {
        let is_newest = |zones: &ZonesInForce| zones.version.as_str() >= self.own_zones.version();
        if in_force.is_some_and(|zones| zones.is_settled && is_newest(zones)) {
            return Ok(());
        }
        self.adopt_zones().await
    }

    /// The data that judge a definition. Where none are in force yet, this process puts its own there.
    pub(crate) async fn zones_for_definitions(&self) -> Result<Arc<ZoneData>> {
        for _ in 0..ATTEMPTS {
            let (revision, in_force) = self.ports.zones.in_force().await?;
            match in_force {
                None => self.put_own_in_force(revision).await?,
                Some(zones) if !zones.is_settled => self.align_jobs().await?,
                Some(zones) => return self.zone_data(&zones.version).await,
            }
        }
        Err(contended())
    }

    /// Whether there was something to do: an older version of this program, which stamps nothing, may
    /// have changed jobs after all had been taken along.
    pub(crate) async fn align_again(&self, jobs: &[Arc<Job>]) -> Result<bool> {
        if jobs.iter().all(|job| job.zone_stamp().is_none()) {
            return Ok(false);
        }
        let data = self.zones_for_definitions().await?;
        let is_left = jobs.iter().any(|job| is_stale(job, &data));
        if is_left {
            self.align_jobs().await?;
        }
        Ok(is_left)
    }

    async fn zone_data(&self, version: &str) -> Result<Arc<ZoneData>> {
        if let Some(known) = ZoneData::known(version) {
            return Ok(known);
        }
        let what = || format!("zone data {version}");
        let packed = self.ports.zones.zone_data(version).await?;
        let packed = packed
            .ok_or_else(|| StoreError::Unreadable { what: what(), why: "they are not kept".to_owned() })?;
        let data = ZoneData::unpack(&packed)
            .map_err(|why| StoreError::Unreadable { what: what(), why: why.to_string() })?;
        Ok(data.register())
    }

    /// Kept first: whoever finds the version in force finds the data. Another may be faster.
    async fn put_own_in_force(&self, revision: u64) -> Result<()> {
        let version = self.own_zones.version();
        self.ports.zones.keep_zone_data(version, &self.own_zones.pack()).await?;
        let zones = ZonesInForce { version: version.to_owned(), is_settled: false };
        if self.ports.zones.put_in_force(revision, &zones).await? == Committed::Done {
            tracing::info!(version, "zone data are put in force");
        }
        Ok(())
    }

    /// Takes all jobs along to the zone data in force.
    pub(crate) async fn align_jobs(&self) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let (revision, jobs) = self.ports.jobs.all_jobs().await?;
            let (same, in_force) = self.ports.zones.in_force().await?;
            let Some(zones) = in_force.filter(|_| same == revision) else { continue };
            let data = self.zone_data(&zones.version).await?;
            let Some(revision) = self.align(revision, &jobs, &data).await? else { continue };
            if zones.is_settled {
                return Ok(());
            }
            let settled = ZonesInForce { is_settled: true, ..zones };
            if self.ports.zones.put_in_force(revision, &settled).await? == Committed::Done {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// The graph's revision after it; none where somebody else has changed the graph.
    async fn align(&self, revision: u64, jobs: &[Arc<Job>], data: &ZoneData) -> Result<Option<u64>> {
        let mut revision = revision;
        let groups = groups(jobs, data, self.settings.jobs_in_commit);
        if groups.is_empty() {
            return Ok(Some(revision));
        }
        // Where the clock was set back, more has been fired than it says.
        let fired = self.ports.leases.cursors().await?.into_values().max().unwrap_or(Timestamp::MIN);
        for group in groups {
            // A moment for all of a group: jobs of one schedule must go on sharing their slots.
            let now = self.now();
            let changed_at = next_second(now.plus(self.settings.near).max(fired));
            let aligned: Vec<Job> = group
                .into_iter()
                .filter_map(|job| self.aligned(job, data, revision + 1, (now, changed_at)))
                .collect();
            // Also of jobs that keep their version: whatever wrote their timers, they go on from here.
            let active = aligned.iter().filter(|job| job.is_active());
            let firsts: Vec<(Job, Timestamp)> =
                active.filter_map(|job| Some((job.clone(), first_slot(job, now)?))).collect();
            for job in aligned.iter().filter(|job| job.revision == revision + 1) {
                tracing::info!(job.id = %job.id(), zones = data.version(), "its local time changes");
            }
            if !self.commit_versions(revision, aligned, &firsts).await? {
                return Ok(None);
            }
            revision += 1;
        }
        Ok(Some(revision))
    }

    fn aligned(
        &self,
        job: &Job,
        data: &ZoneData,
        revision: u64,
        (now, changed_at): (Timestamp, Timestamp),
    ) -> Option<Job> {
        let stamp = job.zone_stamp().filter(|stamp| stamp.version != data.version())?;
        let zone = job.spec.timezone.as_deref()?;
        // Older slots never start.
        let since = now.minus(self.settings.retention);
        if stamp.agrees_with(data, zone, since.to_utc()) {
            return Some(job.clone().judged_by(Some(ZoneStamp::of(data.version()))));
        }
        let stamp = stamp.followed_by(data.version(), changed_at);
        let mut next = Job::new(job.spec.clone(), job.version + 1, revision, job.created_at, now);
        next.pause.clone_from(&job.pause);
        Some(next.judged_by(Some(stamp)))
    }
}

fn is_stale(job: &Job, data: &ZoneData) -> bool {
    job.zone_stamp().is_some_and(|stamp| stamp.version != data.version())
}

/// Groups the jobs that other data judge; jobs of one schedule are not parted.
fn groups<'a>(jobs: &'a [Arc<Job>], data: &ZoneData, most: usize) -> Vec<Vec<&'a Job>> {
    let mut by_schedule: BTreeMap<String, Vec<&Job>> = BTreeMap::new();
    for job in jobs.iter().filter(|job| is_stale(job, data)) {
        by_schedule.entry(job.spec.schedule_key().unwrap_or_default()).or_default().push(job);
    }
    let mut groups: Vec<Vec<&Job>> = Vec::new();
    for jobs in by_schedule.into_values() {
        match groups.last_mut().filter(|group| group.len() + jobs.len() <= most) {
            Some(group) => group.extend(jobs),
            None => groups.push(jobs),
        }
    }
    groups
}

/// Clocks jump at whole seconds, which is all that a calendar can tell apart.
fn next_second(at: Timestamp) -> Timestamp {
    Timestamp((at.second() + 1) * SECOND_MS)
}

fn contended() -> EngineError {
    EngineError::Conflict("the jobs are being changed by others all the time; try again".to_owned())
}
