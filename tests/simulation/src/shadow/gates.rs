//! Limits: invariant 8, checked after every write of a row of a job that has some.

use std::{collections::BTreeMap, time::Duration};

use belfry_domain::{Cap, Circuit, ClaimRequest, Execution, Gate, GateKey, Job, Status, Timestamp};
use belfry_engine::ports::{Applied, Claimed, Creation, GateWrite, Passed, RowWrite};

use super::Shadow;
use crate::machine::{State, executor::TaskId};

type Verdict = Result<(), String>;

pub type Gates = BTreeMap<GateKey, Gate>;

/// Time by which the clocks of two processes may differ, as the rule for rates has it.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);
/// Difference between two clocks from which one of them counts as ahead.
const IS_AHEAD: Duration = Duration::from_secs(60);

impl State {
    pub fn saw_pass(&mut self, process: usize, row: &RowWrite, gates: &[GateWrite], passed: &Passed) {
        if *passed != Passed::Done {
            self.coverage.add("gate: a write refused");
            self.note(process, || format!("pass {}: {passed:?}", name_of(row)));
            return;
        }
        if let Some(row) = started(&self.shadow, row) {
            let oracle = self.shadow.judge_start(row, gates, self.current_task, self.wall_of(process));
            let oracle = oracle.and_then(|()| self.shadow.judge_history(process, row));
            self.judge(oracle);
        }
        self.shadow.note_exit(process, row);
        for write in gates {
            let oracle = self.shadow.judge_permits_taken(write, self.current_task);
            self.judge(oracle);
            self.note(process, || format!("gate {}: {:?}", write.key, write.gate));
            self.count_gate(write);
            self.shadow.write_gate(write);
        }
        match row {
            RowWrite::New(row, guard) => {
                self.saw_guard(process, guard.as_ref());
                self.saw_create(process, row, &Creation::Created);
            }
            RowWrite::Changed(change) if is_claim(&self.shadow, &change.row) => {
                self.saw_guard(process, change.guard.as_ref());
                let request = request_of(&change.row);
                self.saw_claim(process, &request, &Claimed::Started(Box::new(change.row.clone())));
            }
            RowWrite::Changed(change) => self.saw_apply(process, change, &Applied::Won),
            RowWrite::Nothing => {}
        }
        for write in gates {
            let oracle = self.shadow.judge_gate(&write.key);
            self.judge(oracle);
        }
    }

    fn count_gate(&mut self, write: &GateWrite) {
        let Some(gate) = &write.gate else { return };
        match gate.circuit {
            Circuit::Closed { .. } => {}
            Circuit::Open { .. } => self.coverage.add("circuit: open"),
            Circuit::HalfOpen { .. } => self.coverage.add("circuit: half open"),
        }
        if write.key.key.is_some() && !gate.holders.is_empty() {
            self.coverage.add("gate: of a key");
        }
    }
}

impl Shadow {
    /// Checks a start against the circuit and the rate. While a circuit is open nothing starts, and
    /// then one probe alone. By a rate, each start takes its interval, and nothing starts before enough
    /// of the intervals are over, as far as clocks can be trusted.
    fn judge_start(&self, row: &Execution, gates: &[GateWrite], task: TaskId, now: Timestamp) -> Verdict {
        self.judge_probe(row, gates)?;
        for write in gates.iter().filter(|_| self.clocks_moved_ms.is_none()) {
            let Some(rate) = self.cap_read(&write.key, task).and_then(|cap| cap.rate) else { continue };
            let next_start = |gate: Option<&Gate>| gate.and_then(|gate| gate.next_start);
            let burst = rate.interval().saturating_mul(rate.burst);
            // Further ahead than its own starts can have brought it, it is what a stricter rate has left.
            let furthest = now.plus(burst).plus(CLOCKS_DIFFER);
            let before = next_start(self.gates.get(&write.key)).filter(|before| *before <= furthest);
            let before = before.unwrap_or(Timestamp::MIN);
            let Some(after) = next_start(write.gate.as_ref()) else {
                return Err(format!("8: {} started, and the rate of {} has not noticed", row.id, write.key));
            };
            if after < before.plus(rate.interval()) || after > now.plus(burst) {
                let rate = format!("from {before} to {after}");
                return Err(format!("8: {} started and took the rate of {} {rate}", row.id, write.key));
            }
        }
        Ok(())
    }

