//! The engine under faults: many seeds, the same seed twice, and stores that break a rule.

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use belfry_simulation::{
    Report,
    coverage::{Coverage, WANTED},
    mutation::Mutation,
    plan::Plan,
    run,
};

/// The seeds that every run of the tests goes through; `BELFRY_SEEDS` asks for another number.
const SEEDS: u64 = 2_000;
/// Seeds within which a broken rule must come to light.
const SEEDS_PER_MUTATION: u64 = 300;
/// From here on rare states are a matter of course, and their absence is a mistake.
const ENOUGH: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn simulate(plan: &Plan) -> Report {
    run(plan).unwrap_or_else(|error| panic!("the store can't be opened: {error}"))
}

/// What a thread has seen, or the report of the seed that went wrong.
fn seeds_from(next: &AtomicU64, end: u64) -> Result<Coverage, Box<Report>> {
    let mut coverage = Coverage::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return Ok(coverage);
        }
        let report = simulate(&Plan::of(seed));
        if report.violation.is_some() {
            return Err(Box::new(report));
        }
        coverage.merge(&report.coverage);
    }
}

#[test]
fn two_thousand_seeds() {
    let (count, first) = (number("BELFRY_SEEDS").unwrap_or(SEEDS), number("BELFRY_FIRST_SEED").unwrap_or(0));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(first);
    let began = Instant::now();
    let outcomes: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| seeds_from(&next, first + count))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let mut coverage = Coverage::default();
    for outcome in outcomes {
        match outcome {
            Ok(seen) => coverage.merge(&seen),
            Err(report) => panic!("{}", report.explain()),
        }
    }
    println!("{count} seeds in {:.1?} on {threads} threads; they met with", began.elapsed());
    coverage.iter().for_each(|(what, count)| println!("{count:>9}  {what}"));
    let missing: Vec<&str> = WANTED.iter().copied().filter(|what| coverage.of(what) == 0).collect();
    assert!(count < ENOUGH || missing.is_empty(), "never happened: {missing:?}");
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

/// `BELFRY_SEED=123 cargo test -p belfry-simulation --test simulation replay -- --nocapture`
#[test]
fn replay() {
    let Some(seed) = number("BELFRY_SEED") else { return };
    let report = simulate(&Plan::of(seed).loud());
    assert!(report.violation.is_none(), "{}", report.explain());
    println!("seed {seed}: {} events, {} s simulated", report.events, report.simulated_ms / 1000);
}
