//! Claim of an attempt: a message becomes an attempt, or starts nothing.

use std::{sync::Arc, time::Duration};

use belfry_domain::{
    Change, Claim, ClaimRequest, Execution, Holder, Job, Message, Origin, Refusal, Status, Timer, TimerKey,
};

use crate::{
    Engine, Result,
    base::{
        deadlines::{TOO_LATE, is_past_deadline},
        outbox::MessageOutcome,
    },
    ports::{Claimed, Creation, Fact},
    wait::admission::{AdmitRequest, Admitted, NewRow},
};

/// Name and kind of the holder for which a claim is made, and the length of its lease.
pub(crate) struct Claimant<'a> {
    pub worker_id: &'a str,
    pub holder: Holder,
    pub lease: Duration,
}

/// Result of a message that asks for an attempt.
pub(crate) enum ClaimOutcome {
    /// The attempt was claimed.
    Started(Box<Started>),
    Not(MessageOutcome),
}

/// Attempt that has been claimed.
pub(crate) struct Started {
    pub row: Execution,
    /// Instant of the claim's request, by the monotonic clock.
    pub since: Duration,
    /// Job in the version that was read before the claim.
    pub job: Option<Arc<Job>>,
    pub guard: TimerKey,
}

impl Engine {
    /// Claims the attempt that a message names, at its instant, if the attempt may still start.
    pub(crate) async fn claim(&self, message: &Message, claimant: &Claimant<'_>) -> Result<ClaimOutcome> {
        self.wait_until(message.due).await;
        match message.origin {
            Origin::Slot { version } => self.claim_slot(message, version, claimant).await,
            Origin::Job | Origin::Backfill => {
                let job = self.ports.jobs.job(&message.execution_id.job_id()).await?;
                self.claim_row(message, job, claimant).await
            }
            Origin::Push => self.claim_row(message, None, claimant).await,
        }
    }

    async fn claim_slot(
        &self,
        message: &Message,
        version: u64,
        claimant: &Claimant<'_>,
    ) -> Result<ClaimOutcome> {
        let id = &message.execution_id;
        let began = self.ports.clock.monotonic();
        let job = self.ports.jobs.job(&id.job_id()).await?;
        let Some((job, slot)) = job.zip(id.slot().instant()) else { return dropped(None) };
        // Its guard stays: it may have started already, and who else knows. The sweep clears up.
        if !self.may_start(&job, version, slot).await? {
            return dropped(None);
        }
        let row = self.slot_row(&job, slot, message.guard.clone()).await?;
        if self.is_stale(began) {
            return dropped(None);
        }
        let guard = Timer { key: message.guard.clone(), version: job.version, checks: 0 };
        if is_past_deadline(&row, job.work(), self.now()) {
            return Box::pin(self.skip_late(row, guard, began)).await.map(ClaimOutcome::Not);
        }
        if !job.spec.dependencies.is_empty() {
            return Box::pin(self.begin_waiting(&job, slot, row, guard, began)).await.map(ClaimOutcome::Not);
        }
        let since = self.ports.clock.monotonic();
        let request = self.claim_request(message, claimant, Some(&job));
        // The clock was set back after its instant had come.
        if request.claim.since < row.ready_at {
            return dropped(Some(Refusal::NotYet));
        }
        if let Some(limits) = job.limits() {
            let fresh = Some(NewRow { row, guard, began });
            let arrival = AdmitRequest { message, request: &request, job: &job, limits, fresh };
            return match Box::pin(self.admit(&arrival)).await? {
                Admitted::Started(row) => self.claimed(*row, since, Some(Arc::clone(&job)), message).await,
                Admitted::Not(handled) => Ok(ClaimOutcome::Not(handled)),
            };
        }
        let started = request.start_new(&row);
        let created = match request.guard.clone() {
            None => self.create_guarded(started.clone(), guard, began).await?,
            near => self.ports.executions.create(started.clone(), near).await?,
        };
        match created {
            Creation::Created => self.claimed(started, since, Some(job), message).await,
            Creation::Exists(row) if request.is_mine(&row) && row.status == Status::Running => {
                self.claimed(*row, since, Some(job), message).await
            }
            Creation::Exists(row) => dropped(request.judge(&row).err()),
        }
    }

