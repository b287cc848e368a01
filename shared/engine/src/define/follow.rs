//! How the jobs follow a change of the zone data.
//!
//! The moment lies further ahead than messages do, by the time that the jobs need to follow. Where that
//! was not enough, those that are left get a later one. So jobs that share a schedule or depend on each
//! other follow in one commit: their clocks jump together in any case.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use belfry_domain::{EarlierData, Job, JobId, SlotClock, Timestamp, ZoneData};
use petgraph::unionfind::UnionFind;

use crate::{
    Engine, Result,
    base::retry::ATTEMPTS,
    define::commit::the_jobs,
    ports::{Committed, StoreError, ZonesInForce},
    slots::chain::first_slot,
};

/// Delay before new zone data take effect, so that all jobs can be aligned with them first. It is
/// shorter in an installation that sends messages less far ahead.
const FOLLOWING: Duration = Duration::from_secs(60);
const SECOND_MS: i64 = 1000;

impl Engine {
    /// Aligns all jobs with the zone data in force.
    pub(crate) async fn align_jobs(&self) -> Result<()> {
        self.retry_contended(the_jobs, ATTEMPTS, || async {
            let _turn = self.graph_turn.write().await;
            let (revision, jobs) = self.ports.jobs.all_jobs().await?;
            let (same, in_force) = self.ports.zones.in_force().await?;
            let Some(zones) = in_force.filter(|_| same == revision) else { return Ok(None) };
            let Some(revision) = self.align(revision, &jobs, &zones).await? else { return Ok(None) };
            if zones.is_settled {
                return Ok(Some(()));
            }
            let settled = ZonesInForce { is_settled: true, ..zones };
            let settled = self.ports.zones.put_in_force(revision, &settled).await?;
            Ok((settled == Committed::Done).then_some(()))
        })
        .await
    }

    /// Aligns the jobs, and returns the graph's revision after that. `None` where the caller must read
    /// the graph again.
    async fn align(&self, revision: u64, jobs: &[Arc<Job>], zones: &ZonesInForce) -> Result<Option<u64>> {
        let mut revision = revision;
        let data = self.zone_data(&zones.version).await?;
        let groups = groups(jobs, &data, self.settings.jobs_in_commit);
        if groups.is_empty() {
            return Ok(Some(revision));
        }
        let fired = self.fired().await?;
        for group in groups {
            let now = self.now();
            let Some(until) = self.moment_for(zones, now, fired) else {
                self.put_off(revision, zones).await?;
                return Ok(None);
            };
            let aligned: Vec<Job> = group
                .into_iter()
                .filter_map(|job| self.aligned(job, &data, revision + 1, (now, until)))
                .collect();
            // Also of jobs that keep their version: whatever wrote their timers, they go on from here.
            // Where the clock was set back, ticks have passed slots that lie ahead, and rows of the version
            // before may stand there: the chain goes on behind these, too.
            let starts = if fired > now { vec![now, fired] } else { vec![now] };
            let next =
                |job: &Job| starts.iter().filter_map(|start| first_slot(job, *start)).collect::<Vec<_>>();
            let next = aligned.iter().flat_map(|job| next(job).into_iter().map(|slot| (job.clone(), slot)));
            // A clock that was ahead may have paused a job at an instant that is still to come.
            let firsts: Vec<(Job, Timestamp)> =
                next.filter(|(job, slot)| job.paused_at().is_none_or(|at| *slot <= at)).collect();
            let is_new = |job: &Job| job.revision == revision + 1;
            for job in aligned.iter().filter(|job| is_new(job)) {
                tracing::info!(job.id = %job.id(), zones = data.version(), "the new zone data change the local time of a job");
            }
            let is_called = |job: &Job| is_new(job) && job.spec.clock == SlotClock::Both;
            if !self.commit_versions(revision, aligned, &firsts, is_called).await? {
                return Ok(None);
            }
            revision += 1;
        }
        Ok(Some(revision))
    }

    /// Instant from which the jobs that are aligned now use the new zone data. `None` where the planned
    /// instant of the change is too near. If all other jobs use the new data already, the remaining jobs
    /// get an instant of their own.
    fn moment_for(&self, zones: &ZonesInForce, now: Timestamp, fired: Timestamp) -> Option<Timestamp> {
        let nearest = next_second(now.plus(self.settings.near).max(fired));
        match zones.before.last().filter(|_| !zones.is_settled) {
            None => Some(nearest),
            Some(last) => Some(last.until).filter(|until| *until >= nearest),
        }
    }

