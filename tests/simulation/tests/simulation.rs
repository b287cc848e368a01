use belfry_simulation::{plan::Plan, run};

#[test]
fn replay() {
    let seed = std::env::var("BELFRY_SEED").ok().and_then(|seed| seed.parse().ok());
    let Some(seed) = seed else { return };
    let report = run(&Plan::of(seed).loud()).unwrap();
    assert!(report.violation.is_none(), "{}", report.explain());
}
