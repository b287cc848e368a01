//! The row of an execution and those of its gates change together, or not at all.

use std::future::Future;

use belfry_domain::{Cap, Change, Execution, Exit, Gate, GateKey, Place, Status, Timestamp, Why, leave_all};
use belfry_engine::ports::{Applied, GateWrite, Passed, Position, RowWrite, StoreError};
use tokio::task::JoinSet;

use crate::{
    Backend, Verdict,
    fixtures::{at, claim, guard, id, legal, row},
};

fn gate_of(text: &str) -> GateKey {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn place(gate: &str, rank: u64, due: Timestamp) -> Place {
    Place { gate: gate_of(gate), rank, due }
}

fn held_by(revision: u64, holders: &[&str]) -> Gate {
    Gate { revision, holders: holders.iter().map(|name| id(name)).collect(), ..Gate::default() }
}

fn write(key: &str, expected: u64, gate: Gate) -> GateWrite {
    GateWrite { key: gate_of(key), expected, gate: Some(gate) }
}

fn started(text: &str) -> Change {
    claim(text, 1, 1).judge(&row(text)).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

async fn gates(backend: &Backend, keys: &[&str]) -> Result<Vec<Gate>, StoreError> {
    let keys: Vec<GateKey> = keys.iter().map(|key| gate_of(key)).collect();
    backend.gates.gates(&keys).await
}

pub async fn a_gate_that_nobody_passed_reads_as_open(backend: &Backend) -> Verdict {
    assert_eq!(gates(backend, &["a", "a/k"]).await?, [Gate::default(), Gate::default()]);
    assert_eq!(backend.gates.line(&gate_of("a"), 10).await?, []);
    Ok(())
}

pub async fn row_and_gates_change_together(backend: &Backend) -> Verdict {
    let (new, near) = (Box::new(started("a@x").row), guard("a@x"));
    let entered = vec![write("a", 0, held_by(7, &["a@x"])), write("a/k", 0, held_by(8, &["a@x"]))];
    let row = RowWrite::New(new.clone(), Some(near.clone()));
    assert_eq!(backend.gates.pass(row, entered).await?, Passed::Done);
    assert_eq!(backend.present("a@x").await?, *new);
    let timers = backend.timers.due(0, &Position::After(at(0)), near.key.fire_at, 10).await?.timers;
    assert_eq!(timers, [near], "and the guard of a claim");
    let both = [held_by(7, &["a@x"]), held_by(8, &["a@x"])];
    assert_eq!(gates(backend, &["a", "a/k"]).await?, both);
    assert_eq!(
        gates(backend, &["a/k", "a"]).await?,
        [both[1].clone(), both[0].clone()],
        "in the order asked"
    );
    // One gate needs its row no longer, the other does.
    let ended = Box::new(legal(Change::succeeded(&new, None, at(2_000))));
    let left =
        vec![write("a", 7, held_by(9, &["a@y"])), GateWrite { key: gate_of("a/k"), expected: 8, gate: None }];
    assert_eq!(backend.gates.pass(RowWrite::Changed(ended.clone()), left).await?, Passed::Done);
    assert_eq!(backend.present("a@x").await?, ended.row);
    assert_eq!(gates(backend, &["a", "a/k"]).await?, [held_by(9, &["a@y"]), Gate::default()]);
    Ok(())
}

pub async fn a_row_that_moved_changes_no_gate(backend: &Backend) -> Verdict {
    let queued = backend.create_new(row("a@x")).await?;
    let stale = started("a@x");
    backend.start(&claim("a@x", 1, 2)).await?;
    let now = backend.present("a@x").await?;
    let moved = Passed::RowMoved(Some(Box::new(now.clone())));
    let entered = || vec![write("a", 0, held_by(7, &["a@x"]))];
    assert_eq!(backend.gates.pass(RowWrite::Changed(Box::new(stale)), entered()).await?, moved);
    assert_eq!(backend.gates.pass(RowWrite::New(Box::new(queued), None), entered()).await?, moved);
    let absent = Box::new(started("a@never"));
    assert_eq!(backend.gates.pass(RowWrite::Changed(absent), entered()).await?, Passed::RowMoved(None));
    assert_eq!(gates(backend, &["a"]).await?, [Gate::default()]);
    assert_eq!(backend.present("a@x").await?, now);
    Ok(())
}

pub async fn a_gate_that_moved_changes_no_row(backend: &Backend) -> Verdict {
    let queued = backend.create_new(row("a@x")).await?;
    let first = vec![write("a", 0, held_by(7, &["a@w"])), write("a/k", 0, held_by(8, &["a@w"]))];
    assert_eq!(backend.gates.pass(RowWrite::Nothing, first).await?, Passed::Done);
    for expected in [(0, 8), (7, 0), (6, 8), (7, 9)] {
        let entered = vec![
            write("a", expected.0, held_by(17, &["a@x"])),
            write("a/k", expected.1, held_by(18, &["a@x"])),
        ];
        let change = Box::new(started("a@x"));
        assert_eq!(backend.gates.pass(RowWrite::Changed(change), entered).await?, Passed::GateMoved);
    }
    assert_eq!(backend.present("a@x").await?, queued);
    assert_eq!(gates(backend, &["a", "a/k"]).await?, [held_by(7, &["a@w"]), held_by(8, &["a@w"])]);
    Ok(())
}

pub async fn a_gate_without_a_row_can_be_expected(backend: &Backend) -> Verdict {
    let remove = |expected| vec![GateWrite { key: gate_of("a"), expected, gate: None }];
    assert_eq!(backend.gates.pass(RowWrite::Nothing, remove(0)).await?, Passed::Done);
    assert_eq!(backend.gates.pass(RowWrite::Nothing, remove(3)).await?, Passed::GateMoved);
    Ok(())
}

pub async fn gates_change_alone_too(backend: &Backend) -> Verdict {
    let first = Gate { rank: 5, next_start: Some(at(3)), ..held_by(1, &[]) };
    let written = backend.gates.pass(RowWrite::Nothing, vec![write("a", 0, first.clone())]).await?;
    assert_eq!(written, Passed::Done);
    assert_eq!(gates(backend, &["a"]).await?, [first]);
    assert_eq!(backend.gates.pass(RowWrite::Nothing, vec![]).await?, Passed::Done);
    Ok(())
}

pub async fn a_line_is_in_the_order_of_its_places(backend: &Backend) -> Verdict {
    let places = [
        (place("a", 10, at(0)), "a@1"),
        (place("a", 2, at(5_000)), "a@2"),
        (place("a", 2, at(100)), "a@4"),
        (place("a", 2, at(100)), "a@3"),
        (place("a/k", 0, at(0)), "a@5"),
    ];
    for (place, name) in places.iter().chain(&places[..2]) {
        backend.gates.join_waitlist(place, &id(name)).await?;
    }
    let line = backend.gates.line(&gate_of("a"), 10).await?;
    let names: Vec<&str> = line.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(names, ["a@3", "a@4", "a@2", "a@1"]);
    assert_eq!(line[3].0, places[0].0);
    assert_eq!(backend.gates.line(&gate_of("a"), 2).await?, line[..2]);
    for _ in 0..2 {
        backend.gates.leave_waitlist(&line[0].0, &line[0].1).await?;
        assert_eq!(backend.gates.line(&gate_of("a"), 10).await?, line[1..]);
    }
    assert_eq!(backend.gates.line(&gate_of("a/k"), 10).await?.len(), 1);
    Ok(())
}

const CAP: u32 = 3;
const WORKERS: u64 = 8;
const ROUNDS: u64 = 4;

/// Takes and gives back a permit, again and again, as one worker. No look ever sees more permits taken
/// than there are.
async fn work(backend: Backend, number: u64) -> Verdict {
    let cap = Cap { permits: Some(CAP), ..Cap::default() };
    let key = gate_of("a");
    for round in 0..ROUNDS {
        let name = format!("a@{number}-{round}");
        let tag = number * 1_000_000 + round * 1_000 + 1;
        let running = until(async || enter(&backend, &key, &cap, &name, tag).await).await?;
        until(async || leave(&backend, &key, &running, tag + 500).await.map(|left| left.then_some(())))
            .await?;
    }
    Ok(())
}

async fn until<T, F>(attempt: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<Option<T>, StoreError>>,
{
    loop {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
        tokio::task::yield_now().await;
    }
}

async fn enter(
    backend: &Backend,
    key: &GateKey,
    cap: &Cap,
    name: &str,
    tag: u64,
) -> Result<Option<Execution>, StoreError> {
    let gate = backend.gates.gates(std::slice::from_ref(key)).await?.remove(0);
    assert!(gate.holders.len() <= CAP as usize, "{:?}", gate.holders);
    let next = match gate.enter(&id(name), cap, true, at(1_000)) {
        Ok(next) => Gate { revision: tag, ..next },
        Err(Why::Full) => return Ok(None),
        Err(why) => panic!("{why:?}"),
    };
    let running = Box::new(started(name).row);
    let write = GateWrite { key: key.clone(), expected: gate.revision, gate: Some(next) };
    let passed = backend.gates.pass(RowWrite::New(running.clone(), None), vec![write]).await?;
    Ok((passed == Passed::Done).then_some(*running))
}

async fn leave(backend: &Backend, key: &GateKey, row: &Execution, tag: u64) -> Result<bool, StoreError> {
    let gates = backend.gates.gates(std::slice::from_ref(key)).await?;
    let next = leave_all(&gates, &row.id, Exit::Released, at(2_000)).remove(0);
    let gate = (!next.holders.is_empty()).then_some(Gate { revision: tag, ..next });
    let write = GateWrite { key: key.clone(), expected: gates[0].revision, gate };
    let ended = Box::new(legal(Change::succeeded(row, None, at(2_000))));
    let passed = backend.gates.pass(RowWrite::Changed(ended), vec![write]).await?;
    assert!(!matches!(passed, Passed::RowMoved(_)), "{passed:?}");
    Ok(passed == Passed::Done)
}

pub async fn permits_never_exceed_the_cap(backend: &Backend) -> Verdict {
    let mut workers = JoinSet::new();
    for number in 1..=WORKERS {
        workers.spawn(work(backend.clone(), number));
    }
    workers.join_all().await.into_iter().collect::<Result<Vec<()>, StoreError>>()?;
    assert_eq!(gates(backend, &["a"]).await?, [Gate::default()]);
    let last = backend.present(&format!("a@{WORKERS}-{}", ROUNDS - 1)).await?;
    assert_eq!(last.status, Status::Success);
    assert_eq!(
        backend.executions.apply(Change::heartbeat(&row("a@1-0"), at(0))).await?,
        Applied::Lost(Some(Box::new(backend.present("a@1-0").await?)))
    );
    Ok(())
}
