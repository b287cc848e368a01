//! Tick: it reads the timers that fire within the look-ahead, and fires them.
//!
//! Only a lane's leader ticks, but nothing depends on there being only one: two ticks write the same
//! timers and send the same messages. The cursor of a shard says up to where its timers have been read;
//! it moves only after everything that they call for has been written and sent. Cursors of shards
//! without timers move together, in one write for the lane: a tick that ends before that write has lost
//! nothing else.

use std::{collections::HashSet, mem::take, time::Duration};

use belfry_domain::{ExecutionId, JobId, Message, Timer, Timestamp, What, misfire::GRACE};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    Engine, EngineError, Result,
    ports::{Cursors, Fact, Lease, Position, StoreError},
    time::cursors::fired,
};

/// Work that the timers of a page call for, in the order in which it is done.
#[derive(Default)]
struct Work {
    timers: Vec<Timer>,
    /// Slots whose timers are among these, or stay as they are.
    slots: Vec<(JobId, Timestamp)>,
    messages: Vec<Message>,
    removals: Vec<Timer>,
}

/// Result of ticking one shard.
struct Ticked {
    fired: u64,
    /// Cursor of the shard, where no timer was read and it still has to be saved.
    idle: Option<(u16, Timestamp)>,
}

impl Engine {
    /// Ticks a lane over its shards, and returns the number of timers that fired.
    ///
    /// # Errors
    /// The store does not answer, or another process leads now. All shards are tried first.
    pub async fn tick(&self, lease: &Lease, shards: impl Iterator<Item = u16>) -> Result<u64> {
        let outcome = self.tick_shards(lease, shards).await;
        self.note_tick(&outcome);
        outcome
    }

    async fn tick_shards(&self, lease: &Lease, shards: impl Iterator<Item = u16>) -> Result<u64> {
        let started = self.ports.clock.monotonic();
        let cursors = self.ports.leases.cursors().await?;
        self.put_right_after_step(lease, &cursors).await?;
        let until = self.now().plus(self.settings.look_ahead);
        self.mark(lease, &cursors, until).await?;
        let ticks = stream::iter(shards).map(|shard| {
            let cursor = self.tick_from(&cursors, shard, until);
            async move { self.tick_shard(lease, shard, cursor, until).await }
        });
        let ticks: Vec<Result<Ticked>> = ticks.buffer_unordered(self.settings.shards_at_once).collect().await;
        let idle: Cursors = ticks.iter().flatten().filter_map(|ticked| ticked.idle).collect();
        if !idle.is_empty() {
            self.save_cursors(lease, &idle).await?;
        }
        // After all have ended: one shard's failure must not cut short the others.
        let fired = ticks.into_iter().map(|ticked| Ok(ticked?.fired)).sum::<Result<u64>>()?;
        let took = self.ports.clock.monotonic().saturating_sub(started);
        self.ports.observer.record(Fact::Ticked { timers: fired, took });
        Ok(fired)
    }

    async fn tick_shard(
        &self,
        lease: &Lease,
        shard: u16,
        cursor: Timestamp,
        until: Timestamp,
    ) -> Result<Ticked> {
        let mut position = Position::After(cursor);
        let mut seen = HashSet::new();
        let mut fired = 0;
        let mut is_idle = true;
        loop {
            let page = self.ports.timers.due(shard, &position, until, self.settings.page).await?;
            self.report_unknown(&page).await?;
            is_idle &= page.timers.is_empty();
            fired += self.fire_page(&page.timers, until, &mut seen).await?;
            let Some(last) = page.timers.last().filter(|_| page.is_full) else { break };
            // Rows of the same millisecond may follow on the next page.
            self.save_cursor(lease, shard, last.key.fire_at.minus(Duration::from_millis(1)).max(cursor))
                .await?;
            position = Position::Behind(last.key.clone());
        }
        if is_idle {
            return Ok(Ticked { fired, idle: Some((shard, until)) });
        }
        self.save_cursor(lease, shard, until).await?;
        Ok(Ticked { fired, idle: None })
    }

    /// Fires a page of timers. `seen` holds the slots that this tick has fired already: firing a slot
    /// writes the timers of later slots, which a later page then returns again.
    async fn fire_page(
        &self,
        timers: &[Timer],
        until: Timestamp,
        seen: &mut HashSet<(JobId, Timestamp)>,
    ) -> Result<u64> {
        let fresh: Vec<Timer> = timers.iter().filter(|timer| !is_seen(timer, seen)).cloned().collect();
        let works: Vec<Work> = stream::iter(fresh)
            .map(|timer| async move { self.fire_timer(&timer, until).await })
            .buffered(self.settings.parallel)
            .try_collect()
            .await?;
        let mut all = Work::default();
        for work in works {
            all.timers.extend(work.timers);
            all.slots.extend(work.slots);
            all.messages.extend(work.messages);
            all.removals.extend(work.removals);
        }
        seen.extend(take(&mut all.slots));
        let count = all.messages.len() as u64;
        self.carry_out(all).await?;
        Ok(count)
    }

