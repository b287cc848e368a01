//! Executions that can't pass their gates now: they wait in line, are skipped, or take the place of an
//! older execution.

use belfry_domain::{
    Admission, Change, Closed, Concurrency, Execution, ExecutionId, Gate, GateKey, Place, Status, Timestamp,
    Trigger, Wait, Why,
};

use crate::{
    Engine, EngineError, Result,
    base::{outbox::MessageOutcome, retry::MANY_ATTEMPTS},
    end::settle::CancelOutcome,
    ports::{Creation, Fact, Passed, RowWrite},
    wait::admission::{AdmitRequest, Admitted, FoundRow, dropped},
};

/// Maximum number of waiting executions that are compared with a new execution under `replace`.
const REPLACED: usize = 100;

impl Engine {
    pub(crate) async fn deny(
        &self,
        arrival: &AdmitRequest<'_>,
        found: FoundRow,
        keys: Vec<GateKey>,
        gates: &[Gate],
        closed: Closed,
    ) -> Result<Admitted> {
        let key = keys[closed.gate].clone();
        // Whether others wait says nothing about those that run, nor about the circuit.
        let Closed { gate, why } = if closed.why == Why::Behind {
            let mut as_if_first = Execution { attempt: found.row.attempt + 1, ..found.row.clone() };
            arrival.limits.admit(&mut as_if_first, None, &keys, gates, self.now()).err().unwrap_or(closed)
        } else {
            closed
        };
        if let Some(reason) = self.why_skipped(arrival, &found.row, &keys[gate], &gates[gate], why).await? {
            return self.skip_at_gate(arrival, found, &reason).await;
        }
        if matches!(found.row.wait(), Some(Wait::Turn(place)) if place.gate == key) {
            // It has its place already. What is full calls up when somebody leaves.
            if let Why::TooSoon(at) | Why::Open(at) = closed.why {
                self.call(&found.row, at).await?;
            }
            return Ok(Admitted::Not(MessageOutcome::Waits));
        }
        self.wait_in_line(arrival, found, keys, closed).await
    }

    /// Reason why an execution that can't pass is skipped. `None` where it must wait.
    async fn why_skipped(
        &self,
        arrival: &AdmitRequest<'_>,
        row: &Execution,
        key: &GateKey,
        gate: &Gate,
        why: Why,
    ) -> Result<Option<String>> {
        if row.attempt > 0 || is_asked_for(row) {
            return Ok(None);
        }
        let is_slot = row.trigger == Trigger::Schedule;
        Ok(match (why, arrival.limits.concurrency) {
            (Why::Open(until), _) if is_slot => {
                Some(format!("skipped: the circuit breaker is open until {until}"))
            }
            (Why::Full, Concurrency::Forbid) => {
                let (limit, whose) = (permits_field(key), of_key(key));
                let (held, permits) = (gate.holders.len(), arrival.limits.cap(key).permits.unwrap_or(1));
                Some(format!(
                    "skipped: unfinished executions hold {held} of {permits} permits of {limit}{whose} \
                     (concurrency: forbid)"
                ))
            }
            (Why::Full | Why::Behind, Concurrency::Replace) => {
                let permits = arrival.limits.cap(key).permits.unwrap_or(u32::MAX) as usize;
                let makes_room = self.replace_older(row, key, gate, permits).await?;
                (!makes_room)
                    .then(|| "skipped: a newer execution runs instead (concurrency: replace)".to_owned())
            }
            _ => None,
        })
    }

