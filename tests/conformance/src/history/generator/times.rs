//! Verbs of timers and leases.

use belfry_domain::{Timer, TimerKey, Timestamp, What};
use belfry_engine::ports::{Acquired, Cursors, Position};
use rand::{Rng as _, seq::IndexedRandom as _};

use super::{Generator, LONGEST_MS};
use crate::{
    Backend, Verdict,
    fixtures::{ONE, guard, job_id},
    history::Verb,
};

impl Generator {
    pub(super) fn one_timer(&mut self) -> Timer {
        let (instant, attempt) = (self.instant(), self.random.random_range(1..12));
        let timer = match self.random.random_range(0..3) {
            0 => Timer::slot(ONE, job_id(self.job_name()), self.random.random_range(1..4), instant),
            1 => Timer::start(ONE, &self.id(), attempt, instant),
            _ => Timer::check(ONE, &self.id(), attempt, instant, self.random.random_range(0..3)),
        };
        if matches!(timer.key.what, What::Slot { .. }) {
            // A job's slots are all in the shard of its name.
            return timer;
        }
        Timer { key: TimerKey { shard: self.random.random_range(0..2), ..timer.key }, ..timer }
    }

    /// A timer that was written lately, perhaps with another version.
    fn known_timer(&mut self) -> Timer {
        let known = self.timers.choose(&mut self.random).cloned().unwrap_or_else(|| guard("a@x"));
        let version = if self.random.random_bool(0.3) { known.version + 1 } else { known.version };
        Timer { version, ..known }
    }

    pub(super) fn timer(&mut self) -> Verb {
        match self.random.random_range(0..10) {
            0..4 => {
                let count = self.random.random_range(0..5);
                let timers: Vec<Timer> = std::iter::repeat_with(|| self.one_timer()).take(count).collect();
                self.timers.extend(timers.iter().cloned());
                self.timers.drain(..self.timers.len().saturating_sub(8));
                Verb::PutTimers(timers)
            }
            4 => Verb::RemoveTimer(self.one_timer().key),
            5 => Verb::RemoveUnchanged(self.known_timer()),
            6 => Verb::RemoveTimer(guard(&self.name()).key),
            7 => {
                let until = Timestamp(self.instant().0 + LONGEST_MS / 2);
                Verb::Due(
                    self.random.random_range(0..2),
                    Position::After(self.instant()),
                    until,
                    self.limit(),
                )
            }
            8 => Verb::SlotsOfJob(job_id(self.job_name())),
            _ => Verb::TimersOfJobs,
        }
    }

    pub(super) fn lease(&mut self) -> Verb {
        let lane = self.random.random_range(1..3);
        let known = self.leases.choose(&mut self.random).cloned();
        match (self.random.random_range(0..6), known) {
            (0, Some(lease)) => Verb::Release(lease),
            (1 | 2, Some(lease)) => Verb::SaveCursors(lease, self.cursors()),
            (3, _) => Verb::Cursors,
            _ => {
                let owner =
                    ["one", "two", "three"].choose(&mut self.random).copied().unwrap_or("one").to_owned();
                let now = self.instant();
                let until = Timestamp(now.0 + self.random.random_range(0..LONGEST_MS));
                Verb::Acquire(lane, owner, now, until)
            }
        }
    }

    /// Learns what a verb has led to. A renewal at the same instant changes nothing.
    pub async fn learn(&mut self, verb: &Verb, model: &Backend) -> Verdict {
        if let Verb::Acquire(lane, owner, now, until) = verb
            && let Acquired::Leader(lease) = model.leases.acquire(*lane, owner, *now, *until).await?
        {
            self.leases.push(lease);
            self.leases.drain(..self.leases.len().saturating_sub(4));
        }
        Ok(())
    }

    fn cursors(&mut self) -> Cursors {
        let shards = self.random.random_range(1..=3);
        (0..shards).map(|_| (self.random.random_range(0..3), self.instant())).collect()
    }
}
