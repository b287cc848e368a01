//! Coverage of a run: the faults and the states that it came across.

use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    pub fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_insert(0) += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_insert(0) += count;
        }
    }

    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(what, count)| (*what, *count))
    }
}

/// Names that many seeds together must come across. If one is missing, the simulation has gone blind.
pub const WANTED: &[&str] = &[
    "fault: error before",
    "fault: error after",
    "fault: late answer",
    "fault: crash before",
    "fault: crash after",
    "fault: freeze",
    "fault: own clock jumps",
    "fault: all clocks jump",
    "fault: lease stolen",
    "fault: message lost",
    "fault: message doubled",
    "fault: message late",
    "fault: wave lost",
    "fault: wave doubled",
    "fault: wave late",
    "fault: tick lost",
    "fault: call lost",
    "fault: call doubled",
    "fault: call late",
    "fault: unreadable row",
    "fault: unreadable job",
    "fault: quarantined timer",
    "attempt: succeeds",
    "attempt: fails",
    "attempt: fails for good",
    "attempt: hangs",
    "attempt: hangs and ignores the stop",
    "attempt: runs long",
    "attempt: dropped in a crash",
    "attempt: is handed over",
    "attempt: beside one whose target has called back",
    "elsewhere: a lease is renewed",
    "elsewhere: an end is told",
    "elsewhere: a call is refused",
    "elsewhere: a call is not answered",
    "elsewhere: a worker vanishes",
    "elsewhere: a target never calls back",
    "status: success",
    "status: failed",
    "status: timed_out",
    "status: cancelled",
    "status: upstream_failed",
    "status: skipped",
    "row: lost to a dead worker",
    "row: timed out elsewhere",
    "row: waits for dependencies",
    "row: waits for a retry",
    "row: waits for elements",
    "row: elements joined",
    "row: elements failed",
    "row: cancelled with its elements",
    "row: cancellation requested",
    "row: says how far it is",
    "row: a write refused",
    "row: a second claim refused",
    "row: a generation after the first",
    "row: waits in line",
    "gate: of a key",
    "gate: overlap forbidden",
    "gate: replaced",
    "gate: a write refused",
    "job: another priority",
    "job: more may run at once",
    "job: fewer may run at once",
    "job: another rate",
    "circuit: open",
    "circuit: half open",
    "slot: misfired",
    "sweep: message sent again",
    "sweep: message held back",
    "claim: with a nearer guard",
    "bound: a lost attempt",
    "bound: a slot",
    "tick: fenced",
    "job: changed",
    "job: paused",
    "job: resumed",
    "job: deleted",
    "job: created anew",
    "dead letter: kept",
    "dead letter: redriven",
    "alert: dead letter",
    "alert: missed deadline",
    "alert: circuit opened",
    "alert: told",
    "alert: told that it is over",
    "alert: a write refused",
    "rerun: from what failed",
    "rerun: of several together",
    "rerun: something taken over",
    "backfill: running",
    "backfill: paused",
    "backfill: cancelled",
    "backfill: finished",
    "backfill: a slot that was skipped",
    "backfill: a write refused",
    "zones: put in force",
    "zones: settled",
    "job: of other zones",
    "local: skipped times made up for",
    "local: two changes",
    "local: repeated times passed over",
    "push: accepted",
    "push: known already",
    "retry: begun before for its key",
    "push: refused by a full queue",
];