    /// Cancels the oldest executions that hold a permit or wait, so that this execution gets a permit
    /// when they have ended. `false` where too many of them are newer than this execution.
    async fn replace_older(
        &self,
        row: &Execution,
        key: &GateKey,
        gate: &Gate,
        permits: usize,
    ) -> Result<bool> {
        let line = self.ports.gates.line(key, REPLACED).await?;
        let ids = gate.holders.iter().cloned().chain(line.into_iter().map(|(_, id)| id));
        let mut others: Vec<(Timestamp, ExecutionId)> = Vec::new();
        for id in ids.filter(|id| *id != row.id) {
            if let Some(other) = self.ports.executions.execution(&id).await?
                && !other.status.is_terminal()
                && !is_asked_for(&other)
            {
                others.push((other.due, id));
            }
        }
        others.sort();
        if others.iter().filter(|(due, _)| *due > row.due).count() >= permits {
            return Ok(false);
        }
        let surplus = (others.len() + 1).saturating_sub(permits);
        for (_, id) in others.into_iter().take(surplus) {
            match self.cancel(&id, &format!("replaced by {} (concurrency: replace)", row.id)).await {
                Ok(CancelOutcome::Cancelled(_) | CancelOutcome::Requested(_))
                | Err(EngineError::WrongStatus { .. } | EngineError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    async fn skip_at_gate(
        &self,
        arrival: &AdmitRequest<'_>,
        found: FoundRow,
        reason: &str,
    ) -> Result<Admitted> {
        let change = Change::skipped(&found.row, reason, self.now())?;
        let Some(fresh) = arrival.fresh.as_ref().filter(|_| found.is_new) else {
            self.end_unstarted(change, arrival.message.guard.clone()).await?;
            return Ok(dropped(None));
        };
        let skipped = change.row;
        let created = self.create_guarded(skipped.clone(), fresh.guard.clone(), fresh.began).await?;
        if created == Creation::Created {
            self.ports.observer.record(Fact::Ended {
                id: &skipped.id,
                status: Status::Skipped,
                is_only_recorded: false,
            });
            self.settle(skipped, fresh.guard.key.clone()).await?;
        }
        Ok(dropped(None))
    }

    /// Lets an execution wait in line. The row says that it waits before the line has its place, so
    /// that the sweep can restore the place from the row.
    async fn wait_in_line(
        &self,
        arrival: &AdmitRequest<'_>,
        found: FoundRow,
        keys: Vec<GateKey>,
        closed: Closed,
    ) -> Result<Admitted> {
        let rank = match &keys[..] {
            [job, of_key] if closed.gate == 0 => self.next_rank(job, of_key).await?,
            _ => 0,
        };
        let place = Place { gate: keys[closed.gate].clone(), rank, due: found.row.was_due() };
        let admission = Admission { place: Some(place.clone()), ..Admission::new(arrival.limits, keys) };
        let held = Change::held(&found.row, admission, &reason_for(closed.why, &place.gate))?;
        let id = held.row.id.clone();
        let waits = match arrival.fresh.as_ref().filter(|_| found.is_new) {
            Some(fresh) => {
                let created = self.create_guarded(held.row, fresh.guard.clone(), fresh.began).await?;
                created == Creation::Created
            }
            None => self.apply(held).await?,
        };
        if !waits {
            // Somebody else has moved it on, and sees to it.
            return Ok(dropped(None));
        }
        self.ports.gates.join_waitlist(&place, &id).await?;
        if let Some(Wait::Turn(before)) = found.row.wait() {
            // It has come past the gate of its key, and waits at the job's now, or the other way.
            self.ports.gates.leave_waitlist(before, &id).await?;
        }
        self.call_up_with(&place.gate, &id).await?;
        Ok(Admitted::Not(MessageOutcome::Waits))
    }

    /// Next rank for a key: behind the key's executions that are in the line already, and behind the
    /// round that is let in now.
    async fn next_rank(&self, job: &GateKey, of_key: &GateKey) -> Result<u64> {
        let keys = [job.clone(), of_key.clone()];
        let what = || format!("the limits of {of_key}");
        self.retry_contended(what, MANY_ATTEMPTS, || async {
            let gates = self.ports.gates.gates(&keys).await?;
            let [of_job, of_key] = &gates[..] else { return Ok(None) };
            let rank = of_job.rank.max(of_key.rank) + 1;
            let next = vec![of_job.clone(), Gate { rank, ..of_key.clone() }];
            let writes = self.gate_writes(&keys, &gates, next);
            let is_taken = self.ports.gates.pass(RowWrite::Nothing, writes).await? == Passed::Done;
            Ok(is_taken.then_some(rank))
        })
        .await
    }
}

/// Whether a backfill or a re-run asked for just this execution: then it is never skipped or cancelled
/// in favour of another.
fn is_asked_for(row: &Execution) -> bool {
    matches!(row.trigger, Trigger::Backfill | Trigger::Rerun)
}

fn reason_for(why: Why, gate: &GateKey) -> String {
    let (limit, whose) = (permits_field(gate), of_key(gate));
    match why {
        Why::Full => format!("waiting for a permit{whose}: {limit} is reached"),
        Why::Behind => format!("waiting in line{whose}: earlier executions start first"),
        Why::TooSoon(at) => {
            let limit = if gate.key.is_none() { "rate_limit" } else { "rate_limit_per_key" };
            format!("waiting: {limit} allows no start{whose} before {at}")
        }
        Why::Open(until) => format!("waiting: the circuit breaker is open until {until}"),
    }
}

/// The field of a job's definition that sets how many permits the gate has.
fn permits_field(gate: &GateKey) -> &'static str {
    if gate.key.is_none() { "max_concurrency" } else { "max_concurrency_per_key" }
}

fn of_key(gate: &GateKey) -> String {
    gate.key.as_ref().map_or_else(String::new, |key| format!(" for the key {key}"))
}
