//! Waits: for every combination of what its row holds, an execution waits for one thing or for nothing.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use std::collections::BTreeMap;

use belfry_domain::{
    Admission, AttemptOutcome, Change, Claim, ClaimRequest, Dependency, Elements, Execution, ExecutionId,
    Failure, GateKey, Holder, JobId, Outcome, Place, Refusal, Run, Shards, Status, Timer, Timestamp, Trigger,
    Wait,
};

const READY_AT: Timestamp = Timestamp(5_000);
const NOW: Timestamp = Timestamp(60_000);

fn job_id(text: &str) -> JobId {
    text.parse().unwrap()
}

fn row() -> Execution {
    let id: ExecutionId = "report@k".parse().unwrap();
    let guard = Timer::check(Shards(1), &id, 1, READY_AT, 0).key;
    let run = Run { id: "r".to_owned(), root: None, more_roots: vec![], graph: 1 };
    Execution::new(id, run, Trigger::Schedule, READY_AT, Timestamp(0), guard)
}

fn dependencies(outcome: Option<Outcome>) -> BTreeMap<JobId, Dependency> {
    let execution_id = "load@k".parse().unwrap();
    BTreeMap::from([(job_id("load"), Dependency { execution_id, outcome })])
}

fn place() -> Place {
    Place { gate: GateKey { job_id: job_id("report"), key: None }, rank: 0, due: READY_AT }
}

fn admission(place: Option<Place>) -> Admission {
    Admission { gates: vec![GateKey { job_id: job_id("report"), key: None }], place, ..Admission::default() }
}

/// All rows that differ in a field that says something about waiting.
fn every_combination() -> Vec<Execution> {
    let mut rows: Vec<Execution> =
        Status::ALL.into_iter().map(|status| Execution { status, ..row() }).collect();
    let mut with = |vary: &dyn Fn(&Execution) -> Vec<Execution>| rows = rows.iter().flat_map(vary).collect();
    with(&|row| [0, 1, 2].map(|attempt| Execution { attempt, ..row.clone() }).into());
    with(&|row| {
        [BTreeMap::new(), dependencies(None), dependencies(Some(Outcome::Success))]
            .map(|dependencies| Execution { dependencies, ..row.clone() })
            .into()
    });
    with(&|row| {
        [None, Some(admission(None)), Some(admission(Some(place())))]
            .map(|admission| Execution { admission: admission.map(Box::new), ..row.clone() })
            .into()
    });
    with(&|row| {
        [None, Some(false), Some(true)]
            .map(|created| created.map(|created| Elements { count: 3, created }))
            .map(|elements| Execution { elements, ..row.clone() })
            .into()
    });
    rows
}

/// Each wait as a condition of its own: on what the row must hold, and on what it must not.
fn conditions(row: &Execution) -> [bool; 4] {
    let waits = row.status == Status::Waiting;
    let has_elements = row.elements.is_some_and(|elements| elements.created);
    let has_place = row.admission.as_ref().is_some_and(|admission| admission.place.is_some());
    let has_dependencies = row.attempt == 0 && !row.dependencies.is_empty();
    [
        waits && has_dependencies && !has_place && !has_elements,
        waits && has_place && !has_elements,
        waits && has_elements,
        waits && !has_dependencies && !has_place && !has_elements,
    ]
}

#[test]
fn a_waiting_execution_waits_for_one_thing_and_any_other_for_nothing() {
    let rows = every_combination();
    assert_eq!(rows.len(), 9 * 3 * 3 * 3 * 3);
    let mut met = [0; 4];
    for row in &rows {
        let held = conditions(row);
        assert!(held.iter().filter(|holds| **holds).count() <= 1, "{held:?} of {row:?}");
        let place = place();
        let each = [Wait::Dependencies, Wait::Turn(&place), Wait::Elements(3), Wait::Until(READY_AT)];
        let expected = each.into_iter().zip(held).find_map(|(wait, holds)| holds.then_some(wait));
        assert_eq!(row.wait(), expected, "{row:?}");
        assert_eq!(row.wait().is_some(), row.status == Status::Waiting, "{row:?}");
        held.into_iter().zip(&mut met).for_each(|(holds, met)| *met += u32::from(holds));
    }
    // Among 81 rows a third has elements, a third of the rest a place, and two ninths of the rest only
    // dependencies before the first attempt.
    assert_eq!(met, [8, 18, 27, 28]);
}

fn claim(attempt: u32) -> ClaimRequest {
    let claim = Claim {
        id: u64::from(attempt),
        worker_id: "w".to_owned(),
        lease_until: NOW,
        since: NOW,
        holder: Holder::Worker,
    };
    ClaimRequest {
        execution_id: row().id,
        attempt,
        due: NOW,
        claim,
        job_version: 1,
        starting_deadline: None,
        guard: None,
    }
}

#[test]
fn waits_follow_each_other_as_the_execution_moves_on() {
    let waiting = Execution { status: Status::Waiting, dependencies: dependencies(None), ..row() };
    assert_eq!(waiting.wait(), Some(Wait::Dependencies));
    assert_eq!(claim(1).judge(&waiting), Err(Refusal::NotYet));
    let told = Change::dependency_ended(&waiting, &job_id("load"), Outcome::Success).unwrap().row;
    assert_eq!(told.wait(), Some(Wait::Dependencies), "until its rule has decided");
    let released = Change::released(&told, NOW).unwrap().row;
    assert_eq!(released.wait(), None);

    let held = Change::held(&released, admission(Some(place())), "full").unwrap().row;
    assert_eq!(held.wait(), Some(Wait::Turn(&place())));
    let started = claim(1).judge(&held).unwrap().row;
    assert_eq!(started.wait(), None);

    let failure = Failure { outcome: AttemptOutcome::Failed, error: "no".to_owned() };
    let retry = Change::retry_at(&started, &failure, NOW, started.guard.clone(), NOW).unwrap().row;
    assert_eq!(retry.wait(), Some(Wait::Until(NOW)));
    let held_again = Change::held(&retry, admission(Some(place())), "full").unwrap().row;
    assert_eq!(held_again.wait(), Some(Wait::Turn(&place())));

    let announced = Change::announced(&claim(2).judge(&held_again).unwrap().row, 3).row;
    assert_eq!(announced.wait(), None);
    let fanned_out = Change::fanned_out(&announced, announced.guard.clone()).unwrap().row;
    assert_eq!(fanned_out.wait(), Some(Wait::Elements(3)));
    assert_eq!(claim(3).judge(&fanned_out), Err(Refusal::NotYet));
    let joined = Change::joined(&fanned_out, None, NOW).unwrap().row;
    assert_eq!(joined.wait(), None);
}