    async fn claim_row(
        &self,
        message: &Message,
        job: Option<Arc<Job>>,
        claimant: &Claimant<'_>,
    ) -> Result<ClaimOutcome> {
        if message.attempt == 1 && matches!(message.origin, Origin::Job | Origin::Backfill) {
            if job.as_ref().is_none_or(|job| job.deleted) {
                return Box::pin(self.cancel_orphan(message, "the job was deleted"))
                    .await
                    .map(ClaimOutcome::Not);
            }
            if self.parent_has_ended(&message.execution_id).await? {
                let why = "the execution that this element belongs to has ended";
                return Box::pin(self.cancel_orphan(message, why)).await.map(ClaimOutcome::Not);
            }
        }
        let since = self.ports.clock.monotonic();
        let request = self.claim_request(message, claimant, job.as_deref());
        if let Some((job, limits)) = job.as_ref().and_then(|job| Some((job, job.limits()?))) {
            let arrival = AdmitRequest { message, request: &request, job, limits, fresh: None };
            return match Box::pin(self.admit(&arrival)).await? {
                Admitted::Started(row) => self.claimed(*row, since, Some(Arc::clone(job)), message).await,
                Admitted::Not(handled) => Ok(ClaimOutcome::Not(handled)),
            };
        }
        match self.ports.executions.claim(&request).await? {
            Claimed::Started(row) => self.claimed(*row, since, job, message).await,
            Claimed::Refused(row, _) if request.is_mine(&row) && row.status == Status::Running => {
                self.claimed(*row, since, job, message).await
            }
            Claimed::Refused(row, Refusal::TooLate) => {
                let change = Change::skipped(&row, TOO_LATE, self.now())?;
                Box::pin(self.end_unstarted(change, message.guard.clone())).await?;
                dropped(Some(Refusal::TooLate))
            }
            Claimed::Refused(_, refusal) => dropped(Some(refusal)),
            Claimed::Missing => dropped(None),
        }
    }

    /// Cancels an execution that has not started, because its job was deleted or the list that it
    /// belongs to has ended.
    async fn cancel_orphan(&self, message: &Message, reason: &str) -> Result<MessageOutcome> {
        if let Some(row) = self.ports.executions.execution(&message.execution_id).await?
            && !row.status.is_terminal()
            && row.attempt == 0
        {
            let change = Change::cancelled(&row, reason, self.now())?;
            self.end_unstarted(change, message.guard.clone()).await?;
        }
        Ok(MessageOutcome::Dropped(None))
    }

    fn claim_request(&self, message: &Message, claimant: &Claimant<'_>, job: Option<&Job>) -> ClaimRequest {
        let since = self.now();
        let lease_until = since.plus(claimant.lease);
        let look_at = lease_until.plus(self.settings.takeover_margin);
        let claim = Claim {
            id: self.ports.random.next(),
            worker_id: claimant.worker_id.to_owned(),
            lease_until,
            since,
            holder: claimant.holder,
        };
        ClaimRequest {
            execution_id: message.execution_id.clone(),
            attempt: message.attempt,
            due: message.due,
            claim,
            job_version: job.map_or(0, |job| job.version),
            starting_deadline: job.and_then(|job| job.spec.starting_deadline),
            guard: self.nearer_guard(&message.guard, &message.execution_id, message.attempt, look_at),
        }
    }

    /// Continues after a claim. A list fans out here, for every kind of holder, because a list is no
    /// work for a target.
    async fn claimed(
        &self,
        row: Execution,
        since: Duration,
        job: Option<Arc<Job>>,
        message: &Message,
    ) -> Result<ClaimOutcome> {
        let lateness = lateness(&row);
        self.ports.observer.record(Fact::Started { id: &row.id, attempt: row.attempt, lateness });
        // In the version that the first claim pinned.
        let job = match job {
            Some(job) if row.job_version != job.version => {
                self.ports.jobs.job_version(job.id(), row.job_version).await?
            }
            job => job,
        };
        let guard = message.guard.clone();
        let fans_out = |job: &&Arc<Job>| job.spec.for_each.is_some() && row.id.whole().is_none();
        if let Some(job) = job.as_ref().filter(fans_out) {
            let mut row = row;
            if let Some(claim) = &mut row.claim {
                // This engine does it, whoever has asked for work, and keeps the lease as a worker does.
                claim.holder = Holder::Worker;
            }
            let status = Box::pin(self.fan_out(row, since, job, guard)).await?;
            return Ok(ClaimOutcome::Not(MessageOutcome::Ran(status)));
        }
        Ok(ClaimOutcome::Started(Box::new(Started { row, since, job, guard })))
    }
}

/// Lateness of the attempt that has just started. What the limits make a retry wait for is none.
fn lateness(row: &Execution) -> Duration {
    if row.attempt == 1 {
        return row.lateness().unwrap_or_default();
    }
    let has_waited = row.admission.as_ref().is_some_and(|admission| admission.has_waited);
    let claim = row.claim.as_ref().filter(|_| !has_waited);
    claim.map_or(Duration::ZERO, |claim| claim.since.since(row.ready_at))
}

#[expect(clippy::unnecessary_wraps, reason = "reads as the other ways out of a claim")]
fn dropped(refusal: Option<Refusal>) -> Result<ClaimOutcome> {
    Ok(ClaimOutcome::Not(MessageOutcome::Dropped(refusal)))
}