    /// Postpones the change of zone data for the jobs that don't use the new data yet.
    async fn put_off(&self, revision: u64, zones: &ZonesInForce) -> Result<()> {
        let mut zones = zones.clone();
        let until = self.moment_ahead(zones.before.last()).await?;
        if let Some(last) = zones.before.last_mut() {
            last.until = until;
        }
        self.ports.zones.put_in_force(revision, &zones).await.map(drop).map_err(Into::into)
    }

    fn aligned(
        &self,
        job: &Job,
        data: &ZoneData,
        revision: u64,
        (now, until): (Timestamp, Timestamp),
    ) -> Option<Job> {
        let stamp = job.zone_stamp().filter(|stamp| stamp.version != data.version())?;
        let zone = job.spec.timezone.as_deref()?;
        // Older slots never start.
        let since = now.minus(self.settings.retention).to_utc();
        let next = Some(stamp.moved_on(data, zone, since, until));
        if stamp.agrees_with(data, zone, since) {
            return Some(job.clone().judged_by(next));
        }
        let mut version = Job::new(job.spec.clone(), job.version + 1, revision, job.created_at, now);
        version.pause.clone_from(&job.pause);
        Some(version.judged_by(next))
    }

    /// Instant for a change of zone data that leaves enough time to align all jobs.
    pub(crate) async fn moment_ahead(&self, last: Option<&EarlierData>) -> Result<Timestamp> {
        let near = self.settings.near;
        let ahead = self.now().plus(near + near.min(FOLLOWING)).max(self.fired().await?);
        Ok(next_second(last.map_or(ahead, |last| ahead.max(last.until))))
    }

    /// Latest instant whose timers have been turned into messages. It is later than expected where the
    /// clock was set back.
    async fn fired(&self) -> Result<Timestamp> {
        Ok(self.ports.leases.cursors().await?.into_values().max().unwrap_or(Timestamp::MIN))
    }

    pub(crate) async fn zone_data(&self, version: &str) -> Result<Arc<ZoneData>> {
        if let Some(known) = ZoneData::known(version) {
            return Ok(known);
        }
        let what = || format!("zone data {version}");
        let packed = self.ports.zones.zone_data(version).await?;
        let packed = packed.ok_or_else(|| StoreError::Unreadable {
            what: what(),
            why: "the store does not have them".to_owned(),
        })?;
        let data = ZoneData::unpack(&packed)
            .map_err(|why| StoreError::Unreadable { what: what(), why: why.to_string() })?;
        Ok(data.register())
    }
}

pub(crate) fn is_stale(job: &Job, data: &ZoneData) -> bool {
    job.zone_stamp().is_some_and(|stamp| stamp.version != data.version())
}

/// Groups the jobs that still use other zone data. Jobs that share a schedule, or that dependencies
/// connect, are in one group.
fn groups<'a>(jobs: &'a [Arc<Job>], data: &ZoneData, most: usize) -> Vec<Vec<&'a Job>> {
    let places: HashMap<&JobId, usize> = jobs.iter().enumerate().map(|(at, job)| (job.id(), at)).collect();
    let (mut parts, mut of_schedule) = (UnionFind::new(jobs.len()), HashMap::new());
    for (at, job) in jobs.iter().enumerate() {
        for dependency in job.spec.dependencies.iter().filter_map(|id| places.get(id)) {
            parts.union(at, *dependency);
        }
        if let Some(key) = job.spec.schedule_key().filter(|_| is_stale(job, data)) {
            parts.union(at, *of_schedule.entry(key).or_insert(at));
        }
    }
    let mut by_part: BTreeMap<usize, Vec<&Job>> = BTreeMap::new();
    for (at, job) in jobs.iter().enumerate().filter(|(_, job)| is_stale(job, data)) {
        by_part.entry(parts.find(at)).or_default().push(job);
    }
    let mut groups: Vec<Vec<&Job>> = Vec::new();
    for jobs in by_part.into_values() {
        match groups.last_mut().filter(|group| group.len() + jobs.len() <= most) {
            Some(group) => group.extend(jobs),
            None => groups.push(jobs),
        }
    }
    groups
}

/// Next whole second. Clocks jump at whole seconds, the precision of a calendar.
fn next_second(at: Timestamp) -> Timestamp {
    Timestamp((at.second() + 1) * SECOND_MS)
}
