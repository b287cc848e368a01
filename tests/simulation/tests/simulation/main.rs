//! The engine under faults: many seeds, one seed twice, and stores that break a rule.

#![expect(clippy::unwrap_used, reason = "a test without its store should stop")]

mod dynamodb;

use std::{
    env,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use belfry_engine::ports::Store;
use belfry_simulation::{
    Report,
    coverage::{Coverage, WANTED},
    mutation::Mutation,
    plan::Plan,
    run,
};
use belfry_sqlite::Store as Sqlite;

use self::dynamodb::DynamoDb;

/// Number of seeds that every run of the tests goes through; `BELFRY_SEEDS` asks for another number.
const SEEDS: u64 = 2_000;
/// Number of seeds that also run over DynamoDB; `BELFRY_DYNAMODB_SEEDS` asks for another number.
const DYNAMODB_SEEDS: u64 = 16;
/// Number of seeds within which a broken rule must come to light.
const SEEDS_PER_MUTATION: u64 = 400;
/// Number of seeds from which rare states are a matter of course, and their absence is a mistake.
const ENOUGH: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn in_memory() -> Arc<dyn Store> {
    Arc::new(Sqlite::open_in_memory().unwrap())
}

fn simulate(plan: &Plan) -> Report {
    run(plan, in_memory())
}

fn replay_in_memory(seed: u64) -> String {
    format!(
        "BELFRY_SEED={seed} cargo test -p belfry-simulation --test simulation replay -- --ignored --nocapture"
    )
}

fn replay_over_dynamodb(seed: u64) -> String {
    format!(
        "BELFRY_FIRST_SEED={seed} BELFRY_DYNAMODB_SEEDS=1 cargo test -p belfry-simulation --test simulation dynamodb"
    )
}

/// Runs these seeds, each thread over stores of its own, and returns what they met.
fn run_seeds<O: FnMut(&Plan) -> Arc<dyn Store>>(
    seeds: Range<u64>,
    opener: impl Fn() -> O + Sync,
    replay: fn(u64) -> String,
) -> Coverage {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (next, began) = (AtomicU64::new(seeds.start), Instant::now());
    let work = || {
        let (mut open, mut coverage) = (opener(), Coverage::default());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(coverage);
            }
            let plan = Plan::of(seed);
            let report = run(&plan, open(&plan));
            if report.violation.is_some() {
                return Err(Box::new(report));
            }
            coverage.merge(&report.coverage);
        }
    };
    let outcomes: Vec<Result<Coverage, Box<Report>>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let mut coverage = Coverage::default();
    for outcome in outcomes {
        coverage.merge(&outcome.unwrap_or_else(|report| panic!("{}", report.explain(&replay(report.seed)))));
    }
    let count = seeds.end - seeds.start;
    println!("{count} seeds in {:.1?} on {threads} threads; they met with", began.elapsed());
    coverage.iter().for_each(|(what, count)| println!("{count:>9}  {what}"));
    coverage
}

#[test]
fn two_thousand_seeds() {
    let (count, first) = (number("BELFRY_SEEDS").unwrap_or(SEEDS), number("BELFRY_FIRST_SEED").unwrap_or(0));
    let coverage = run_seeds(first..first + count, || |_| in_memory(), replay_in_memory);
    let missing: Vec<&str> = WANTED.iter().copied().filter(|what| coverage.of(what) == 0).collect();
    assert!(count < ENOUGH || missing.is_empty(), "never happened: {missing:?}");
}

/// Runs seeds of the same world over DynamoDB, on an emulator whose calls take a hundred times as long.
#[test]
fn seeds_over_dynamodb() {
    let count = number("BELFRY_DYNAMODB_SEEDS").unwrap_or(DYNAMODB_SEEDS);
    let first = number("BELFRY_FIRST_SEED").unwrap_or(0);
    let opener = || {
        let dynamodb = DynamoDb::start();
        move |plan: &Plan| dynamodb.fresh(plan)
    };
    run_seeds(first..first + count, opener, replay_over_dynamodb);
}

/// Lets a laptop sleep every hour for ten minutes to eight hours, with a clock that is off when it wakes up:
/// each slot is judged once, by its policy, and nothing that runs is doubled.
#[test]
fn a_day_of_a_laptop() {
    let seed = number("BELFRY_FIRST_SEED").unwrap_or(0);
    let report = simulate(&Plan::laptop(seed));
    assert!(
        report.violation.is_none(),
        "{}",
        report.explain("cargo test -p belfry-simulation --test simulation laptop")
    );
    let coverage = &report.coverage;
    println!("{} s awake, {} attempts", report.simulated_ms / 1000, report.attempts);
    coverage.iter().for_each(|(what, count)| println!("{count:>9}  {what}"));
    // The policy `all` passes nothing over.
    for what in ["fault: a clock steps ahead by hours", "misfire: skip", "misfire: latest"] {
        assert!(coverage.of(what) > 0, "{what} never happened");
    }
}

#[test]
fn the_same_seed_gives_the_same_events() {
    for seed in [0, 1, 2, 7, 11, 13, 17] {
        let (first, second) = (simulate(&Plan::of(seed)), simulate(&Plan::of(seed)));
        assert_eq!((first.digest, first.events, first.steps), (second.digest, second.events, second.steps));
        assert_eq!(first.trace, second.trace);
        assert_eq!(first.coverage, second.coverage);
    }
}

#[test]
fn every_broken_rule_is_noticed() {
    for mutation in Mutation::ALL {
        let broken = |seed: &u64| simulate(&Plan::of(*seed).breaking(mutation)).violation;
        let found = (1..SEEDS_PER_MUTATION).find_map(|seed| broken(&seed).map(|why| (seed, why)));
        let (seed, why) = found.unwrap_or_else(|| panic!("{mutation:?} was not noticed"));
        println!("{mutation:?}: seed {seed}: {why}");
    }
}

/// Replays a seed: `BELFRY_SEED=123 cargo test -p belfry-simulation --test simulation replay --
/// --ignored --nocapture`
#[test]
#[ignore = "replays the seed that BELFRY_SEED names"]
fn replay() {
    let seed = number("BELFRY_SEED").expect("BELFRY_SEED names the seed");
    let report = simulate(&Plan::of(seed).loud());
    assert!(report.violation.is_none(), "{}", report.explain(&replay_in_memory(seed)));
    println!("seed {seed}: {} events, {} s simulated", report.events, report.simulated_ms / 1000);
}
