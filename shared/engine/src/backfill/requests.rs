//! Requests about a backfill: plan, start, pause, resume, cancel.

use belfry_domain::{
    Backfill, BackfillId, BackfillStatus, Job, JobId, MAX_BACKFILL_CONCURRENCY, MAX_BACKFILL_SLOTS, Problem,
    SlotRange, Tally, Timer, Timestamp,
};
use ulid::Ulid;

use crate::{Engine, EngineError, Result, base::retry::ATTEMPTS};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillRequest {
    pub job_id: JobId,
    pub range: SlotRange,
    pub concurrency: u32,
}

/// Plan of a backfill, before anything is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillPlan {
    pub row: Backfill,
    /// First slot in the backfill's order.
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Engine {
    /// Plans a backfill, and writes nothing.
    ///
    /// # Errors
    /// The request is invalid, or the job does not exist or has no schedule, or the range has no slot
    /// or too many.
    pub async fn plan_backfill(&self, request: &BackfillRequest) -> Result<BackfillPlan> {
        let (_, job) = self.live_job(&request.job_id).await?;
        let problems = problems_of(request, self.now());
        if !problems.is_empty() {
            return Err(EngineError::Invalid(problems));
        }
        let Some(schedule) = job.schedule() else {
            let message =
                format!("job {} has no schedule and therefore no slots; trigger the job instead", job.id());
            return Err(EngineError::Conflict(message));
        };
        let slots = request.range.count(schedule, MAX_BACKFILL_SLOTS);
        let ends = request.range.first(schedule).zip(request.range.last(schedule));
        match ends {
            Some((first, last)) if slots <= MAX_BACKFILL_SLOTS => {
                Ok(BackfillPlan { row: self.new_backfill(request, &job, slots, first), first, last })
            }
            Some(_) => Err(EngineError::invalid(
                "from",
                format!("the range has more than {MAX_BACKFILL_SLOTS} slots; choose a shorter range"),
            )),
            None => Err(EngineError::invalid("from", "the schedule of the job has no slot in this range")),
        }
    }

    fn new_backfill(&self, request: &BackfillRequest, job: &Job, slots: u32, first: Timestamp) -> Backfill {
        let now = self.now();
        let random = (u128::from(self.ports.random.next()) << 64) | u128::from(self.ports.random.next());
        let ulid = Ulid::from_parts(u64::try_from(now.0).unwrap_or(0), random);
        Backfill {
            id: BackfillId::from_ulid(&ulid),
            revision: 0,
            job_id: request.job_id.clone(),
            job_version: job.version,
            status: BackfillStatus::Running,
            range: request.range,
            concurrency: request.concurrency,
            slots,
            created_at: now,
            ended_at: None,
            reason: None,
            next: Some(first),
            open: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Starts a backfill. When this returns, the backfill is durable and goes on, whatever happens to
    /// this process.
    ///
    /// # Errors
    /// Those of [`Engine::plan_backfill`].
    pub async fn start_backfill(&self, request: &BackfillRequest) -> Result<Backfill> {
        let BackfillPlan { row, .. } = self.plan_backfill(request).await?;
        let fired_at = row.created_at.minus(self.settings.sweep_grace);
        let timer = Timer::backfill(self.settings.shards, &row.id, fired_at);
        self.ports.backfills.create_backfill(row.clone(), timer).await?;
        Ok(self.advance_soon(row).await)
    }

    /// Makes a first pass at once. The sweep makes all others, and this one too if it fails.
    async fn advance_soon(&self, row: Backfill) -> Backfill {
        match self.look_at_backfill(row.clone()).await {
            Ok(row) => row,
            Err(error) => {
                tracing::debug!(backfill.id = %row.id, %error, "failed; the sweep will retry");
                row
            }
        }
    }

    /// Pauses a backfill: no further execution starts until it is resumed. Started executions go on.
    ///
    /// # Errors
    /// The backfill does not exist or has ended, or other processes keep changing it.
    pub async fn pause_backfill(&self, id: &BackfillId) -> Result<Backfill> {
        self.move_backfill(id, BackfillStatus::Paused, None).await
    }

    /// Resumes a paused backfill.
    ///
    /// # Errors
    /// The backfill does not exist or has ended, or other processes keep changing it.
    pub async fn resume_backfill(&self, id: &BackfillId) -> Result<Backfill> {
        Ok(self.advance_soon(self.move_backfill(id, BackfillStatus::Running, None).await?).await)
    }

    /// Cancels a backfill: no further execution starts, and executions that have not started are
    /// cancelled. Running executions may end.
    ///
    /// # Errors
    /// The backfill does not exist or has ended, or other processes keep changing it.
    pub async fn cancel_backfill(&self, id: &BackfillId, reason: &str) -> Result<Backfill> {
        Ok(self.advance_soon(self.move_backfill(id, BackfillStatus::Cancelled, Some(reason)).await?).await)
    }

    async fn move_backfill(
        &self,
        id: &BackfillId,
        to: BackfillStatus,
        reason: Option<&str>,
    ) -> Result<Backfill> {
        let what = || format!("backfill {id}");
        self.retry_contended(what, ATTEMPTS, || async {
            let found = self.ports.backfills.backfill(id).await?;
            let row = found.ok_or_else(|| EngineError::NotFound { what: "backfill", id: id.to_string() })?;
            if row.status == to {
                return Ok(Some(row));
            }
            if matches!(row.status, BackfillStatus::Cancelled | BackfillStatus::Finished) {
                let (is, to) = (row.status.as_str(), to.as_str());
                return Err(EngineError::Conflict(format!("backfill {id} is {is} and cannot become {to}")));
            }
            let next = Backfill { status: to, reason: reason.map(str::to_owned), ..row.clone() };
            self.write_backfill(&row, next).await
        })
        .await
    }
}

fn problems_of(request: &BackfillRequest, now: Timestamp) -> Vec<Problem> {
    let SlotRange { from, to, .. } = request.range;
    let mut problems = Vec::new();
    if from >= to {
        problems.push(Problem::new("to", "must be after `from`"));
    }
    if to > now {
        problems.push(Problem::new("to", "must not be in the future; future slots start by themselves"));
    }
    if !(1..=MAX_BACKFILL_CONCURRENCY).contains(&request.concurrency) {
        problems.push(Problem::new("concurrency", format!("must be from 1 to {MAX_BACKFILL_CONCURRENCY}")));
    }
    problems
}
