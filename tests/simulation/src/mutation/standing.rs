//! Rules broken by which something stands still, or is doubled, while nobody looks.

use std::{sync::Arc, time::Duration};

use belfry_domain::{Change, ClaimRequest, Execution, Holder, Job, MisfirePolicy, Status, Timer, Timestamp};
use belfry_engine::ports::{Position, RowWrite, StoreError};

use super::{Backend, Mutation, Result};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE_MS: i64 = 60_000;

impl Backend {
    /// Whether a read of timers finds nothing, because `depth` messages wait somewhere, or because it asks
    /// for what is to be looked at later.
    pub fn looks_away(&self, from: &Position, until: Timestamp, now: Timestamp, depth: u64) -> bool {
        let is_sweep = *from == Position::After(Timestamp::MIN);
        let is_held_back = self.breaks(Mutation::LooksHeldBack) && is_sweep && depth >= self.queue_limit;
        is_held_back || self.breaks(Mutation::FarLooksSpared) && until > now.plus(HOUR)
    }

    pub fn request(&self, request: &ClaimRequest) -> ClaimRequest {
        let guard = request.guard.clone().filter(|_| !self.breaks(Mutation::ClaimsUnguarded));
        ClaimRequest { guard, ..request.clone() }
    }

    /// Timers of a job's slots. That there are later ones keeps the sweep from going on with the chain.
    pub fn with_later(&self, mut timers: Vec<Timer>) -> Vec<Timer> {
        if self.breaks(Mutation::ChainsPieced) {
            let mut later = timers.clone();
            for timer in &mut later {
                timer.key.fire_at = Timestamp(i64::MAX);
            }
            timers.extend(later);
        }
        timers
    }

    /// Error of a write that ends an attempt, which makes the worker give up.
    pub fn given_up<T>(&self, row: &Execution, answer: Result<T>) -> Result<T> {
        match answer {
            Err(StoreError::Unavailable(_))
                if self.breaks(Mutation::ResultsGivenUp) && row.status != Status::Running =>
            {
                Err(StoreError::Fenced)
            }
            answer => answer,
        }
    }

    /// Row as it is read: by another claim's name, its process does not know it as its own.
    pub fn read(&self, mut row: Execution) -> Execution {
        let claim = row.claim.as_mut().filter(|claim| claim.holder == Holder::Worker);
        if self.breaks(Mutation::HoldersUnasked)
            && row.status == Status::Running
            && let Some(claim) = claim
        {
            claim.id = !claim.id;
        }
        row
    }

    /// Change as it is to be written, with the claim's true name.
    pub async fn to_write(&self, mut change: Change) -> Result<Change> {
        if self.breaks(Mutation::HoldersUnasked)
            && let Some(claim) = &mut change.row.claim
            && let Some(now) = self.store.execution(&change.row.id).await?
            && now.claim.is_some_and(|now| now.id == !claim.id)
        {
            claim.id = !claim.id;
        }
        if self.breaks(Mutation::ClaimsUnguarded)
            && change.row.status == Status::Running
            && change.guard.take().is_some()
            && let Some(now) = self.store.execution(&change.row.id).await?
        {
            change.row.guard = now.guard;
        }
        Ok(change)
    }

    pub async fn row_to_write(&self, row: RowWrite) -> Result<RowWrite> {
        Ok(match row {
            RowWrite::Changed(change) => RowWrite::Changed(Box::new(self.to_write(*change).await?)),
            row => row,
        })
    }

    /// Timers that are committed with a job, whose last version was paused at `paused_at`.
    pub fn committed(&self, job: &Job, paused_at: Option<Timestamp>) -> Vec<Timer> {
        let (Some(paused_at), None, Some(schedule)) = (paused_at, job.paused_at(), job.schedule()) else {
            return Vec::new();
        };
        if !self.breaks(Mutation::PausesForgotten) || job.deleted {
            return Vec::new();
        }
        let from = Timestamp(paused_at.0.max(job.updated_at.0 - MINUTE_MS));
        let slots = schedule.upcoming(from.to_utc()).map(Timestamp::from);
        let young = slots.take_while(|slot| *slot <= job.updated_at);
        young.map(|slot| Timer::slot(self.shards, job.id().clone(), job.version, slot)).collect()
    }

    pub fn job_read(&self, job: Arc<Job>) -> Arc<Job> {
        if self.breaks(Mutation::SkipsForgotten) && job.spec.misfire == MisfirePolicy::Skip {
            let mut job = (*job).clone();
            job.spec.misfire = MisfirePolicy::Latest;
            return Arc::new(job);
        }
        job
    }
}
