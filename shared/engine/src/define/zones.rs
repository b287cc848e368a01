//! The zone data of an installation, and how they change.
//!
//! A change is one step that can be repeated from anywhere, by anyone: the data are kept; their version
//! is put in force, with the moment of the change, if the graph has not changed meanwhile; then the jobs
//! follow, group by group, each commit conditional on the graph's revision; at last it is noted that all
//! have. From the second write on definitions are judged by the new data. A job whose zone is the same
//! in both keeps its version. Another gets a new one, as a pause's end makes it, whose slots are judged
//! by the new data from the moment on, and by the old ones until then. So the clock of such a job jumps
//! at that moment, and the rule for jumps gives each local time once.

use std::sync::{Arc, atomic::Ordering};

use belfry_domain::{EarlierData, LEGACY_ZONES, Timestamp, ZoneData, ZoneStamp};

use crate::{
    Engine, EngineError, Result,
    base::retry::ATTEMPTS,
    define::{commit::the_jobs, follow::is_stale},
    ports::{Committed, ZonesInForce},
};

/// Zone data by which definitions are judged.
pub(crate) struct Judges {
    pub data: Arc<ZoneData>,
    before: Vec<EarlierData>,
}

impl Judges {
    /// Zone stamp for a new job. It lists the latest changes of the zone data too, so that the job has
    /// the same slots as older jobs with the same schedule.
    pub fn stamp(&self, zone: &str, since: Timestamp) -> ZoneStamp {
        ZoneStamp::after(&self.before, &self.data, zone, since.to_utc())
    }
}

impl Engine {
    /// Sets the zone data of this process. Default: the bundled data.
    pub fn with_zones(self, own: Arc<ZoneData>) -> Self {
        Self { own_zones: own, ..self }
    }

    /// Puts this process's zone data in force if they are newer than those in force, and completes a
    /// change that another process began and did not complete. Leaders call this when they begin.
    ///
    /// # Errors
    /// The store does not answer, or other changes of the graph come first all the time.
    pub async fn adopt_zones(&self) -> Result<()> {
        // Not a change that came second: each round takes the next step, and looks again.
        for _ in 0..ATTEMPTS {
            match self.ports.zones.in_force().await?.1 {
                Some(zones) if !zones.is_settled => self.align_jobs().await?,
                Some(zones) if !self.has_newer(&zones) => return Ok(()),
                _ => self.put_own_in_force().await?,
            }
        }
        Err(EngineError::Contended(the_jobs()))
    }

    /// Does the same as [`Engine::adopt_zones`] for a caller that comes each minute and has read the
    /// version in force at this revision of the graph. If the graph has changed since the last call, it
    /// also checks that all jobs use that version: an older belfry writes jobs without a zone stamp.
    ///
    /// # Errors
    /// The store does not answer, or other changes of the graph come first all the time.
    pub async fn tend_zones(&self, revision: u64, in_force: Option<&ZonesInForce>) -> Result<()> {
        if in_force.is_none_or(|zones| !zones.is_settled || self.has_newer(zones)) {
            self.adopt_zones().await?;
        }
        if self.aligned_at.load(Ordering::Relaxed) == revision {
            return Ok(());
        }
        let (revision, jobs) = self.ports.jobs.all_jobs().await?;
        if jobs.iter().any(|job| job.zone_stamp().is_some()) {
            let data = self.zones_for_definitions().await?.data;
            if jobs.iter().any(|job| is_stale(job, &data)) {
                return self.align_jobs().await;
            }
        }
        self.aligned_at.store(revision, Ordering::Relaxed);
        Ok(())
    }

    /// Version of the zone data in force. `None` where none is in force yet.
    ///
    /// # Errors
    /// The store does not answer, or the data of that version can't be read.
    pub async fn zones_in_force(&self) -> Result<Option<String>> {
        let Some(zones) = self.ports.zones.in_force().await?.1 else { return Ok(None) };
        self.zone_data(&zones.version).await?;
        Ok(Some(zones.version))
    }

    /// Zone data that judge a definition. If none are in force yet, this process puts its own in force.
    pub(crate) async fn zones_for_definitions(&self) -> Result<Judges> {
        for _ in 0..ATTEMPTS {
            match self.ports.zones.in_force().await?.1 {
                // Rare, and large: definitions need not carry them along.
                None => Box::pin(self.put_own_in_force()).await?,
                Some(zones) if !zones.is_settled => Box::pin(self.align_jobs()).await?,
                Some(zones) => return self.judges(zones).await,
            }
        }
        Err(EngineError::Contended(the_jobs()))
    }

    async fn judges(&self, zones: ZonesInForce) -> Result<Judges> {
        let before = self.of_lately(zones.before);
        for earlier in &before {
            self.zone_data(&earlier.version).await?;
        }
        Ok(Judges { data: self.zone_data(&zones.version).await?, before })
    }

    /// Earlier versions of the zone data that can still matter to a slot: slots older than the retention
    /// period never start.
    fn of_lately(&self, mut before: Vec<EarlierData>) -> Vec<EarlierData> {
        let oldest = self.now().minus(self.settings.retention);
        before.retain(|earlier| earlier.until > oldest);
        before
    }

    fn has_newer(&self, zones: &ZonesInForce) -> bool {
        self.own_zones.release() > ZoneData::release_of(&zones.version)
    }

    /// Puts this process's zone data in force. The data are stored before the version, so a reader that
    /// finds the version in force also finds its data.
    async fn put_own_in_force(&self) -> Result<()> {
        let version = self.own_zones.version();
        self.ports.zones.keep_zone_data(version, &self.own_zones.pack()).await?;
        self.retry_contended(the_jobs, ATTEMPTS, || async {
            let _turn = self.graph_turn.write().await;
            let (revision, in_force) = self.ports.zones.in_force().await?;
            if in_force.as_ref().is_some_and(|zones| !zones.is_settled || !self.has_newer(zones)) {
                return Ok(Some(()));
            }
            let before = self.before_own(in_force).await?;
            let zones = ZonesInForce { version: version.to_owned(), is_settled: false, before };
            if self.ports.zones.put_in_force(revision, &zones).await? != Committed::Done {
                return Ok(None);
            }
            tracing::info!(version, "zone data put in force");
            Ok(Some(()))
        })
        .await
    }

    /// Versions that were in force before this process's own, each up to the instant of the change. Jobs
    /// from before the first change used the data that chrono-tz had compiled in.
    async fn before_own(&self, in_force: Option<ZonesInForce>) -> Result<Vec<EarlierData>> {
        let (version, mut before) = if let Some(zones) = in_force {
            (zones.version, self.of_lately(zones.before))
        } else {
            let (_, jobs) = self.ports.jobs.all_jobs().await?;
            if jobs.iter().all(|job| job.zone_stamp().is_none()) {
                return Ok(Vec::new());
            }
            (LEGACY_ZONES.to_owned(), Vec::new())
        };
        let until = self.moment_ahead(before.last()).await?;
        before.push(EarlierData { version, until });
        Ok(before)
    }
}
