//! Plans of a wall clock that was ahead: how far, and the rows as another clock would have written them.

use std::time::Duration;

use super::{Change, Execution, Holder, Trigger};
use crate::Timestamp;

/// By this much clocks may differ.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

impl Execution {
    /// Time by which the clock was ahead that planned the next attempt. Zero where none was, or nobody
    /// can tell: a slot, and an instant that was asked for, stand for themselves.
    fn planned_ahead(&self, now: Timestamp) -> Duration {
        let planned_at = match (self.attempts.last(), self.trigger) {
            (Some(ended), _) if self.attempt > 0 => ended.end_time,
            (_, Trigger::Schedule) => return Duration::ZERO,
            (_, Trigger::Push) if self.run_at.is_some() => return Duration::ZERO,
            (_, Trigger::Push) => self.created_at,
            // Whatever began it, it was to start at once.
            _ => self.ready_at,
        };
        Some(planned_at.since(now)).filter(|ahead| *ahead > CLOCKS_DIFFER).unwrap_or_default()
    }
}

impl Change {
    /// Brings the next attempt forward to where it would be without the clock that was ahead. `None`
    /// where there is nothing to bring forward.
    pub fn brought_forward(row: &Execution, now: Timestamp) -> Option<Self> {
        let ahead = row.planned_ahead(now);
        if ahead.is_zero() || row.ready_at <= now {
            return None;
        }
        let mut change = Self::within(row);
        change.row.ready_at = row.ready_at.minus(ahead);
        Some(change)
    }

    /// Shortens the lease of a running attempt that ends later than one that is renewed now: `lease`,
    /// for a worker with an engine of its own. `None` where it doesn't. A lease that ends before the
    /// claim began was renewed by another clock since, and stays.
    pub fn lease_shortened(row: &Execution, lease: Duration, now: Timestamp) -> Option<Self> {
        let claim = row.claim.as_ref()?;
        let is_ahead = claim.since.since(now) > CLOCKS_DIFFER && claim.lease_until > claim.since;
        let ahead = if is_ahead { claim.since.since(now) } else { Duration::ZERO };
        let own = claim.lease_until.minus(ahead);
        let is_renewed = claim.holder == Holder::Worker && own.since(now) > lease + CLOCKS_DIFFER;
        let lease_until = if is_renewed { now.plus(lease) } else { own };
        let is_shorter = lease_until < claim.lease_until;
        is_shorter.then(|| Self::heartbeat(row, lease_until).starting_at(claim.since.minus(ahead)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attempt, AttemptOutcome, Claim, Run, Shards, Status, Timer, TimerKey, What};

    const NOW: Timestamp = Timestamp(1_000_000_000);
    const DAY: Duration = Duration::from_secs(86_400);
    const LEASE: Duration = Duration::from_secs(30);

    fn row(trigger: Trigger, created_at: Timestamp, ready_at: Timestamp) -> Execution {
        let id: crate::ExecutionId = "job@a".parse().unwrap();
        let run = Run { id: id.to_string(), root: None, more_roots: vec![], graph: 0 };
        let guard: TimerKey = Timer::start(Shards(1), &id, 1, ready_at).key;
        assert!(matches!(guard.what, What::Start { .. }));
        Execution::new(id, run, trigger, ready_at, created_at, guard)
    }

    fn running(holder: Holder, since: Timestamp, lease_until: Timestamp) -> Execution {
        let claim = Claim { id: 1, worker_id: "w".to_owned(), since, lease_until, holder };
        let row = row(Trigger::Push, NOW, NOW);
        Execution { status: Status::Running, attempt: 1, claim: Some(claim), ..row }
    }

    fn brought_to(row: &Execution) -> Option<Timestamp> {
        Change::brought_forward(row, NOW).map(|change| change.row.ready_at)
    }

    #[test]
    fn a_retry_keeps_its_delay() {
        let ahead = NOW.plus(DAY);
        let delay = Duration::from_secs(10);
        let ended = |end_time| Attempt {
            number: 1,
            worker_id: "w".to_owned(),
            start_time: end_time,
            end_time,
            outcome: AttemptOutcome::Failed,
            error: None,
        };
        let retried = |end_time: Timestamp| Execution {
            attempt: 1,
            attempts: vec![ended(end_time)],
            ..row(Trigger::Push, NOW, end_time.plus(delay))
        };
        assert_eq!(brought_to(&retried(ahead)), Some(NOW.plus(delay)));
        assert_eq!(brought_to(&retried(NOW.plus(CLOCKS_DIFFER))), None, "clocks differ");
    }

    #[test]
    fn what_was_asked_for_stays() {
        let ahead = NOW.plus(DAY);
        let later = ahead.plus(LEASE);
        assert_eq!(brought_to(&row(Trigger::Push, ahead, later)), Some(NOW.plus(LEASE)));
        assert_eq!(brought_to(&row(Trigger::Push, NOW, later)), None, "a delay");
        let at = Execution { run_at: Some(later), ..row(Trigger::Push, ahead, later) };
        assert_eq!(brought_to(&at), None, "an instant");
        assert_eq!(brought_to(&row(Trigger::Schedule, ahead, later)), None, "a slot");
        assert_eq!(brought_to(&row(Trigger::Dependency, NOW, ahead)), Some(NOW));
    }

    #[test]
    fn a_lease_ends_as_if_it_were_renewed_now() {
        let shortened = |holder, since: Timestamp, lease_until: Timestamp| {
            let change = Change::lease_shortened(&running(holder, since, lease_until), LEASE, NOW)?;
            change.row.claim.map(|claim| (claim.since, claim.lease_until))
        };
        let (ahead, until) = (NOW.plus(DAY), NOW.plus(LEASE));
        for holder in [Holder::Worker, Holder::Remote, Holder::Target] {
            assert_eq!(shortened(holder, ahead, ahead.plus(LEASE)), Some((NOW, until)), "{holder:?}");
            assert_eq!(shortened(holder, NOW, until), None);
        }
        assert_eq!(shortened(Holder::Worker, NOW, ahead), Some((NOW, until)), "renewed by that clock");
        assert_eq!(shortened(Holder::Target, NOW, ahead), None, "the attempt's time");
        assert_eq!(shortened(Holder::Remote, ahead, until), None, "renewed since, by a clock that is right");
    }
}
