//! Costs of an execution's way through the store. Budget for a scheduled execution: 6 writes and 2
//! reads.

use std::time::{Duration, Instant};

use belfry_aws::dynamodb::{Options, Stores, Used};
use belfry_conformance::{
    Verdict,
    fixtures::{ONE, at, claim, guard, id, job, job_id, legal, row},
};
use belfry_domain::{Change, Execution, Gate, GateKey, Run, Timer, Timestamp};
use belfry_engine::ports::{
    Applied, Claimed, Creation, ExecutionStore as _, GateStore as _, GateWrite, JobStore as _,
    LeaseStore as _, Passed, Position, RowWrite, StoreError, TimerStore as _,
};

use crate::support::Installation;

/// Meter of the capacity used since the last reading: (writes, reads).
struct Meter<'a> {
    stores: &'a Stores,
    before: Used,
}

impl<'a> Meter<'a> {
    fn new(stores: &'a Stores) -> Self {
        Self { stores, before: stores.capacity().total() }
    }

    fn used(&mut self, what: &str) -> (f64, f64) {
        let now = self.stores.capacity().total();
        let used = (now.write_units - self.before.write_units, now.read_units - self.before.read_units);
        println!(
            "{what}: {} writes, {} reads, {} refused",
            used.0,
            used.1,
            now.refused - self.before.refused
        );
        self.before = now;
        used
    }
}

const SLOT: &str = "a@2026-11-23T00:00:00Z";

async fn with_job() -> Result<Stores, StoreError> {
    let stores = Installation::new().await.stores();
    stores.commit(0, vec![job("a", 1, 1, &[])], vec![Timer::slot(ONE, job_id("a"), 1, at(0))]).await?;
    Ok(stores)
}

fn scheduled() -> Execution {
    Execution { run: Run { id: SLOT.to_owned(), root: None, more_roots: vec![], graph: 1 }, ..row(SLOT) }
}

#[tokio::test]
async fn a_scheduled_execution_costs_five_writes_and_few_reads() -> Verdict {
    let stores = with_job().await?;
    let (slot, next) =
        (Timer::slot(ONE, job_id("a"), 1, at(0)), Timer::slot(ONE, job_id("a"), 1, at(60_000)));
    let mut meter = Meter::new(&stores);
    stores.put_timers(vec![next]).await?;
    assert_eq!(meter.used("the next slot's timer"), (1.0, 0.0));
    let asked = Instant::now();
    stores.job(&job_id("a")).await?;
    stores.run_group(&job_id("a")).await?;
    let (writes, reads) = meter.used("the job and its run");
    assert!(writes == 0.0 && reads <= 2.0, "{reads}");
    let request = claim(SLOT, 1, 1);
    let running = request.start_new(&scheduled());
    assert_eq!(stores.create(running.clone(), None).await?, Creation::Created);
    assert_eq!(meter.used("the row with its claim"), (2.0, 0.0), "and its place among the recent ones");
    let done = legal(Change::succeeded(&running, None, at(2_000)));
    assert_eq!(stores.apply(done).await?, Applied::Won);
    assert_eq!(meter.used("its end"), (1.0, 0.0));
    assert!(stores.dependents(&job_id("a"), 1).await?.is_empty());
    assert_eq!(meter.used("the dependents that it has not"), (0.0, 0.0), "they were read with the job");
    assert!(stores.dependents(&job_id("a"), u64::MAX).await?.is_empty());
    let (writes, reads) = meter.used("and those that it has not now");
    let is_old = asked.elapsed() >= Duration::from_secs(1);
    assert!(writes == 0.0 && (reads == 0.0 || is_old), "what is a second old is read again: {reads}");
    stores.remove_timer(&slot.key).await?;
    assert_eq!(meter.used("the guard goes"), (1.0, 0.0));
    Ok(())
}

/// Checks what `must_finish_by` adds to the costs of each slot.
#[tokio::test]
async fn a_deadline_costs_two_writes_and_a_read() -> Verdict {
    let stores = with_job().await?;
    let request = claim(SLOT, 1, 1);
    stores.create(request.start_new(&scheduled()), None).await?;
    let deadline = Timer { version: 1, ..Timer::deadline(ONE, &id(SLOT), at(60_000)) };
    let mut meter = Meter::new(&stores);
    stores.put_timers(vec![deadline.clone()]).await?;
    stores.execution(&id(SLOT)).await?;
    stores.remove_unchanged(&deadline).await?;
    assert_eq!(meter.used("the deadline, and the look at it"), (2.0, 1.0));
    Ok(())
}

/// Checks what `max_concurrency` adds to the costs of an execution. A job without limits never reads a
/// gate, and costs no more.
#[tokio::test]
async fn a_permit_costs_a_transaction_at_each_end() -> Verdict {
    let stores = with_job().await?;
    let key: GateKey = job_id("a").as_str().parse().expect("a gate's name");
    let mut meter = Meter::new(&stores);
    let running = claim(SLOT, 1, 1).start_new(&scheduled());
    let held = Gate { revision: 1, holders: [running.id.clone()].into(), ..Gate::default() };
    stores.execution(&running.id).await?;
    stores.line(&key, 1).await?;
    stores.gates(std::slice::from_ref(&key)).await?;
    assert_eq!(meter.used("the row, the line and the gate"), (0.0, 3.0));
    let write = |expected, gate| vec![GateWrite { key: key.clone(), expected, gate }];
    let row = RowWrite::New(Box::new(running.clone()), None);
    assert_eq!(stores.pass(row, write(0, Some(held))).await?, Passed::Done);
    let (writes, _) = meter.used("row, claim and permit in a transaction");
    assert!((4.0..=6.0).contains(&writes), "two for each, and its place among the recent ones: {writes}");
    stores.gates(std::slice::from_ref(&key)).await?;
    let done = RowWrite::Changed(Box::new(legal(Change::succeeded(&running, None, at(2_000)))));
    assert_eq!(stores.pass(done, write(1, None)).await?, Passed::Done);
    let (writes, reads) = meter.used("its end, with the permit given back");
    assert!(writes <= 4.0 && reads <= 1.0, "{writes} {reads}");
    stores.line(&key, 4).await?;
    assert_eq!(meter.used("a look at the line"), (0.0, 1.0));
    Ok(())
}

