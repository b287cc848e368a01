//! The chain of a job's slot timers: its first slots.

use std::collections::BTreeSet;

use belfry_domain::{Job, Timer, TimerKey, Timestamp};

use crate::{Engine, Result, slots::fire::Firing};

impl Engine {
    /// Fires slots that are so near that a tick may have passed their timers already.
    pub(crate) fn near(&self, job: &Job, first: Timestamp) -> Firing {
        self.fire_new(job, first, self.now().plus(self.settings.near))
    }

    /// Fires near slots after their timers are durable, with the clock read again.
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