    /// Checks the start of an attempt against the exits that the same process has written: a reader of
    /// the history who counts executions that had started and not ended must not find more than the
    /// limit. Hosts' clocks differ, so only times of one process are compared.
    fn judge_history(&self, process: usize, row: &Execution) -> Verdict {
        let started = row.claim.as_ref().map(|claim| claim.since);
        for key in row.gates().iter().filter(|_| self.clocks_moved_ms.is_none()) {
            let left = self.left.get(&(process, key.clone()));
            if let Some(left) = left.filter(|left| started.is_some_and(|started| started < **left)) {
                return Err(format!("8: {} says it started before {key} was left at {left}", row.id));
            }
        }
        Ok(())
    }

    fn note_exit(&mut self, process: usize, row: &RowWrite) {
        let RowWrite::Changed(change) = row else { return };
        let Some(attempt) = change.row.ended_attempts().pop().filter(|_| change.exit.is_some()) else {
            return;
        };
        for key in change.row.gates() {
            self.left.insert((process, key.clone()), attempt.end_time);
        }
    }

    fn judge_probe(&self, row: &Execution, gates: &[GateWrite]) -> Verdict {
        let policy = row.admission.as_ref().and_then(|admission| admission.circuit);
        let Some(policy) = policy.filter(|_| row.attempt == 1) else { return Ok(()) };
        let key = GateKey { job_id: row.job_id(), key: None };
        let before = self.gates.get(&key).map(|gate| gate.circuit).unwrap_or_default();
        // A start that a closed circuit lets in writes nothing of a gate without permits and rate, so
        // one that was let in just before the circuit opened may come after that.
        let Some(write) = gates.iter().find(|write| write.key == key) else { return Ok(()) };
        let after = write.gate.as_ref().map(|gate| gate.circuit);
        // A circuit that is open for longer than it can be was opened by a clock that was ahead.
        let is_over = |until: Timestamp, since: Timestamp| {
            since >= until || until > since.plus(policy.open_for + IS_AHEAD)
        };
        let may_start = match (before, after) {
            (Circuit::Closed { .. }, _) => true,
            (Circuit::Open { until, by_hand: true, .. }, Some(Circuit::HalfOpen { since, .. })) => {
                since >= until
            }
            (Circuit::Open { until, .. }, Some(Circuit::HalfOpen { since, .. })) => is_over(until, since),
            (Circuit::HalfOpen { since: last, .. }, Some(Circuit::HalfOpen { since, .. })) => {
                is_over(last.plus(policy.open_for), since)
            }
            _ => false,
        };
        if may_start {
            Ok(())
        } else {
            Err(format!("8: {} started while its circuit was {before:?}", row.id))
        }
    }

    fn write_gate(&mut self, write: &GateWrite) {
        match &write.gate {
            Some(gate) => self.gates.insert(write.key.clone(), gate.clone()),
            None => self.gates.remove(&write.key),
        };
    }

    /// Checks that a row of a job with permits runs only while its gates know it.
    pub(super) fn judge_permits(&self, row: &Execution) -> Verdict {
        let is_limited = self.newest(&row.job_id()).is_some_and(has_permits);
        if row.status != Status::Running || !is_limited || row.work.is_some() {
            return Ok(());
        }
        if row.gates().is_empty() {
            return Err(format!("8: {} runs and has passed no gate", row.id));
        }
        for key in row.gates().iter().filter(|key| self.permits_of(key).is_some()) {
            if !self.gates.get(key).is_some_and(|gate| gate.holders.contains(&row.id)) {
                return Err(format!("8: {} runs without a permit of {key}", row.id));
            }
        }
        Ok(())
    }