#[tokio::test]
async fn pushed_work_is_created_and_claimed() -> Verdict {
    let stores = Installation::new().await.stores();
    let mut meter = Meter::new(&stores);
    let name = "push@01M82V7M000000000000000000";
    let alone = Run { id: name.to_owned(), root: None, more_roots: vec![], graph: 0 };
    let pushed = Execution { run: alone, due: at(0), ..row(name) };
    stores.create(pushed.clone(), Some(guard(name))).await?;
    let (writes, _) = meter.used("row and guard in a transaction");
    assert!(writes <= 6.0, "4, and an index: {writes}");
    assert!(matches!(stores.create(pushed, Some(guard(name))).await?, Creation::Exists(_)));
    assert_eq!(meter.used("the same again"), (0.0, 0.0), "the refusal brings the row");
    assert!(matches!(stores.claim(&claim(name, 1, 1)).await?, Claimed::Started(_)));
    assert_eq!(meter.used("a claim"), (1.0, 1.0));
    assert!(stores.execution(&id(name)).await?.is_some());
    assert_eq!(meter.used("a look"), (0.0, 1.0));
    Ok(())
}

#[tokio::test]
async fn a_tick_that_finds_nothing_costs_little() -> Verdict {
    let installation = Installation::new().await;
    let trust_jobs_for = Duration::from_secs(10);
    let stores = installation.open(Options { shards: ONE, trust_jobs_for, ..Options::default() });
    stores.commit(0, vec![job("a", 1, 1, &[])], vec![]).await?;
    let mut meter = Meter::new(&stores);
    let belfry_engine::ports::Acquired::Leader(lease) = stores.acquire(0, "a", at(0), at(1)).await? else {
        panic!("nobody else is there")
    };
    meter.used("a lane is taken");
    stores.acquire(0, "a", at(0), at(2)).await?;
    assert_eq!(meter.used("and renewed"), (1.0, 0.0));
    stores.cursors().await?;
    stores.due(0, &Position::After(at(0)), at(1), 100).await?;
    assert_eq!(meter.used("the cursors and an empty page"), (0.0, 2.0));
    let cursors = (0..64).map(|shard| (shard, Timestamp(1_795_000_000_000))).collect();
    assert!(stores.save_cursors(&lease, &cursors).await?);
    assert_eq!(meter.used("the cursors of all shards are saved"), (1.0, 1.0));
    stores.job(&job_id("a")).await?;
    meter.used("a job, the first time");
    for _ in 0..100 {
        stores.job(&job_id("a")).await?;
    }
    assert_eq!(meter.used("and a hundred times more"), (0.0, 0.0));
    Ok(())
}

#[tokio::test]
async fn definitions_and_dependents_are_counted_apart() -> Verdict {
    let stores = with_job().await?;
    let mut meter = Meter::new(&stores);
    let timer = Timer::slot(ONE, job_id("b"), 1, at(0));
    stores.commit(1, vec![job("b", 1, 2, &["a"])], vec![timer]).await?;
    let (writes, reads) = meter.used("a commit of one job with a dependency and a timer");
    assert!(writes <= 10.0 && reads <= 5.0, "{writes} {reads}");
    stores.connected(&[job_id("b")]).await?;
    meter.used("the two jobs that are connected");
    stores.dependents(&job_id("a"), 2).await?;
    meter.used("one dependent");
    stores.add_waiter(&id("a@x"), &id("b@x")).await?;
    stores.waiters(&id("a@x")).await?;
    stores.remove_waiter(&id("a@x"), &id("b@x")).await?;
    meter.used("a waiter is added, read and removed");
    stores.latest_generation(&id("a@x")).await?;
    meter.used("the latest generation");
    Ok(())
}

#[tokio::test]
async fn of_those_who_ask_for_the_graph_at_once_one_does() -> Verdict {
    let installation = Installation::new().await;
    installation.stores().commit(0, vec![job("a", 1, 1, &[])], vec![]).await?;
    // As in another process, which knows nothing yet; its answers don't get old before all have them.
    let trust_jobs_for = Duration::from_secs(3600);
    let stores = installation.open(Options { shards: ONE, trust_jobs_for, ..Options::default() });
    let mut meter = Meter::new(&stores);
    let a = job_id("a");
    let ask = || stores.job(&a);
    let asked = tokio::join!(ask(), ask(), ask(), ask());
    for found in [asked.0, asked.1, asked.2, asked.3] {
        assert!(found?.is_some());
    }
    let (_, reads) = meter.used("four at once");
    assert!(reads <= 5.0, "one for the graph, and one each for the job: {reads}");
    Ok(())
}