    async fn carry_out(&self, work: Work) -> Result<()> {
        self.ports.timers.put_timers(work.timers).await?;
        self.send(work.messages).await?;
        for timer in &work.removals {
            self.ports.timers.remove_unchanged(timer).await?;
        }
        Ok(())
    }

    /// Fires a slot that no tick has fired, on behalf of the sweep, and no further than ticks have: it may
    /// be the sweep's clock that is ahead.
    pub(crate) async fn fire_late(&self, timer: &Timer, job_id: &JobId, slot: Timestamp) -> Result<()> {
        let fired = fired(&self.ports.leases.cursors().await?);
        let until = self.now().plus(self.settings.look_ahead).min(fired);
        let work = self.fire_slot(timer, job_id, slot, until).await?;
        self.carry_out(work).await
    }

    async fn fire_timer(&self, timer: &Timer, until: Timestamp) -> Result<Work> {
        let work = match &timer.key.what {
            What::Slot { job_id, slot } => self.fire_slot(timer, job_id, *slot, until).await,
            What::Start { execution_id, .. } => self.fire_start(timer, execution_id).await,
            What::Deadline { execution_id } => {
                // Nothing that starts may wait for an alert.
                if let Err(error) = self.examine_deadline(timer, execution_id).await {
                    tracing::warn!(execution.id = %execution_id, %error, "cannot check the deadline; the sweep will retry");
                }
                Ok(Work::default())
            }
            // A later look at something under way: the sweep's.
            What::Check { .. } | What::Backfill { .. } => Ok(Work::default()),
        };
        // It must not hold up the others: it stays for the sweep.
        match self.if_readable(work).await {
            Ok(work) => Ok(work.unwrap_or_default()),
            Err(error @ EngineError::Store(_)) => Err(error),
            Err(error) => {
                tracing::warn!(timer = %timer.key, %error, "cannot fire a timer; the sweep will retry");
                Ok(Work::default())
            }
        }
    }

    async fn fire_slot(
        &self,
        timer: &Timer,
        job_id: &JobId,
        slot: Timestamp,
        until: Timestamp,
    ) -> Result<Work> {
        // A slot that is not to start may have started before it was read here: then its timer is
        // its guard. The sweep knows which.
        let Some(job) = self.ports.jobs.job(job_id).await? else { return Ok(Work::default()) };
        // A slot of a version that has been replaced starts if it was due before the change; what
        // comes after is the new version's, which brought its own timers.
        let Some(owner) = self.owner_of(&job, timer.version, slot).await? else { return Ok(Work::default()) };
        let horizon = [owner.job.paused_at(), owner.ends].into_iter().flatten().fold(until, Timestamp::min);
        let now = self.now();
        if now.since(until) > GRACE {
            // It may be wrong, and no mark says how far it is.
            let why =
                "the clock went ahead, or the host stood still, since this tick began; the next one goes on";
            return Err(StoreError::Unavailable(why.to_owned()).into());
        }
        let mut firing = self.fire(&owner.job, slot, horizon, now);
        firing.timers.retain(|timer| {
            slot_of(timer).is_none_or(|(_, slot)| owner.ends.is_none_or(|ends| slot <= ends))
        });
        let removals = if firing.moves_first { vec![timer.clone()] } else { vec![] };
        let slots = firing.timers.iter().filter_map(slot_of).collect();
        // Its own is there already.
        firing.timers.retain(|each| each != timer);
        let is_old = |message: &Message| {
            message.execution_id.first_of_slot().is_some_and(|slot| self.is_past_retention(slot))
        };
        if firing.misses_first || !firing.missed.is_empty() || firing.messages.iter().any(is_old) {
            // First, because a row says that the chain goes on behind it.
            self.ports.timers.put_timers(take(&mut firing.timers)).await?;
        }
        self.name_missed(&owner.job, &firing).await?;
        if firing.misses_first {
            // Its message may be on its way: a row keeps it from starting after its guard is gone.
            self.skip_slot(&owner.job, slot, &firing.reason).await?;
        }
        let messages = self.with_rows_for_old(&owner.job, firing.messages).await?;
        Ok(Work { timers: firing.timers, slots, messages, removals })
    }

    async fn fire_start(&self, timer: &Timer, id: &ExecutionId) -> Result<Work> {
        let message = match self.ports.executions.execution(id).await? {
            Some(row) => self.message_for(&row, timer.key.clone()).await?,
            None => self.message_for_absent(id, timer).await?,
        };
        Ok(Work { messages: message.into_iter().collect(), ..Work::default() })
    }
}

fn slot_of(timer: &Timer) -> Option<(JobId, Timestamp)> {
    match &timer.key.what {
        What::Slot { job_id, slot } => Some((job_id.clone(), *slot)),
        What::Start { .. } | What::Check { .. } | What::Backfill { .. } | What::Deadline { .. } => None,
    }
}

fn is_seen(timer: &Timer, seen: &HashSet<(JobId, Timestamp)>) -> bool {
    slot_of(timer).is_some_and(|slot| seen.contains(&slot))
}
