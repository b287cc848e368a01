//! A list joins once all its elements have ended, whatever happens on the way.

use belfry_model::elements::FanOut;
use stateright::{Checker, Model};

fn check(model: FanOut, states: usize) {
    let checker = model.checker().spawn_bfs().join();
    checker.assert_properties();
    assert_eq!(checker.unique_state_count(), states);
}

/// No wait is lost, even without sweeps, which would hide a loss.
#[test]
fn no_end_is_missed() {
    check(FanOut::of(3), 32_013);
}

#[test]
fn two_faults_do_no_harm() {
    check(FanOut { faults: 2, ..FanOut::of(2) }, 160_473);
}

#[test]
fn sweeps_at_any_moment_do_no_harm() {
    check(FanOut { faults: 1, sweeps: 1, ..FanOut::of(2) }, 268_931);
}

fn is_forgotten(model: FanOut) -> bool {
    model.checker().spawn_bfs().join().discovery("they join").is_some()
}

#[test]
fn without_the_second_look_an_end_is_missed() {
    assert!(is_forgotten(FanOut { looks_again: false, ..FanOut::of(2) }));
}
