use belfry_simulation::{plan::Plan, run};

#[test]
fn replay() {
    let seed = std::env::var("BELFRY_SEED").ok().and_then(|seed| seed.parse().ok());
    let Some(seed) = seed else { return };
    let report = run(&Plan::of(seed).loud()).unwrap();
    assert!(report.violation.is_none(), "{}", report.explain());
}

#[test]
fn probe() {
    let count: u64 = std::env::var("BELFRY_SEEDS").ok().and_then(|seed| seed.parse().ok()).unwrap_or(100);
    let from: u64 = std::env::var("BELFRY_FROM").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let began = std::time::Instant::now();
    for seed in from..from + count {
        let at = std::time::Instant::now();
        let report = run(&Plan::of(seed)).unwrap();
        println!("{seed:>5} {:?} {:>5} ms {:>7} steps {:>6} events {:>5} s {:>4} ex {:>4} at {}", Plan::of(seed).scenario, at.elapsed().as_millis(), report.steps, report.events, report.simulated_ms/1000, report.executions, report.attempts, report.violation.unwrap_or_default());
    }
    println!("{:?}", began.elapsed());
}
