//! Repair after a wall clock that was ahead: finds what that clock has put off, and puts it right.
//!
//! Ticks fire up to a horizon, so a cursor beyond it says that the clock went back since: it was ahead
//! before, or is behind now. Who fired so far has also moved the chains, looks and retries of that time
//! on. All of it is put right before the cursor goes back: after a crash in between, the next leader
//! finds the same. An execution's row stands for its slot: what ran ahead of its time is not run again
//! when that comes; slots without a row are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use belfry_domain::{
    Change, Execution, ExecutionId, HumanDuration, Job, JobId, Timer, Timestamp, What,
    misfire::{GRACE, missed_before_under},
};

use crate::{
    Engine, Result,
    base::checks::LONGEST_CHECK,
    ports::{Acquired, Alert, Cursors, Lease, Position},
    slots::chain::first_slot,
    time::cursors::{FURTHEST, cursor_of, fired},
};

/// Number of jobs that an alert names.
const NAMED: usize = 5;
const FOR_EVER: Timestamp = Timestamp(i64::MAX);

/// Instants of the next slot timers, by job.
pub(crate) type NextSlots = BTreeMap<JobId, Timestamp>;

impl Engine {
    /// Instant from which a tick reads a shard, up to `until`.
    pub(crate) fn tick_from(&self, cursors: &Cursors, shard: u16, until: Timestamp) -> Timestamp {
        let least = if went_back(fired(cursors), until) { self.now().minus(GRACE) } else { until };
        cursor_of(cursors, shard).min(least)
    }