    /// Checks that no more executions take a permit than the job allowed when the writing task read it:
    /// the job may have changed since. Executions that started by a higher limit stay.
    fn judge_permits_taken(&self, write: &GateWrite, task: TaskId) -> Verdict {
        let Some(permits) = self.cap_read(&write.key, task).and_then(|cap| cap.permits) else {
            return Ok(());
        };
        let holders = |gate: Option<&Gate>| gate.map_or(0, |gate| gate.holders.len());
        let (before, after) = (holders(self.gates.get(&write.key)), holders(write.gate.as_ref()));
        if after > before && after > permits as usize {
            return Err(format!("8: {} has {permits} permits, and {after} hold one", write.key));
        }
        Ok(())
    }

    /// Checks that everything that runs holds a permit, and that nothing that has ended does.
    fn judge_gate(&self, key: &GateKey) -> Verdict {
        if self.permits_of(key).is_none() {
            return Ok(());
        }
        let open = Gate::default();
        let gate = self.gates.get(key).unwrap_or(&open);
        let passes = |row: &&Execution| row.status == Status::Running && row.gates().contains(key);
        let running = self.rows.values().map(|row| &row.execution).filter(passes);
        if let Some(row) = running.into_iter().find(|row| !gate.holders.contains(&row.id)) {
            return Err(format!("8: {} runs, and {key} has forgotten it", row.id));
        }
        for id in &gate.holders {
            let row = self.row(id);
            if row.is_none_or(|row| row.status.is_terminal()) {
                return Err(format!("8: {id} has ended and holds a permit of {key}"));
            }
        }
        Ok(())
    }

    /// Limit of a gate, as this task has read it last.
    fn cap_read(&self, key: &GateKey, task: TaskId) -> Option<Cap> {
        let read = self.reads.get(&(task, key.job_id.clone()))?;
        Some(read.limits.as_ref()?.cap(key))
    }

    fn permits_of(&self, key: &GateKey) -> Option<u32> {
        self.newest(&key.job_id)?.limits()?.cap(key).permits
    }

    /// Checks that no permit is left when everything has ended.
    pub fn judge_gates_at_rest(&self) -> Verdict {
        let held = self.gates.iter().find(|(_, gate)| !gate.holders.is_empty());
        held.map_or(Ok(()), |(key, gate)| Err(format!("8: permits of {key} are left: {:?}", gate.holders)))
    }
}

fn has_permits(job: &Job) -> bool {
    job.limits().is_some_and(|limits| {
        limits.job.permits.is_some() || limits.key.as_ref().is_some_and(|(_, cap)| cap.permits.is_some())
    })
}

/// Row of which a write starts an attempt, if it starts one.
fn started<'a>(shadow: &Shadow, row: &'a RowWrite) -> Option<&'a Execution> {
    match row {
        RowWrite::New(row, _) if row.status == Status::Running => Some(row),
        RowWrite::Changed(change) if is_claim(shadow, &change.row) => Some(&change.row),
        _ => None,
    }
}

fn is_claim(shadow: &Shadow, row: &Execution) -> bool {
    row.status == Status::Running && shadow.row(&row.id).is_some_and(|old| old.status != Status::Running)
}

/// Claim request by which a row says that it was started.
fn request_of(row: &Execution) -> ClaimRequest {
    let claim = row.claim.clone().unwrap_or_else(|| unreachable!("what runs has a claim"));
    ClaimRequest {
        execution_id: row.id.clone(),
        attempt: row.attempt,
        due: row.ready_at,
        claim,
        job_version: row.job_version,
        starting_deadline: None,
        guard: None,
    }
}

fn name_of(row: &RowWrite) -> &str {
    match row {
        RowWrite::New(row, _) => row.id.as_str(),
        RowWrite::Changed(change) => change.row.id.as_str(),
        RowWrite::Nothing => "gates only",
    }
}
