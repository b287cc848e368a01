//! Admission of an execution at its gates: it starts, or it is denied.

use belfry_domain::{Change, ClaimRequest, Closed, Execution, Gate, GateKey, Job, Refusal, Status, Why};
use serde_json::Value;

use crate::{
    Engine, EngineError, Result,
    base::{deadlines::TOO_LATE, gates::ATTEMPTS},
    ports::{Passed, RowWrite},
    wait::admission::{AdmitRequest, Admitted, FoundRow, dropped},
};

impl Engine {
    /// Starts the attempt and takes its permits in the same write, or decides what happens to the
    /// execution instead.
    pub(crate) async fn admit(&self, arrival: &AdmitRequest<'_>) -> Result<Admitted> {
        for attempt in 0..ATTEMPTS {
            let Some(found) = self.find(arrival).await? else { return Ok(dropped(None)) };
            let change = match arrival.request.judge(&found.row) {
                Ok(change) => change,
                Err(_) if is_own(arrival.request, &found.row) => {
                    return Ok(Admitted::Started(Box::new(found.row)));
                }
                Err(Refusal::TooLate) => {
                    let skipped = Change::skipped(&found.row, TOO_LATE, self.now())?;
                    self.end_unstarted(skipped, arrival.message.guard.clone()).await?;
                    return Ok(dropped(Some(Refusal::TooLate)));
                }
                Err(refusal) => return Ok(dropped(Some(refusal))),
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
                Ok(GateOutcome::Started(row)) => return self.started(arrival, &found, row).await,
                Ok(GateOutcome::Moved) => self.pause_at_gate(attempt).await,
                Err(closed) => return Box::pin(self.deny(arrival, found, keys, &gates, closed)).await,
            }
        }
        Err(EngineError::Contended(format!("the limits of {} keep changing", arrival.job.id())))
    }

    async fn find(&self, arrival: &AdmitRequest<'_>) -> Result<Option<FoundRow>> {
        let row = self.ports.executions.execution(&arrival.message.execution_id).await?;
        Ok(match (row, &arrival.fresh) {
            (Some(row), _) => Some(FoundRow { row, is_new: false }),
            (None, Some(fresh)) => Some(FoundRow { row: fresh.row.clone(), is_new: true }),
            (None, None) => None,
        })
    }

    /// Gate at which others wait already: new arrivals queue behind them. `None` for an execution that
    /// has a place in line or has kept its permits.
    async fn behind_others(&self, row: &Execution, keys: &[GateKey]) -> Result<Option<Closed>> {
        let keeps = row.admission.as_ref().is_some_and(|admission| admission.holds);
        if row.place().is_some() || keeps {
            return Ok(None);
        }
        for (gate, key) in keys.iter().enumerate() {
            if !self.ports.gates.line(key, 1).await?.is_empty() {
                return Ok(Some(Closed { gate, why: Why::Behind }));
            }
        }
        Ok(None)
    }

    async fn enter(
        &self,
        arrival: &AdmitRequest<'_>,
        found: &FoundRow,
        change: Change,
        keys: &[GateKey],
        gates: &[Gate],
    ) -> Result<std::result::Result<GateOutcome, Closed>> {
        // By the clock as it is after the gates were read: since the claim was made up, this host may
        // have stood still, or another have left. History must not show both at once.
        let now = self.now().max(arrival.request.claim.since);
        let mut change = change.starting_at(now);
        let passed = match arrival.limits.admit(&mut change.row, found.row.place(), keys, gates, now) {
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
            Passed::Done => GateOutcome::Started(started),
            Passed::RowMoved(_) | Passed::GateMoved => GateOutcome::Moved,
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
        if let Some(place) = found.row.place() {
            self.ports.gates.leave_waitlist(place, &row.id).await?;
            for key in row.gates() {
                self.wake_next(key).await?;
            }
        }
        Ok(Admitted::Started(row))
    }
}

enum GateOutcome {
    Started(Box<Execution>),
    /// Another process has changed the row or a gate: the arrival must read them again.
    Moved,
}

fn is_own(request: &ClaimRequest, row: &Execution) -> bool {
    request.is_mine(row) && row.status == Status::Running
}

fn input_of(row: &Execution, job: &Job) -> Value {
    row.input.clone().or_else(|| job.spec.input.clone()).unwrap_or_default()
}