    /// Takes or renews the leadership of a lane for `length`. A lease that ends after `longest` and a minute
    /// was taken by a clock that was ahead, and counts as over.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn take_lane(
        &self,
        lane: u16,
        owner: &str,
        length: Duration,
        longest: Duration,
    ) -> Result<Acquired> {
        let (now, leases) = (self.now(), &self.ports.leases);
        let acquired = leases.acquire(lane, owner, now, now.plus(length)).await?;
        match acquired {
            Acquired::HeldBy { until, .. } if until > now.plus(longest + GRACE) => {
                Ok(leases.acquire(lane, owner, Timestamp(until.0 + 1), now.plus(length)).await?)
            }
            other => Ok(other),
        }
    }

    /// If the clock went back since the last tick, notes how far it had been. If it went back by more than
    /// a minute, puts right what stands still, and raises an alert. Repeating it does no harm.
    pub(crate) async fn put_right_after_step(&self, lease: &Lease, cursors: &Cursors) -> Result<()> {
        let until = self.now().plus(self.settings.look_ahead);
        let fired = fired(cursors);
        if fired <= until {
            return Ok(());
        }
        // A change of zone data waits for it, but no longer than rows are kept.
        let mark = fired.min(self.now().plus(self.settings.retention));
        if cursor_of(cursors, FURTHEST) < mark {
            self.save_cursor(lease, FURTHEST, mark).await?;
        }
        if !went_back(fired, until) {
            return Ok(());
        }
        let by = HumanDuration(Duration::from_secs(fired.since(until).as_secs()));
        self.aligned_at.store(u64::MAX, Relaxed);
        tracing::warn!(%by, "the clock went back: looking for what stands still");
        let (now, (_, jobs)) = (self.now(), self.ports.jobs.all_jobs().await?);
        let next = self.look_at_what_is_put_off(fired).await?;
        let still: Vec<&JobId> = self.standing_still(&jobs, &next, now).map(|job| job.id()).collect();
        let mut timers = Vec::new();
        for job in &jobs {
            // The next one too: the sweep may take the first away before a tick reads it, if its slot has a row.
            for since in [before_what_is_missed_no_more(job, now), now] {
                let first = self.first_timers(job, since).await;
                timers.extend(self.if_readable(first).await?.unwrap_or_default());
            }
        }
        self.ports.timers.put_timers(timers).await?;
        let summary = format!(
            "the clock went back by {by}: it was ahead before, or is behind now; {} would have stood still for so long, and had to be started again",
            names(&still)
        );
        self.ports.alerts.raise(Alert::Clock { summary }).await?;
        self.unmark(lease, cursors, until).await
    }

    /// Gives what lies further ahead than it can mean, or was fired ahead of its time, another look
    /// soon; the timer itself stays until its own time. Returns the next slot timer of each job.
    pub(crate) async fn look_at_what_is_put_off(&self, fired: Timestamp) -> Result<NextSlots> {
        let now = self.now();
        // Where no clock went back lately, looks at work that was handed over may lie far ahead.
        let usual = if fired > now { self.settings.check_every } else { LONGEST_CHECK };
        let furthest = now.plus(2 * usual);
        let mut next = NextSlots::new();
        for shard in self.settings.shards.all() {
            let mut position = Position::After(now);
            loop {
                let page = self.ports.timers.due(shard, &position, FOR_EVER, self.settings.page).await?;
                self.report_unknown(&page).await?;
                let mut looks = Vec::new();
                for timer in &page.timers {
                    let look = self.nearer_look(timer, fired, furthest).await;
                    looks.extend(self.if_readable(look).await?.flatten());
                    if let What::Slot { job_id, .. } = &timer.key.what {
                        next.entry(job_id.clone()).or_insert(timer.key.fire_at);
                    }
                }
                self.ports.timers.put_timers(looks).await?;
                let Some(last) = page.timers.last().filter(|_| page.is_full) else { break };
                position = Position::Behind(last.key.clone());
            }
        }
        Ok(next)
    }

    async fn nearer_look(
        &self,
        timer: &Timer,
        fired: Timestamp,
        furthest: Timestamp,
    ) -> Result<Option<Timer>> {
        let (now, key) = (self.now(), &timer.key);
        let soon = |id: &ExecutionId, attempt| {
            let check =
                Timer::check(self.settings.shards, id, attempt, now.plus(self.settings.check_every), 0);
            Timer { version: timer.version, ..check }
        };
        Ok(match &key.what {
            What::Backfill { backfill_id } => {
                Some(Timer::backfill(self.settings.shards, backfill_id, now.minus(self.settings.sweep_grace)))
            }
            What::Check { execution_id, attempt } | What::Start { execution_id, attempt: attempt @ 2.. } => {
                (key.fire_at > furthest).then(|| soon(execution_id, *attempt))
            }
            // Without a row it is still to come. With one it is the guard of what began ahead of its time,
            // or of what was asked for by such a clock.
            What::Slot { .. } | What::Start { .. } if key.fire_at <= fired => {
                let row = self.row_of(timer).await?;
                row.map(|row| soon(&row.id, row.attempt.max(1)))
            }
            What::Start { .. } if key.fire_at > furthest => {
                let row = self.row_of(timer).await?.filter(|row| self.is_put_off(row));
                row.map(|row| soon(&row.id, row.attempt.max(1)))
            }
            What::Slot { .. } | What::Start { .. } | What::Deadline { .. } => None,
        })
    }

    async fn row_of(&self, timer: &Timer) -> Result<Option<Execution>> {
        let Some(id) = timer.key.what.execution_id() else { return Ok(None) };
        Ok(self.ports.executions.execution(&id).await?)
    }

    fn is_put_off(&self, row: &Execution) -> bool {
        let now = self.now();
        let shorter = || Change::lease_shortened(row, self.settings.lease, now);
        !row.status.is_terminal() && Change::brought_forward(row, now).or_else(shorter).is_some()
    }

    /// Jobs whose chain goes on later than by their own schedule. What a tick may have fired meanwhile is
    /// left out.
    pub(crate) fn standing_still<'a>(
        &self,
        jobs: &'a [Arc<Job>],
        next: &NextSlots,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Arc<Job>> {
        let horizon = now.plus(self.settings.look_ahead + GRACE);
        jobs.iter().filter(move |job| {
            let slot = first_slot(job, horizon).filter(|slot| is_due(job, None, *slot));
            slot.is_some_and(|slot| next.get(job.id()).is_none_or(|next| *next > slot))
        })
    }

    /// Timers with which a job's chain begins anew: of the first slot after `since`, and where other
    /// versions have come or will come after that, of the first slot of each.
    async fn first_timers(&self, job: &Arc<Job>, since: Timestamp) -> Result<Vec<Timer>> {
        let (mut version, mut ends, mut timers) = (Arc::clone(job), None, Vec::new());
        loop {
            let slot = first_slot(&version, since.max(version.updated_at));
            let slot = slot.filter(|slot| is_due(&version, ends, *slot));
            timers.extend(slot.map(|slot| self.slot_timer(&version, slot)));
            if version.updated_at <= since || version.version == 1 {
                return Ok(timers);
            }
            let before = self.ports.jobs.job_version(job.id(), version.version - 1).await?;
            let Some(before) = before.filter(|before| !before.deleted) else { return Ok(timers) };
            ends = Some(version.updated_at);
            version = before;
        }
    }
}

/// Instant after which slots count: those from it on are not missed by the policy of the job.
fn before_what_is_missed_no_more(job: &Job, now: Timestamp) -> Timestamp {
    let Some(schedule) = job.schedule() else { return now };
    let latest = |at| schedule.latest_at_or_before(at);
    let missed = missed_before_under(job.spec.misfire, now.to_utc(), latest);
    Timestamp(Timestamp::from(missed).0 - 1)
}

fn went_back(cursor: Timestamp, until: Timestamp) -> bool {
    cursor.since(until) > GRACE
}

fn is_due(job: &Job, ends: Option<Timestamp>, slot: Timestamp) -> bool {
    let last = job.paused_at().into_iter().chain(ends).min();
    last.is_none_or(|last| slot <= last)
}

/// Such as `3 schedules (hourly, nightly, report)`.
pub(crate) fn names(jobs: &[&JobId]) -> String {
    let named: BTreeSet<&str> = jobs.iter().take(NAMED).map(|job| job.as_str()).collect();
    let named: Vec<&str> = named.into_iter().collect();
    let more = if jobs.len() > NAMED { ", …" } else { "" };
    match jobs.len() {
        0 => "no schedule".to_owned(),
        1 => format!("1 schedule ({})", named.join(", ")),
        count => format!("{count} schedules ({}{more})", named.join(", ")),
    }
}
