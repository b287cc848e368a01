//! Line before a gate, and the calls to those who wait in it.

use std::collections::BTreeSet;

use belfry_domain::{Cap, Execution, ExecutionId, GateKey, JobId, Place, Timer, Timestamp, Wait};

use crate::{Engine, Result};

/// Number of executions that are sent messages at once. Each execution that starts causes further
/// messages; an execution that still can't start causes none. So messages never multiply.
const CALLED_UP: usize = 4;

impl Engine {
    /// Sends messages to the first executions in line, as many as may pass now or at a known instant.
    pub(crate) async fn wake_next(&self, key: &GateKey) -> Result<()> {
        loop {
            let line = self.ports.gates.line(key, CALLED_UP).await?;
            if line.is_empty() {
                return Ok(());
            }
            let is_full = line.len() == CALLED_UP;
            let mut openings = self.openings(key).await?.into_iter();
            let mut has_stale = false;
            for (place, id) in line {
                match self.ports.executions.execution(&id).await? {
                    Some(row) if row.wait() == Some(Wait::Turn(&place)) => {
                        let Some(at) = openings.next() else { return Ok(()) };
                        self.call(&row, at).await?;
                    }
                    // It started, ended or is gone: the crash of somebody left its place.
                    _ => {
                        has_stale = true;
                        self.ports.gates.leave_waitlist(&place, &id).await?;
                    }
                }
            }
            if !(has_stale && is_full) {
                return Ok(());
            }
        }
    }

    /// Sends messages to the front of the line after an execution has joined it, if the execution is
    /// itself near the front. Executions before it have had their messages.
    pub(crate) async fn call_up_with(&self, key: &GateKey, id: &ExecutionId) -> Result<()> {
        let first = self.ports.gates.line(key, CALLED_UP).await?;
        if first.iter().any(|(_, waiting)| waiting == id) { self.wake_next(key).await } else { Ok(()) }
    }

    /// Instants at which the next executions may pass, by the present limits. If the job has no limits
    /// any more, everything may pass.
    async fn openings(&self, key: &GateKey) -> Result<Vec<Timestamp>> {
        let job = self.ports.jobs.job(&key.job_id).await?;
        let cap =
            job.as_ref().and_then(|job| job.limits()).map_or_else(Cap::default, |limits| limits.cap(key));
        let gate = self.gate(key).await?;
        Ok(gate.openings(&cap, self.now(), CALLED_UP))
    }

    /// Sends the message of a waiting execution for this instant, or writes a timer where it is far
    /// off.
    pub(crate) async fn call(&self, row: &Execution, at: Timestamp) -> Result<()> {
        let due = at.max(row.ready_at);
        if due > self.now().plus(self.settings.near) {
            let timer = Timer::start(self.settings.shards, &row.id, row.attempt + 1, due);
            return Ok(self.ports.timers.put_timers(vec![timer]).await?);
        }
        let Some(mut message) = self.message_for(row, row.guard.clone()).await? else { return Ok(()) };
        message.due = due;
        let look_at = due.max(self.now()).plus(self.settings.check_every);
        if let Some(near) = self.nearer_guard(&row.guard, &row.id, message.attempt, look_at) {
            message.guard = near.key.clone();
            self.ports.timers.put_timers(vec![near]).await?;
        }
        self.send(vec![message]).await
    }

    /// Examines, for the sweep, an execution that waits in line at this place.
    pub(crate) async fn examine_in_line(&self, timer: &Timer, row: &Execution, place: &Place) -> Result<()> {
        let deadline = self.starting_deadline_of(row).await?;
        let next = self.next_check_by(timer, deadline);
        let guard = self.check_later(timer, &row.id, row.attempt + 1, next).await?;
        if deadline.is_some_and(|deadline| self.now() > deadline) {
            // The worker skips it.
            let message = self.message_for(row, guard.clone()).await?;
            self.send(message.into_iter().collect()).await?;
        } else {
            self.ports.gates.join_waitlist(place, &row.id).await?;
            self.wake_next(&place.gate).await?;
        }
        self.remove(timer, &guard).await
    }

    /// Sends messages to waiting executions after a change of the job's limits, which may let in more
    /// than before.
    pub(crate) async fn wake_all(&self, id: &JobId) -> Result<()> {
        let of_job = GateKey { job_id: id.clone(), key: None };
        let waiting = self.unstarted_of(id).await?;
        let gates = waiting.iter().filter_map(|row| match row.wait() {
            Some(Wait::Turn(place)) => Some(place.gate.clone()),
            _ => None,
        });
        for gate in gates.chain([of_job]).collect::<BTreeSet<_>>() {
            self.wake_next(&gate).await?;
        }
        Ok(())
    }
}
