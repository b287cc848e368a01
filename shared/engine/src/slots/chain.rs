//! The chain of a job's slot timers: its first slots, and how it goes on behind one.

use std::collections::BTreeSet;

use belfry_domain::{Job, JobId, Timer, TimerKey, Timestamp};

use crate::{
    Engine, Result,
    slots::{fire::Firing, owner::Owner},
};

impl Engine {
    /// A timer that was written behind the cursor has been seen by no tick. If its writer died
    /// before it got to the next one, this is where the chain goes on. Nor has a tick written the
    /// slot's deadline.
    pub(crate) async fn ensure_successor(
        &self,
        timer: &Timer,
        job_id: &JobId,
        slot: Timestamp,
    ) -> Result<()> {
        let Some(job) = self.ports.jobs.job(job_id).await?.filter(|job| !job.deleted) else { return Ok(()) };
        let Some(Owner { job, ends }) = self.owner_of(&job, timer.version, slot).await? else {
            return Ok(());
        };
        let next =
            job.schedule().and_then(|schedule| schedule.next_after(slot.to_utc())).map(Timestamp::from);
        let last = [job.paused_at(), ends].into_iter().flatten().min();
        let next = next.filter(|next| last.is_none_or(|last| *next <= last));
        let successor = next.map(|next| self.slot_timer(&job, next));
        let missing: Vec<Timer> = successor.into_iter().chain(self.deadline_timer(&job, slot)).collect();
        if !missing.is_empty() {
            self.ports.timers.put_timers(missing).await?;
        }
        Ok(())
    }

    /// The slots that lie so near that a tick may have passed their timers already.
    pub(crate) fn near(&self, job: &Job, first: Timestamp) -> Firing {
        self.fire(job, first, self.now().plus(self.settings.near))
    }

    /// Called when these timers are durable, with the clock read again.
    pub(crate) async fn fire_near(&self, firsts: &[(Job, Timestamp)], written: &[Timer]) -> Result<()> {
        let written: BTreeSet<&TimerKey> = written.iter().map(|timer| &timer.key).collect();
        let (mut timers, mut messages) = (Vec::new(), Vec::new());
        for (job, first) in firsts {
            let firing = self.near(job, *first);
            timers.extend(firing.timers.into_iter().filter(|timer| !written.contains(&timer.key)));
            messages.extend(firing.messages);
        }
        self.ports.timers.put_timers(timers).await?;
        self.send(messages).await
    }
}

pub(crate) fn first_slot(job: &Job, after: Timestamp) -> Option<Timestamp> {
    job.schedule()?.next_after(after.to_utc()).map(Timestamp::from)
}
