//! Admission of an execution at its gates: it starts, or it is denied.

use belfry_domain::{
    Change, ClaimRequest, Closed, Execution, Gate, GateKey, Job, Refusal, Status, Wait, Why,
};
use serde_json::Value;

use crate::{
    Engine, Result,
    base::{deadlines::TOO_LATE, retry::MANY_ATTEMPTS},
    ports::{Passed, RowWrite},
    wait::admission::{AdmitRequest, Admitted, FoundRow, dropped},
};

impl Engine {
    /// Starts the attempt and takes its permits in the same write, or decides what happens to the
    /// execution instead.
    pub(crate) async fn admit(&self, arrival: &AdmitRequest<'_>) -> Result<Admitted> {
        let what = || format!("the limits of {}", arrival.job.id());
        self.retry_contended(what, MANY_ATTEMPTS, || self.try_to_admit(arrival)).await
    }

    /// Tries once to admit an execution. `None` where its row or a gate has changed meanwhile.
    async fn try_to_admit(&self, arrival: &AdmitRequest<'_>) -> Result<Option<Admitted>> {
        let Some(found) = self.find(arrival).await? else { return Ok(Some(dropped(None))) };
        let change = match arrival.request.judge(&found.row) {
            Ok(change) => change,
            Err(_) if is_own(arrival.request, &found.row) => {
                return Ok(Some(Admitted::Started(Box::new(found.row))));
            }
            Err(Refusal::TooLate) => {
                let skipped = Change::skipped(&found.row, TOO_LATE, self.now())?;
                self.end_unstarted(skipped, arrival.message.guard.clone()).await?;
                return Ok(Some(dropped(Some(Refusal::TooLate))));
            }
            Err(refusal) => return Ok(Some(dropped(Some(refusal)))),
        };
        let keys = arrival.limits.gates(arrival.job.id(), &input_of(&found.row, arrival.job));
        let turn = self.turns.take(arrival.job.id()).await;
        let gates = self.ports.gates.gates(&keys).await?;
        let closed = match self.behind_others(&found.row, &keys).await? {
            Some(closed) => Err(closed),
            None => self.enter(arrival, &found, change, &keys, &gates).await?,
        };
        drop(turn);
        match closed {
            Ok(Some(row)) => self.started(arrival, &found, row).await.map(Some),
            Ok(None) => Ok(None),
            Err(closed) => Box::pin(self.deny(arrival, found, keys, &gates, closed)).await.map(Some),
        }
    }

    async fn find(&self, arrival: &AdmitRequest<'_>) -> Result<Option<FoundRow>> {
        let row = self.ports.executions.execution(&arrival.message.execution_id).await?;
        Ok(match (row, &arrival.fresh) {
            (Some(row), _) => Some(FoundRow { row, is_new: false }),
            (None, Some(fresh)) => Some(FoundRow { row: fresh.row.clone(), is_new: true }),
            (None, None) => None,
        })
    }

    /// Gate at which other executions wait already, so that new arrivals queue behind them. `None` for
    /// an execution that has a place in line or has kept its permits.
    async fn behind_others(&self, row: &Execution, keys: &[GateKey]) -> Result<Option<Closed>> {
        let keeps = row.admission.as_ref().is_some_and(|admission| admission.holds);
        if keeps || matches!(row.wait(), Some(Wait::Turn(_))) {
            return Ok(None);
        }
        for (gate, key) in keys.iter().enumerate() {
            if !self.ports.gates.line(key, 1).await?.is_empty() {
                return Ok(Some(Closed { gate, why: Why::Behind }));
            }
        }
        Ok(None)
    }

    /// Passes the gates, and returns the started row. `None` where the row or a gate has changed since
    /// it was read.
    async fn enter(
        &self,
        arrival: &AdmitRequest<'_>,
        found: &FoundRow,
        change: Change,
        keys: &[GateKey],
        gates: &[Gate],
    ) -> Result<std::result::Result<Option<Box<Execution>>, Closed>> {
        // By the clock as it is after the gates were read: since the claim was made up, this host may
        // have stood still, or another have left. History must not show both at once.
        let now = self.now().max(arrival.request.claim.since);
        let mut change = change.starting_at(now);
        let place = match found.row.wait() {
            Some(Wait::Turn(place)) => Some(place),
            _ => None,
        };
        let passed = match arrival.limits.admit(&mut change.row, place, keys, gates, now) {
            Ok(passed) => passed,
            Err(closed) => return Ok(Err(closed)),
        };
        let writes = self.gate_writes(keys, gates, passed);
        let started = Box::new(change.row.clone());
        let row = if found.is_new {
            RowWrite::New(started.clone(), change.guard)
        } else {
            RowWrite::Changed(Box::new(change))
        };
        Ok(Ok(match self.ports.gates.pass(row, writes).await? {
            Passed::Done => Some(started),
            Passed::RowMoved(_) | Passed::GateMoved => None,
        }))
    }

    async fn started(
        &self,
        arrival: &AdmitRequest<'_>,
        found: &FoundRow,
        row: Box<Execution>,
    ) -> Result<Admitted> {
        if let Some(fresh) = arrival.fresh.as_ref().filter(|_| found.is_new) {
            self.guard_again(&row.id, &fresh.guard, fresh.began).await?;
        }
        if let Some(Wait::Turn(place)) = found.row.wait() {
            self.ports.gates.leave_waitlist(place, &row.id).await?;
            for key in row.gates() {
                self.wake_next(key).await?;
            }
        }
        Ok(Admitted::Started(row))
    }
}

fn is_own(request: &ClaimRequest, row: &Execution) -> bool {
    request.is_mine(row) && row.status == Status::Running
}

fn input_of(row: &Execution, job: &Job) -> Value {
    row.input.clone().or_else(|| job.spec.input.clone()).unwrap_or_default()
}
