//! Attempt: the target runs, and the lease is renewed until the target is done or must stop.

use std::{pin::pin, sync::Arc, time::Duration};

use belfry_domain::{AttemptOutcome, Change, Execution, Failure, Progress, Work};
use futures::{
    FutureExt as _,
    future::{Either, select},
    select_biased,
};
use serde_json::Value;

use crate::{
    Engine,
    base::writes::is_held_by,
    ports::{Applied, Completion, Invocation, Runner, Stop, StoreError, StoredOutput, Window},
};

/// Reason why an attempt is over.
pub(crate) enum AttemptEnd {
    Completed(Completion),
    TimedOut(Option<Completion>),
    Cancelled(Option<Completion>),
    /// Another claim may hold the execution by now, so nothing may be written.
    LeaseLost,
}

/// Worker that runs attempts.
#[derive(Clone)]
pub struct Worker {
    pub id: String,
    pub runner: Arc<dyn Runner>,
}

/// Fraction of the lease (one part in this many) that remains when an attempt is stopped, so that
/// nothing runs on after the lease.
const MARGINS_IN_LEASE: u32 = 15;

/// Part of a running attempt's output that was stored, and the instant of the last write.
#[derive(Default)]
struct Kept {
    bytes: u64,
    at: Option<Duration>,
}

pub(crate) enum Beat {
    Renewed,
    CancelRequested,
    /// The claim is no longer this worker's.
    Lost,
    Unanswered,
}

impl Engine {
    /// Runs the target and renews the lease, until the target is done or must stop.
    pub(crate) async fn attempt(
        &self,
        row: &mut Execution,
        since: Duration,
        work: &Work,
        (input, poke): (Value, Stop),
        worker: &Worker,
    ) -> AttemptEnd {
        let Some(token) = row.token() else { return AttemptEnd::LeaseLost };
        let stop = Stop::new();
        let window = Window::default();
        let mut kept = Kept::default();
        let timeout = self.time_allowed(row, work);
        if timeout.is_zero() {
            return AttemptEnd::TimedOut(None);
        }
        let invocation = Invocation {
            execution_id: row.id.clone(),
            run_id: row.run.id.clone(),
            attempt: row.attempt,
            token,
            target: work.target.clone(),
            input,
            timeout,
            stop: stop.clone(),
            window: window.clone(),
        };
        let mut run = pin!(worker.runner.run(invocation).fuse());
        let mut poked = pin!(poke.cancelled().fuse());
        let started = self.ports.clock.monotonic();
        let mut renewed = since;
        loop {
            let elapsed = self.ports.clock.monotonic().saturating_sub(started);
            let pause = self.settings.heartbeat_every.min(timeout.saturating_sub(elapsed));
            select_biased! {
                completion = run => return AttemptEnd::Completed(completion),
                () = poked => {},
                () = self.ports.clock.sleep(pause).fuse() => {},
            }
            let now = self.ports.clock.monotonic();
            if now.saturating_sub(started) >= timeout {
                return AttemptEnd::TimedOut(self.stop(run, &stop).await);
            }
            match Box::pin(self.beat_in_time(row, window.progress(), renewed)).await {
                Beat::Renewed => {
                    renewed = now;
                    Box::pin(self.keep_live_output(row, &window, &mut kept, renewed)).await;
                }
                Beat::CancelRequested => return AttemptEnd::Cancelled(self.stop(run, &stop).await),
                Beat::Unanswered if self.is_renewable(renewed) => {}
                Beat::Unanswered | Beat::Lost => {
                    self.stop(run, &stop).await;
                    return AttemptEnd::LeaseLost;
                }
            }
        }
    }

    /// Whether a lease that was renewed at this instant leaves time for another heartbeat.
    pub(crate) fn is_renewable(&self, renewed: Duration) -> bool {
        self.lease_left(renewed) > self.settings.heartbeat_every
    }

    /// Time for which an attempt may go on, if its lease is not renewed again.
    fn lease_left(&self, renewed: Duration) -> Duration {
        let margin = self.settings.stop_grace + self.settings.lease / MARGINS_IN_LEASE;
        (renewed + self.settings.lease).saturating_sub(self.ports.clock.monotonic() + margin)
    }

    /// Time for which the store is asked to renew the lease. A slow store must not let the attempt
    /// outlive its lease. A process that was suspended for longer than its lease still asks for a
    /// moment: the attempt goes on if nobody has taken it over.
    pub(crate) async fn beat_in_time(
        &self,
        row: &mut Execution,
        progress: Option<Progress>,
        renewed: Duration,
    ) -> Beat {
        let moment = self.settings.lease / (2 * MARGINS_IN_LEASE);
        let patience = self.settings.heartbeat_every.min(self.lease_left(renewed).max(moment));
        let beat = pin!(self.beat(row, progress));
        match select(beat, self.ports.clock.sleep(patience)).await {
            Either::Left((beat, _)) => beat,
            Either::Right(_) => Beat::Unanswered,
        }
    }

    async fn beat(&self, row: &mut Execution, progress: Option<Progress>) -> Beat {
        loop {
            if row.cancel_requested {
                return Beat::CancelRequested;
            }
            let change = Change::heartbeat(row, self.now().plus(self.settings.lease));
            let change = change.telling(progress.clone());
            let wanted = change.row.clone();
            match self.ports.executions.apply(change).await {
                Ok(Applied::Won) => *row = wanted,
                Ok(Applied::Lost(Some(now))) if *now == wanted => *row = wanted,
                Ok(Applied::Lost(Some(now)))
                    if is_held_by(&now, row.claim.as_ref().map(|claim| claim.id)) =>
                {
                    *row = *now;
                    continue;
                }
                Ok(Applied::Lost(_)) | Err(StoreError::Fenced | StoreError::Unreadable { .. }) => {
                    return Beat::Lost;
                }
                Err(StoreError::Unavailable(_)) => return Beat::Unanswered,
            }
            return Beat::Renewed;
        }
    }

    /// Stores output of a running attempt, for people who follow it. It matters less than the lease:
    /// output that is not stored now is stored at the next heartbeat.
    async fn keep_live_output(&self, row: &Execution, window: &Window, kept: &mut Kept, renewed: Duration) {
        let now = self.ports.clock.monotonic();
        let is_early = kept.at.is_some_and(|at| now.saturating_sub(at) < self.settings.live_output_every);
        let Some(output) = window.output().filter(|output| output.bytes > kept.bytes && !is_early) else {
            return;
        };
        let bytes = output.bytes;
        let stored = StoredOutput { attempt: row.attempt, output };
        let patience = self.settings.heartbeat_every.min(self.lease_left(renewed));
        let keep = pin!(self.ports.executions.keep_output(&row.id, stored));
        if let Either::Left((Ok(()), _)) = select(keep, self.ports.clock.sleep(patience)).await {
            *kept = Kept { bytes, at: Some(now) };
        }
    }

    /// Tells the target to end, and waits for a moment, so that it can clean up.
    async fn stop(&self, run: impl Future<Output = Completion> + Unpin, stop: &Stop) -> Option<Completion> {
        stop.cancel();
        match select(run, self.ports.clock.sleep(self.settings.stop_grace)).await {
            Either::Left((completion, _)) => Some(completion),
            Either::Right(_) => None,
        }
    }
}

pub(crate) fn cancelled(row: &Execution) -> Failure {
    let error = row.reason.clone().unwrap_or_else(|| "cancelled".to_owned());
    Failure { outcome: AttemptOutcome::Cancelled, error }
}
